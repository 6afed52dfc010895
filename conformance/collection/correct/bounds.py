"""Scalar activations with kinks away from 0, and with jumps: each convention is an entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array

from ..entry import Entry
from .forms import pair


def _flat(z: Array) -> Array:
    return np.zeros_like(z)


def _bounded(low: float, high: float, open: bool) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """z held within [low, high]; at a bound f' is 0 where ``open``, else 1."""

    def inside(z: Array) -> Array:
        within = (low < z) & (z < high) if open else (low <= z) & (z <= high)
        return within.astype(z.dtype)

    return lambda z: np.clip(z, low, high), inside


def _hardswish_slope(z: Array) -> Array:
    return np.where(z <= -3, 0, np.where(z < 3, (2 * z + 3) / 6, 1))


def _hardswish_slope_inside(z: Array) -> Array:
    return np.where(z < -3, 0, np.where(z <= 3, z / 3 + 0.5, 1))


def _softshrink(z: Array) -> Array:
    return np.sign(z) * np.maximum(np.abs(z) - 0.5, 0)


def _softshrink_oracle(z: jax.Array) -> jax.Array:
    return jnp.where(z > 0.5, z - 0.5, jnp.where(z < -0.5, z + 0.5, 0.0))


def _hardshrink(z: Array) -> Array:
    return np.where(np.abs(z) > 0.5, z, 0)


def _hardshrink_oracle(z: jax.Array) -> jax.Array:
    return jnp.where(jnp.abs(z) > 0.5, z, 0.0)


BOUNDS: tuple[Entry, ...] = (
    pair("relu6.open", *_bounded(0, 6, open=True), jax.nn.relu6, "f' = 0 at both bounds"),
    pair("relu6.closed", *_bounded(0, 6, open=False), jax.nn.relu6, "f' = 1 at both bounds"),
    pair("hardtanh.open", *_bounded(-1, 1, open=True), jax.nn.hard_tanh, "f' = 0 at both bounds"),
    pair(
        "hardtanh.closed",
        *_bounded(-1, 1, open=False),
        lambda z: jnp.clip(z, -1, 1),
        "f' = 1 at both bounds",
    ),
    pair(
        "hardtanh.from-y",
        lambda z: np.minimum(np.maximum(z, -1), 1),
        lambda z, y, dy: np.where(np.abs(y) < 1, dy, 0),
        jax.nn.hard_tanh,
        "f' = 0 at both bounds, by y in the vjp",
    ),
    pair(
        "clipped-relu.tenth.open",
        *_bounded(0, 0.1, open=True),
        lambda z: jnp.clip(z, 0, 0.1),
        "f' = 0 at the bound 0.1, which no float is exactly",
    ),
    pair(
        "clipped-relu.tenth.closed",
        *_bounded(0, 0.1, open=False),
        lambda z: jnp.clip(z, 0, 0.1),
        "f' = 1 at the bound 0.1, which no float is exactly",
    ),
    pair(
        "clipped-relu.third.open",
        *_bounded(-1 / 3, 1 / 3, open=True),
        lambda z: jnp.clip(z, -1 / 3, 1 / 3),
        "f' = 0 at the bounds 1/3 and -1/3, which no float is exactly",
    ),
    pair(
        "clipped-relu.third.closed",
        *_bounded(-1 / 3, 1 / 3, open=False),
        lambda z: jnp.clip(z, -1 / 3, 1 / 3),
        "f' = 1 at the bounds 1/3 and -1/3, which no float is exactly",
    ),
    pair(
        "hardsigmoid.open",
        lambda z: np.clip(z + 3, 0, 6) / 6,
        lambda z: (np.abs(z) < 3) / z.dtype.type(6),
        jax.nn.hard_sigmoid,
        "f' = 0 at -3 and 3",
    ),
    pair(
        "hardsigmoid.from-y",
        lambda z: np.clip(z / 6 + 0.5, 0, 1),
        lambda z, y: np.where((y > 0) & (y < 1), y.dtype.type(1 / 6), 0),
        jax.nn.hard_sigmoid,
        "f' = 0 where y is 0 or 1",
    ),
    pair(
        "hardsigmoid.fifth",
        lambda z: np.clip(0.2 * z + 0.5, 0, 1),
        lambda z: np.where(np.abs(z) <= 2.5, z.dtype.type(0.2), 0),
        lambda z: jnp.clip(0.2 * z + 0.5, 0, 1),
        "f' = 1/5 at -2.5 and 2.5",
    ),
    pair(
        "hardswish.outside",
        lambda z: z * np.clip(z + 3, 0, 6) / 6,
        _hardswish_slope,
        jax.nn.hard_swish,
        "f' = 0 at -3 and 1 at 3",
    ),
    pair(
        "hardswish.inside",
        lambda z: z * np.clip(z / 6 + 0.5, 0, 1),
        _hardswish_slope_inside,
        jax.nn.hard_swish,
        "f' = -1/2 at -3 and 3/2 at 3",
    ),
    pair(
        "softshrink.open",
        _softshrink,
        lambda z: (np.abs(z) > 0.5).astype(z.dtype),
        _softshrink_oracle,
        "f' = 0 at -1/2 and 1/2",
    ),
    pair(
        "softshrink.closed",
        _softshrink,
        lambda z: (np.abs(z) >= 0.5).astype(z.dtype),
        _softshrink_oracle,
        "f' = 1 at -1/2 and 1/2",
    ),
    pair(
        "hardshrink.open",
        _hardshrink,
        lambda z: (np.abs(z) > 0.5).astype(z.dtype),
        _hardshrink_oracle,
        "f' = 0 at the jumps, -1/2 and 1/2",
    ),
    pair(
        "hardshrink.closed",
        _hardshrink,
        lambda z: (np.abs(z) >= 0.5).astype(z.dtype),
        _hardshrink_oracle,
        "f' = 1 at the jumps, -1/2 and 1/2",
    ),
    pair(
        "relu.thresholded",
        lambda z: np.where(z > 1, z, 0),
        lambda z, y: np.where(z > 1, y.dtype.type(1), 0),
        lambda z: jnp.where(z > 1, z, 0),
        "f' = 0 at the jump, 1",
    ),
    pair(
        "threshold",
        lambda z: (z >= 0).astype(z.dtype),
        _flat,
        lambda z: jnp.where(z >= 0, 1.0, 0.0),
        "f' = 0, at the jump too",
    ),
    pair("sign", np.sign, _flat, jnp.sign, "f' = 0, at the jump too"),
    pair("floor", np.floor, _flat, jnp.floor, "f' = 0, at the jumps too"),
    pair(
        "ceil.vjp",
        np.ceil,
        lambda z, y, dy: np.zeros_like(dy),
        jnp.ceil,
        "dz = 0, at the jumps too",
    ),
    pair(
        "round", np.round, _flat, jnp.round, "f' = 0, at the jumps too; halves go to the even side"
    ),
    pair(
        "sawtooth",
        lambda z: z - np.floor(z),
        lambda z: np.ones_like(z),
        lambda z: z - jnp.floor(z),
        "f' = 1, at the jumps too",
    ),
)
