"""Products of units and polynomials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array

from ..entry import Entry
from .forms import Rows, at_least, at_most, exactly, halved, pair


def _others(z: Array) -> Array:
    """The product of all z but z_j, for each j: (..., n)."""
    return np.stack([np.delete(z, j, axis=-1).prod(axis=-1) for j in range(z.shape[-1])], axis=-1)


def _product(z: Array) -> Array:
    return z.prod(axis=-1, keepdims=True)


def _product_vjp(z: Array, y: Array, dy: Array) -> Array:
    """dy times the product of those before and of those behind."""
    one = np.ones_like(z[..., :1])
    before = np.concatenate([one, z[..., :-1]], axis=-1).cumprod(axis=-1)
    behind = np.concatenate([one, z[..., :0:-1]], axis=-1).cumprod(axis=-1)[..., ::-1]
    return dy * before * behind


def _cumprod_jacobian(z: Array, y: Array) -> Array:
    """dy_i/dz_j = prod_{k <= i, k != j} z_k for j <= i: column j has 1 in the place of z_j."""
    J = np.zeros((*z.shape, z.shape[-1]), dtype=z.dtype)
    for j in range(z.shape[-1]):
        others = z.copy()
        others[..., j] = 1
        J[..., j:, j] = others.cumprod(axis=-1)[..., j:]
    return J


def _products_of(pairs: Callable[[int], tuple[Any, Any]]) -> tuple[Any, Any]:
    """y = z_i z_j for the index arrays (i, j) = pairs(n), with its Jacobian."""

    def forward(z: Array) -> Array:
        i, j = pairs(z.shape[-1])
        return z[..., i] * z[..., j]

    def jacobian(z: Array, y: Array) -> Array:
        n = z.shape[-1]
        i, j = pairs(n)
        rows = np.arange(len(i))
        J = np.zeros((*z.shape[:-1], len(i), n), dtype=z.dtype)
        J[..., rows, i] += z[..., j]
        J[..., rows, j] += z[..., i]
        return J

    return forward, jacobian


def _outer_pairs(n: int) -> tuple[Any, Any]:
    half = n // 2
    return np.repeat(np.arange(half), half), half + np.tile(np.arange(half), half)


def _features(z: Array) -> Array:
    """1, z, and z_i z_j for i <= j: the polynomial features of degree 2."""
    i, j = np.triu_indices(z.shape[-1])
    return np.concatenate([np.ones_like(z[..., :1]), z, z[..., i] * z[..., j]], axis=-1)


def _features_jacobian(z: Array, y: Array) -> Array:
    n = z.shape[-1]
    i, j = np.triu_indices(n)
    J = np.zeros((*y.shape, n), dtype=z.dtype)
    J[..., 1 + np.arange(n), np.arange(n)] = 1
    rows = 1 + n + np.arange(len(i))
    J[..., rows, i] += z[..., j]
    J[..., rows, j] += z[..., i]
    return J


def _features_oracle(z: jax.Array) -> jax.Array:
    return jnp.concatenate([jnp.ones(1), z, jnp.outer(z, z)[jnp.triu_indices(z.size)]])


def _polynomial(z: Array) -> Array:
    """(z_0^2 z_1 - 3 z_2, z_0 z_1 z_2 + 2)."""
    a, b, c = np.moveaxis(z, -1, 0)
    return np.stack([a**2 * b - 3 * c, a * b * c + 2], axis=-1)


def _polynomial_jacobian(z: Array, y: Array) -> Array:
    a, b, c = np.moveaxis(z, -1, 0)
    rows = [[2 * a * b, a**2, np.full_like(a, -3)], [b * c, a * c, a * b]]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _polynomial_oracle(z: jax.Array) -> jax.Array:
    a, b, c = z
    return jnp.stack([a**2 * b - 3 * c, a * b * c + 2])


def _rows(
    id: str, width: Callable[[int], int], forms: tuple[Any, Any], oracle: Any, about: str
) -> Entry:
    return Entry(id, lambda: Rows(width, *forms), oracle, about)


def _few(n: int) -> int:
    """Up to 8 factors: 1e4^8 is within the range of float32."""
    return at_most(8, n)


PRODUCTS: tuple[Entry, ...] = (
    _rows(
        "product",
        lambda n: _few(n) and 1,
        (_product, lambda z, y: _others(z)[..., None, :]),
        lambda z: jnp.prod(z, keepdims=True),
        "the product of the others, without division",
    ),
    pair(
        "product.vjp",
        lambda z: _product(z) if _few(z.shape[-1]) else z,
        _product_vjp,
        lambda z: jnp.prod(z, keepdims=True),
        "from both ends",
    ),
    _rows(
        "cumprod",
        _few,
        (lambda z: z.cumprod(axis=-1), _cumprod_jacobian),
        jnp.cumprod,
        "column j with 1 in the place of z_j",
    ),
    _rows(
        "products.neighbours",
        lambda n: n,
        _products_of(lambda n: (np.arange(n), (np.arange(n) + 1) % n)),
        lambda z: z * jnp.roll(z, -1),
        "z_j z_{j+1}, in a ring; of one unit its square",
    ),
    _rows(
        "products.all",
        lambda n: at_least(2, n) * (n - 1) // 2,
        _products_of(lambda n: np.triu_indices(n, 1)),
        lambda z: jnp.outer(z, z)[jnp.triu_indices(z.size, 1)],
        "z_i z_j for i < j",
    ),
    _rows(
        "outer-product",
        lambda n: halved(n) ** 2,
        _products_of(_outer_pairs),
        lambda z: jnp.kron(*jnp.split(z, 2)),
        "a_i b_j for z = (a, b)",
    ),
    _rows(
        "polynomial-features",
        lambda n: 1 + n + n * (n + 1) // 2,
        (_features, _features_jacobian),
        _features_oracle,
        "1, z_i and z_i z_j for i <= j",
    ),
    _rows(
        "polynomial",
        lambda n: exactly(3, n) - 1,
        (_polynomial, _polynomial_jacobian),
        _polynomial_oracle,
        "two cubics of three units",
    ),
    pair(
        "squared-norm",
        lambda z: (z**2).sum(axis=-1, keepdims=True),
        lambda z: 2 * z[..., None, :],
        lambda z: jnp.dot(z, z)[None],
        "2z",
    ),
)
