"""Planted bugs of products: division by an input that may be zero, and factors mixed up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array
from reference.product import product_of_others

from ..entry import Entry, Kind
from ..vector_functions import halves
from .forms import pair


def _product(z: Array) -> Array:
    return z.prod(axis=-1, keepdims=True)


def _others(z: Array, y: Array) -> Array:
    """The right Jacobian: the product of the other inputs for each, (..., 1, n)."""
    return product_of_others(z[..., None])[..., None, :, 0]


def _bug(kind: Kind, what: str, backward: Callable[..., Any], about: str) -> Entry:
    """y = prod_j z_j, (..., 1), with a wrong backward."""
    oracle = lambda z: jnp.prod(z, keepdims=True)  # noqa: E731
    return pair(kind, f"product.{what}", _product, backward, oracle, about)


def _one_zero_only(z: Array, y: Array) -> Array:
    nonzero = np.where(z == 0, 1, z)
    return np.where(z == 0, _product(nonzero), y / nonzero)[..., None, :]


def _zero_for_nan(z: Array, y: Array) -> Array:
    return np.divide(y, z, out=np.zeros_like(z), where=z != 0)[..., None, :]


def _by_logarithms(z: Array, y: Array) -> Array:
    logarithms = np.log(np.abs(z))
    sign = np.sign(z).prod(axis=-1, keepdims=True) * np.sign(z)
    return (sign * np.exp(logarithms.sum(axis=-1, keepdims=True) - logarithms))[..., None, :]


def _earlier_only(z: Array, y: Array) -> Array:
    J = np.ones_like(z)
    J[..., 1:] = np.cumprod(z[..., :-1], axis=-1)
    return J[..., None, :]


_PRODUCTS = (
    _bug(
        "boundary",
        "divided-by-the-input",
        lambda z, y: (y / z)[..., None, :],
        "y / z_j is 0 / 0 at a zero (pytorch 773, tinygrad 17404, mxnet 17864).",
    ),
    _bug(
        "boundary",
        "epsilon-in-the-division",
        lambda z, y: (y / (z + 1e-12))[..., None, :],
        "y / (z_j + 1e-12) is 0 at a zero, where the product of the others is not.",
    ),
    _bug(
        "boundary",
        "zero-for-nan",
        _zero_for_nan,
        "At a zero the derivative is set to 0 in place of the product of the others.",
    ),
    _bug(
        "boundary",
        "one-zero-only",
        _one_zero_only,
        "A zero gets the product of the inputs that are not: right for one zero, wrong for two.",
    ),
    _bug(
        "boundary",
        "others-by-logarithms",
        _by_logarithms,
        "The product of the others as exp(sum log|z| - log|z_j|): inf - inf at a zero.",
    ),
    _bug(
        "formula",
        "earlier-inputs-only",
        _earlier_only,
        "The derivative is the product of the inputs before j; those after it are left out.",
    ),
    pair(
        "formula",
        "product.sign-lost",
        lambda z: np.exp(np.log(np.abs(z)).sum(axis=-1, keepdims=True)),
        _others,
        lambda z: jnp.prod(z, keepdims=True),
        "The product as exp(sum log|z|), without its sign.",
    ),
)


def _cumulative(z: Array) -> Array:
    return np.cumprod(z, axis=-1)


def _from_the_right(values: Array) -> Array:
    return np.cumsum(values[..., ::-1], axis=-1)[..., ::-1]


def _cumulative_zero_for_nan(z: Array, y: Array, dy: Array) -> Array:
    return np.divide(_from_the_right(dy * y), z, out=np.zeros_like(z), where=z != 0)


_CUMULATIVE = (
    pair(
        "boundary",
        "cumprod.divided-by-the-input",
        _cumulative,
        lambda z, y, dy: _from_the_right(dy * y) / z,
        jnp.cumprod,
        "The cumulative sum of dy y is divided by z: 0 / 0 at a zero (tensorflow 3862, burn 5141).",
    ),
    pair(
        "boundary",
        "cumprod.zero-for-nan",
        _cumulative,
        _cumulative_zero_for_nan,
        jnp.cumprod,
        "What would be 0 / 0 at a zero is set to 0 (tensorflow 119430).",
    ),
    pair(
        "formula",
        "cumsum.not-reversed",
        lambda z: np.cumsum(z, axis=-1),
        lambda z, y, dy: np.cumsum(dy, axis=-1),
        jnp.cumsum,
        "The cotangents are summed from the left like z, not from the right.",
    ),
)


def _mirrored(z: Array) -> Array:
    """z_j z_(n-1-j): in an odd width the middle one is squared."""
    return z * z[..., ::-1]


def _mirrored_oracle(z: jax.Array) -> jax.Array:
    return z * z[::-1]


def _assigned(z: Array, y: Array) -> Array:
    n = z.shape[-1]
    j = np.arange(n)
    J = np.zeros((*z.shape, n), dtype=z.dtype)
    J[..., j, j] = z[..., ::-1]
    J[..., j, n - 1 - j] = z
    return J


def _own_factor(z: Array, y: Array) -> Array:
    n = z.shape[-1]
    j = np.arange(n)
    J = np.zeros((*z.shape, n), dtype=z.dtype)
    J[..., j, j] += z
    J[..., j, n - 1 - j] += z[..., ::-1]
    return J


def _inner_product(z: Array) -> Array:
    a, b = halves(z)
    return (a * b).sum(axis=-1, keepdims=True)


def _inner_product_oracle(z: jax.Array) -> jax.Array:
    a, b = jnp.split(z, 2)
    return jnp.sum(a * b, keepdims=True)


def _determinant(z: Array) -> Array:
    """a d - b c, of a matrix ((a, b), (c, d)) written as a row."""
    a, b, c, d = np.moveaxis(z, -1, 0)
    return (a * d - b * c)[..., None]


def _cofactors_without_sign(z: Array, y: Array) -> Array:
    return z[..., None, ::-1].copy()


_PAIRS = (
    pair(
        "formula",
        "pairwise-product.square",
        _mirrored,
        _assigned,
        _mirrored_oracle,
        "Where a unit multiplies an input by itself, its two derivatives are not added: z, not 2z.",
    ),
    pair(
        "formula",
        "pairwise-product.own-factor",
        _mirrored,
        _own_factor,
        _mirrored_oracle,
        "The derivative by a factor is that factor, not the other one.",
    ),
    pair(
        "formula",
        "inner-product.halves-kept",
        _inner_product,
        lambda z, y: z[..., None, :].copy(),
        _inner_product_oracle,
        "a . b has the derivative (b, a), not (a, b).",
    ),
    pair(
        "formula",
        "determinant.sign",
        _determinant,
        _cofactors_without_sign,
        lambda z: jnp.linalg.det(z.reshape(2, 2))[None],
        "The cofactors of b and c lack their minus sign.",
    ),
)

PRODUCTS: tuple[Entry, ...] = (*_PRODUCTS, *_CUMULATIVE, *_PAIRS)
