"""Norms of a row, and the row over its norm or its range."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array

from ..entry import Entry
from .forms import Rows, at_least, pair


def _outer(a: Array, b: Array) -> Array:
    return a[..., :, None] * b[..., None, :]


def _identity(z: Array) -> Array:
    return np.eye(z.shape[-1], dtype=z.dtype)


def _norm(z: Array) -> Array:
    """|z|, (..., 1); scaled first, so that no square under- or overflows."""
    largest = np.abs(z).max(axis=-1, keepdims=True)
    scaled = z / np.where(largest == 0, 1, largest)
    return largest * np.sqrt((scaled**2).sum(axis=-1, keepdims=True))


def _norm_oracle(z: jax.Array) -> jax.Array:
    largest = jax.lax.stop_gradient(jnp.max(jnp.abs(z)))  # cancels: any scale gives |z|
    scale = jnp.where(largest == 0, 1, largest)
    return scale * jnp.linalg.norm(z / scale, keepdims=True)


def _unit(z: Array) -> Array:
    """z / |z|, and 0 at the origin."""
    norm = _norm(z)
    return z / np.where(norm == 0, 1, norm)


def _unit_jacobian(z: Array, y: Array) -> Array:
    """(I - y y^T) / |z|, and 0 at the origin."""
    norm = _norm(z)[..., None]
    J = (_identity(z) - _outer(y, y)) / np.where(norm == 0, 1, norm)
    return np.where(norm == 0, 0, J)


def _unit_oracle(z: jax.Array) -> jax.Array:
    scaled = z / jax.lax.stop_gradient(jnp.max(jnp.abs(z)))
    return scaled / jnp.linalg.norm(scaled)


_SMALL = 1e-2


def _unit_floored(z: Array) -> Array:
    """z / max(|z|, 0.01)."""
    return z / np.maximum(_norm(z), _SMALL)


def _unit_floored_vjp(z: Array, y: Array, dy: Array) -> Array:
    """(dy - y <y, dy>) / |z| beyond 0.01, and dy / 0.01 within."""
    norm = _norm(z)
    radial = np.where(norm > _SMALL, y * (y * dy).sum(axis=-1, keepdims=True), 0)
    return (dy - radial) / np.maximum(norm, _SMALL)


def _unit_floored_oracle(z: jax.Array) -> jax.Array:
    square = jnp.sum(z**2)
    return z / jnp.sqrt(jnp.maximum(square, _SMALL**2))


def _sum_to_one(z: Array) -> Array:
    """z / sum |z|, and 0 at the origin."""
    size = np.abs(z).sum(axis=-1, keepdims=True)
    return z / np.where(size == 0, 1, size)


def _sum_to_one_jacobian(z: Array, y: Array) -> Array:
    """(delta_ij - y_i sign(z_j)) / sum |z|, and 0 at the origin."""
    size = np.abs(z).sum(axis=-1)[..., None, None]
    J = (_identity(z) - _outer(y, np.sign(z))) / np.where(size == 0, 1, size)
    return np.where(size == 0, 0, J)


def _sum_to_one_oracle(z: jax.Array) -> jax.Array:
    scaled = z / jax.lax.stop_gradient(jnp.sum(jnp.abs(z)))
    return scaled / jnp.sum(jnp.abs(scaled))


def _min_max(eps: float) -> tuple[Callable[[Array], Array], Callable[[Array, Array], Array]]:
    """(z - min) / (max - min + eps); of ties the first; 0 where the range and eps are."""

    def width(z: Array) -> Array:
        width = np.ptp(z, axis=-1, keepdims=True) + z.dtype.type(eps)
        return np.where(width == 0, 1, width)

    def forward(z: Array) -> Array:
        return (z - z.min(axis=-1, keepdims=True)) / width(z)

    def jacobian(z: Array, y: Array) -> Array:
        units = np.arange(z.shape[-1])
        low = (units == z.argmin(axis=-1)[..., None]).astype(z.dtype)[..., None, :]
        high = (units == z.argmax(axis=-1)[..., None]).astype(z.dtype)[..., None, :]
        return (_identity(z) - low - y[..., :, None] * (high - low)) / width(z)[..., None]

    return forward, jacobian


def _min_max_oracle(z: jax.Array) -> jax.Array:
    low, width = jnp.min(z), jnp.max(z) - jnp.min(z)
    scale = jax.lax.stop_gradient(width)  # cancels: the square of width itself may underflow
    return ((z - low) / scale) / (width / scale)


def _floored_min_max_oracle(z: jax.Array) -> jax.Array:
    return (z - jnp.min(z)) / (jnp.max(z) - jnp.min(z) + 1e-3)


def _spherical(z: Array) -> Array:
    """z_i^2 / (sum_j z_j^2 + eps)."""
    return z**2 / ((z**2).sum(axis=-1, keepdims=True) + 1e-2)


def _spherical_jacobian(z: Array, y: Array) -> Array:
    size = (z**2).sum(axis=-1)[..., None, None] + 1e-2
    return 2 * z[..., None, :] * (_identity(z) - y[..., :, None]) / size


NORMS: tuple[Entry, ...] = (
    pair(
        "l2-norm",
        _norm,
        lambda z: _unit(z)[..., None, :],
        _norm_oracle,
        "0 at the origin, where the oracle has NaN",
    ),
    pair(
        "l2-normalise",
        _unit,
        _unit_jacobian,
        _unit_oracle,
        "0 at the origin, where the oracle has NaN",
    ),
    pair(
        "l2-normalise.floored",
        _unit_floored,
        _unit_floored_vjp,
        _unit_floored_oracle,
        "over max(|z|, 0.01), the slope within at the kink",
    ),
    pair(
        "l1-norm",
        lambda z: np.abs(z).sum(axis=-1, keepdims=True),
        lambda z: np.sign(z)[..., None, :],
        lambda z: jnp.sum(jnp.abs(z), keepdims=True),
        "sign(z), 0 at 0",
    ),
    pair(
        "l1-normalise",
        _sum_to_one,
        _sum_to_one_jacobian,
        _sum_to_one_oracle,
        "0 at the origin, where the oracle has NaN",
    ),
    pair(
        "min-max.floored",
        *_min_max(1e-3),
        _floored_min_max_oracle,
        "eps = 1e-3 below; of ties the first",
    ),
    Entry(
        "min-max",
        lambda: Rows(lambda n: at_least(2, n), *_min_max(0)),
        _min_max_oracle,
        "of ties the first; 0 where all tie, where the oracle has NaN",
    ),
    pair(
        "softmax.spherical",
        _spherical,
        _spherical_jacobian,
        lambda z: z**2 / (jnp.sum(z**2) + 1e-2),
        "z_i^2 / (|z|^2 + eps)",
    ),
)
