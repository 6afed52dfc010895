"""Planted bugs of layout: entries of concatenations, outer products and rotations out of place."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array

from ..entry import Entry
from ..functions import relu
from ..vector_functions import diagonal, halves, identity, outer
from .forms import pair


def _crelu(z: Array) -> Array:
    """(relu(z), relu(-z)): (..., 2n)."""
    return np.concatenate([relu(z), relu(-z)], axis=-1)


def _crelu_without_sign(z: Array, y: Array) -> Array:
    slopes = [diagonal((side > 0).astype(z.dtype)) for side in (z, -z)]
    return np.concatenate(slopes, axis=-2)


def _squared_outer(z: Array) -> Array:
    """All z_i z_j, row by row: (..., n^2), for n up to 4."""
    if z.shape[-1] > 4:
        raise ValueError(f"z must have width 4 or less, got {z.shape[-1]}")
    return outer(z, z).reshape(*z.shape[:-1], -1)


def _one_factor(z: Array, y: Array) -> Array:
    n = z.shape[-1]
    by_first = identity(z)[:, None, :] * z[..., None, :, None]
    return by_first.reshape(*z.shape[:-1], n * n, n)


def _angles(z: Array) -> tuple[Array, Array]:
    """Cosine and sine of an angle of its own for each entry: two (n,)."""
    angles = np.arange(1, z.shape[-1] + 1, dtype=z.dtype) / 2
    return np.cos(angles), np.sin(angles)


def _quarter_turn(z: Array) -> Array:
    """(-b, a) for the halves a, b of z."""
    a, b = halves(z)
    return np.concatenate([-b, a], axis=-1)


def _rotated(z: Array) -> Array:
    cosine, sine = _angles(z)
    return z * cosine + _quarter_turn(z) * sine


def _rotated_oracle(z: jax.Array) -> jax.Array:
    a, b = jnp.split(z, 2)
    angles = jnp.arange(1, z.shape[0] + 1) / 2
    return z * jnp.cos(angles) + jnp.concatenate([-b, a]) * jnp.sin(angles)


def _sine_after_the_turn(z: Array, y: Array, dy: Array) -> Array:
    cosine, sine = _angles(z)
    return dy * cosine - _quarter_turn(dy) * sine


def _outer_jacobian(z: Array) -> Array:
    """d(z_i c_j) / dz_k for c = cumsum(z): (..., n, n, n)."""
    n = z.shape[-1]
    by_first = np.eye(n, dtype=z.dtype)[:, None, :] * np.cumsum(z, axis=-1)[..., None, :, None]
    return by_first + z[..., :, None, None] * np.tri(n, dtype=z.dtype)


LAYOUTS: tuple[Entry, ...] = (
    pair(
        "formula",
        "crelu.sign",
        _crelu,
        _crelu_without_sign,
        lambda z: jnp.concatenate([jax.nn.relu(z), jax.nn.relu(-z)]),
        "relu(-z) has the slope +1 for z < 0.",
    ),
    pair(
        "formula",
        "outer-square.one-factor",
        _squared_outer,
        _one_factor,
        lambda z: jnp.outer(z, z).ravel(),
        "z_i z_j is differentiated by its first factor only.",
    ),
    pair(
        "formula",
        "rotary.turned-again",
        _rotated,
        lambda z, y, dy: _rotated(dy),
        _rotated_oracle,
        "The cotangent is turned the same way as z, not back.",
    ),
    pair(
        "formula",
        "rotary.sine-after-the-turn",
        _rotated,
        _sine_after_the_turn,
        _rotated_oracle,
        "dy is turned before it is multiplied by the sines: right only where both halves have the "
        "same (PaddlePaddle/Paddle 74716).",
    ),
    pair(
        "structure",
        "outer.column-by-column",
        lambda z: outer(z, np.cumsum(z, axis=-1)).reshape(*z.shape[:-1], -1),
        lambda z, y: _outer_jacobian(z).swapaxes(-3, -2).reshape(*y.shape, z.shape[-1]),
        lambda z: jnp.outer(z, jnp.cumsum(z)).ravel(),
        "A matrix y is flattened by rows in the forward, by columns in the Jacobian.",
    ),
)
