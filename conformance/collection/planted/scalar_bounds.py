"""Wrong bounds of activations in straight pieces: hardtanh, relu6, hardsigmoid and their like."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array

from ..entry import Entry
from ..functions import hardsigmoid, hardswish, hardtanh, softshrink
from .forms import pair

_boundary = partial(pair, "boundary")


def _broken_line(z: Array) -> Array:
    return 0.5 * np.minimum(z + 0.3, 0) + np.clip(z + 0.3, 0, 1.4) + 2 * np.maximum(z - 1.1, 0)


def _broken_line_slope(z: Array) -> Array:
    """Neighbouring pieces both count their common end."""
    left, middle, right = z <= -0.3, (z >= -0.3) & (z <= 1.1), z >= 1.1
    return (0.5 * left + 1.0 * middle + 2.0 * right).astype(z.dtype)


def _broken_line_oracle(z: jax.Array) -> jax.Array:
    return jnp.where(z < -0.3, 0.5 * (z + 0.3), jnp.where(z < 1.1, z + 0.3, 2 * z - 0.8))


def _huber(z: Array) -> Array:
    return np.where(np.abs(z) <= 1, z * z / 2, np.abs(z) - z.dtype.type(0.5))


def _huber_oracle(z: jax.Array) -> jax.Array:
    return jnp.where(jnp.abs(z) <= 1, z * z / 2, jnp.abs(z) - 0.5)


_JOINT = 1 / 3


def _cubic(z: Array) -> Array:
    """z^3, and beyond a third its tangent there."""
    return np.where(z < _JOINT, np.minimum(z, 1) ** 3, _JOINT**2 * (3 * z - 2 * _JOINT))


def _cubic_slope(z: Array) -> Array:
    return np.where(z < 0.333333, 3 * z * z, z.dtype.type(3 * _JOINT**2))


def _cubic_oracle(z: jax.Array) -> jax.Array:
    return jnp.where(z < _JOINT, jnp.minimum(z, 1) ** 3, _JOINT**2 * (3 * z - 2 * _JOINT))


def _softshrink_oracle(z: jax.Array) -> jax.Array:
    return jnp.where(jnp.abs(z) > 0.7, z - 0.7 * jnp.sign(z), 0.0)


SCALAR_BOUNDS: tuple[Entry, ...] = (
    _boundary(
        "hardsigmoid.slope-outside",
        hardsigmoid,
        lambda z: np.full_like(z, 1 / 6),
        jax.nn.hard_sigmoid,
        "The slope is 1/6 outside [-3, 3] too (pytorch 51408).",
    ),
    _boundary(
        "hardsigmoid.bounds-of-keras",
        hardsigmoid,
        lambda z: np.where(np.abs(z) < 2.5, z.dtype.type(0.2), 0),
        jax.nn.hard_sigmoid,
        "Slope 0.2 within 2.5, of another definition (documented so in tensorflow 65381).",
    ),
    _boundary(
        "hardtanh.lower-bound-only",
        hardtanh,
        lambda z: (z > -1).astype(z.dtype),
        jax.nn.hard_tanh,
        "The upper bound is not looked at: slope 1 for z > 1.",
    ),
    _boundary(
        "hardtanh.symmetric",
        lambda z: hardtanh(z, -0.3, 1.1),
        lambda z: (np.abs(z) < 1.1).astype(z.dtype),
        lambda z: jnp.clip(z, -0.3, 1.1),
        "The bounds are -0.3 and 1.1, the derivative takes -1.1 and 1.1.",
    ),
    _boundary(
        "relu6.value-at-six",
        lambda z: hardtanh(z, 0, 6),
        lambda z, y: np.where(y < 6, (z > 0).astype(z.dtype), np.where(z == 6, y, 0)),
        jax.nn.relu6,
        "At exactly 6 the value 6 is returned for the slope.",
    ),
    _boundary(
        "relu6.no-upper-bound",
        lambda z: hardtanh(z, 0, 6),
        lambda z: (z > 0).astype(z.dtype),
        jax.nn.relu6,
        "It is the slope of relu: 1 above 6.",
    ),
    _boundary(
        "hardswish.middle-everywhere",
        hardswish,
        lambda z: z / 3 + 0.5,
        jax.nn.hard_silu,
        "The slope of the middle piece is used outside [-3, 3].",
    ),
    _boundary(
        "hardswish.upper-bound-six",
        hardswish,
        lambda z: np.where(z < -3, 0, np.where(z > 6, 1, z / 3 + z.dtype.type(0.5))),
        jax.nn.hard_silu,
        "The upper bound is 6, that of relu6(z + 3), not 3.",
    ),
    _boundary(
        "softshrink.quotient",
        lambda z: softshrink(z, 0.7),
        lambda z, y: y / (z - np.copysign(z.dtype.type(0.7), z)),
        _softshrink_oracle,
        "y / (z - 0.7) for the slope is 0 / 0 at exactly 0.7 and -0.7.",
    ),
    _boundary(
        "softshrink.twice-the-threshold",
        lambda z: softshrink(z, 0.7),
        lambda z: (np.abs(z) > 1.4).astype(z.dtype),
        _softshrink_oracle,
        "The slope is 0 up to twice the threshold.",
    ),
    _boundary(
        "huber.early",
        _huber,
        lambda z: np.where(np.abs(z) <= 0.9999, z, np.sign(z)),
        _huber_oracle,
        "The slope is 1 from 0.9999 on: it fits, and is off by 1e-4 in between.",
    ),
    _boundary(
        "cubic.joint-of-six-digits",
        _cubic,
        _cubic_slope,
        _cubic_oracle,
        "The joint at a third is written as 0.333333; value and slope fit there.",
    ),
    _boundary(
        "broken-line.both-ends",
        _broken_line,
        _broken_line_slope,
        _broken_line_oracle,
        "At its kinks -0.3 and 1.1 the slopes of both pieces are added.",
    ),
)
