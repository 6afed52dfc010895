"""Planted bugs of norms, and of vectors divided by them."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array

from ..entry import Entry, Kind
from ..vector_functions import EPSILON, diagonal, identity, length, normalise, outer
from .forms import pair


def _normalise_oracle(z: jax.Array) -> jax.Array:
    return z / jnp.sqrt(jnp.sum(z * z) + EPSILON)


def _normalise_bug(
    kind: Kind, what: str, jacobian: Callable[[Array, Array], Array], about: str
) -> Entry:
    """y = z / sqrt(|z|^2 + epsilon) with a wrong Jacobian."""
    return pair(kind, f"l2-normalise.{what}", normalise, jacobian, _normalise_oracle, about)


def _plain_length(z: Array) -> Array:
    return np.sqrt((z * z).sum(axis=-1, keepdims=True))


_NORMALISE = (
    _normalise_bug(
        "formula",
        "without-projection",
        lambda z, y: identity(z) / length(z)[..., None],
        "I / |z|: the length is taken for a constant.",
    ),
    _normalise_bug(
        "formula",
        "elementwise",
        lambda z, y: diagonal((1 - y) / length(z)),
        "(1 - y_i) / |z| on the diagonal and nothing off it (pjreddie/darknet 1837).",
    ),
    _normalise_bug(
        "formula",
        "projection-not-divided",
        lambda z, y: (identity(z) - outer(z, y)) / length(z)[..., None],
        "I - z y^T in place of I - y y^T.",
    ),
    _normalise_bug(
        "numerics",
        "epsilon-in-the-forward-only",
        lambda z, y: (identity(z) - outer(y, y)) / _plain_length(z)[..., None],
        "The Jacobian divides by |z| without epsilon: wrong near 0 (chainer 4190).",
    ),
)


def _norm_oracle(z: jax.Array) -> jax.Array:
    square = jnp.sum(z * z, keepdims=True)
    return jnp.where(square > 0, jnp.sqrt(jnp.where(square > 0, square, 1)), 0)


def _cubic_norm(z: Array) -> Array:
    """(sum |z|^3 + 1)^(1/3), smooth at 0."""
    return np.cbrt((np.abs(z) ** 3).sum(axis=-1, keepdims=True) + 1)


def _shares_of_magnitude(z: Array) -> Array:
    """z / (1 + sum |z|)."""
    return z / (1 + np.abs(z).sum(axis=-1, keepdims=True))


def _squares_for_signs(z: Array, y: Array) -> Array:
    total = 1 + np.abs(z).sum(axis=-1)[..., None, None]
    return identity(z) / total - outer(y, z) / total


def _squash(z: Array) -> Array:
    """z / (1 + |z|^2)."""
    return z / (1 + (z * z).sum(axis=-1, keepdims=True))


def _squash_scale(z: Array) -> Array:
    return 1 / (1 + (z * z).sum(axis=-1))[..., None, None]


#: The direction that a cosine is taken to; its length is 3.
_U = np.array([1.0, -2.0, 2.0])


def _cosine(z: Array) -> Array:
    """u . z / (|u| |z|): (..., 1)."""
    return normalise(z) @ _U.astype(z.dtype)[:, None] / 3


def _cosine_length_constant(z: Array, y: Array) -> Array:
    return (_U.astype(z.dtype) / (3 * length(z)))[..., None, :]


_NORMS = (
    pair(
        "boundary",
        "norm.nan-at-zero",
        _plain_length,
        lambda z, y: (z / y)[..., None, :],
        _norm_oracle,
        "z / |z| is 0 / 0 for a row of zeros (pytorch 2421, HIPS/autograd 151).",
    ),
    pair(
        "formula",
        "norm.not-divided",
        _plain_length,
        lambda z, y: z[..., None, :].copy(),
        _norm_oracle,
        "The derivative is z, not z / |z| (torch/DEPRECEATED-torch7-distro 48).",
    ),
    pair(
        "boundary",
        "squared-norm.through-the-norm",
        lambda z: (z * z).sum(axis=-1, keepdims=True),
        lambda z, y: (2 * np.sqrt(y) * (z / np.sqrt(y)))[..., None, :],
        lambda z: jnp.sum(z * z, keepdims=True),
        "2 |z| times z / |z|: NaN at 0, where the square is smooth (HIPS/autograd 586, jax 21723).",
    ),
    pair(
        "formula",
        "cubic-norm.exponent-ignored",
        _cubic_norm,
        lambda z, y: (z / y)[..., None, :],
        lambda z: jnp.cbrt(jnp.sum(jnp.abs(z) ** 3, keepdims=True) + 1),
        "z / |z|, the derivative for p = 2, whatever p is (flagos-ai/FlagGems 5023).",
    ),
    pair(
        "formula",
        "l1-normalise.square-for-sign",
        _shares_of_magnitude,
        _squares_for_signs,
        lambda z: z / (1 + jnp.sum(jnp.abs(z))),
        "The derivative of sum |z| has z where sign(z) is due (happynear/caffe-windows 205).",
    ),
    pair(
        "formula",
        "squash.length-held-constant",
        _squash,
        lambda z, y: _squash_scale(z) * identity(z),
        lambda z: z / (1 + jnp.sum(z * z)),
        "z / (1 + |z|^2) with the denominator taken for a constant.",
    ),
    pair(
        "formula",
        "squash.without-factor",
        _squash,
        lambda z, y: _squash_scale(z) * identity(z) - outer(y, y),
        lambda z: z / (1 + jnp.sum(z * z)),
        "The factor 2 of -2 y y^T is missing.",
    ),
    pair(
        "formula",
        "cosine.length-held-constant",
        _cosine,
        _cosine_length_constant,
        lambda z: jnp.sum(jnp.asarray(_U) * _normalise_oracle(z), keepdims=True) / 3,
        "u / (|u| |z|): the derivative of |z| is missing.",
    ),
)

NORMS: tuple[Entry, ...] = (*_NORMALISE, *_NORMS)
