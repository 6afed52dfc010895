"""Scalar activations with kinks and jumps, each convention at the kink an entry of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import jax
import jax.numpy as jnp
import numpy as np

from reference import ScalarActivation
from reference.checks import Array

from ..entry import Entry
from .forms import pair


def _relu(z: Array) -> Array:
    return np.maximum(z, 0)


def _step(at_zero: float) -> Callable[[Array], Array]:
    return lambda z: np.heaviside(z, at_zero)


def _slopes(left: float, at_zero: float, right: float) -> Callable[[Array], Array]:
    return lambda z: np.where(z == 0, at_zero, np.where(z < 0, left, right)).astype(z.dtype)


def _flat(z: Array) -> Array:
    return np.zeros_like(z)


@final
class ReLU(ScalarActivation):
    """y = max(z, 0), with f'(0) = 0 and a vjp of its own."""

    def forward(self, z: Array) -> Array:
        """max(z, 0)."""
        return np.maximum(z, 0)

    def derivative(self, z: Array, y: Array) -> Array:
        """1 for y > 0, else 0."""
        return (y > 0).astype(y.dtype)

    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        """dy for y > 0, else 0."""
        return np.where(y > 0, dy, 0)


@final
@dataclass(frozen=True)
class PReLU(ScalarActivation):
    """y = max(z, 0) + a min(z, 0); f'(0) = a."""

    a: float = 0.25

    def forward(self, z: Array) -> Array:
        """max(z, 0) + a min(z, 0)."""
        return np.maximum(z, 0) + self.a * np.minimum(z, 0)

    def derivative(self, z: Array, y: Array) -> Array:
        """1 for z > 0, else a."""
        return np.where(z > 0, 1, z.dtype.type(self.a))


@final
@dataclass(frozen=True)
class ELU(ScalarActivation):
    """y = z for z > 0, else alpha (exp(z) - 1); f'(0) is alpha, or 1 where ``right``."""

    alpha: float
    right: bool

    def forward(self, z: Array) -> Array:
        """z or alpha (exp(z) - 1); the exponential is not taken of a large z."""
        return np.where(z > 0, z, self.alpha * np.expm1(np.minimum(z, 0)))

    def derivative(self, z: Array, y: Array) -> Array:
        """1 for z > 0, else y + alpha."""
        above = z >= 0 if self.right else z > 0
        return np.where(above, 1, y + self.alpha)


_SCALE, _ALPHA = 1.0507009873554805, 1.6732632423543772


def _selu(z: Array) -> Array:
    return _SCALE * np.where(z > 0, z, _ALPHA * np.expm1(np.minimum(z, 0)))


def _selu_slope(z: Array, y: Array) -> Array:
    return np.where(z > 0, z.dtype.type(_SCALE), y + _SCALE * _ALPHA)


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


_AT_ZERO: tuple[Entry, ...] = (
    *(
        pair(f"relu.{slope}", _relu, _step(slope), oracle, f"relu'(0) = {slope}")
        for slope, oracle in ((0, jax.nn.relu), (1, jax.nn.relu), (0.5, jax.nn.relu))
    ),
    pair("relu.quarter", _relu, _step(0.25), lambda z: jnp.maximum(z, 0), "relu'(0) = 1/4"),
    Entry("relu.from-y", ReLU, lambda z: jnp.maximum(z, 0), "relu'(0) = 0, from y, with a vjp"),
    pair(
        "relu.masked",
        lambda z: z * (z > 0),
        lambda z, y, dy: dy * (z >= 0),
        lambda z: jnp.where(z > 0, z, 0),
        "relu'(0) = 1 in the vjp",
    ),
    *(
        pair(f"abs.{slope}", np.abs, _slopes(-1, slope, 1), jnp.abs, f"|z|' = {slope} at 0")
        for slope in (0, 1, -1)
    ),
    pair(
        "abs.as-max",
        lambda z: np.maximum(z, -z),
        lambda z: np.sign(z),
        lambda z: jnp.where(z < 0, -z, z),
        "|z|' = 0 at 0, where the oracle has 1",
    ),
    pair(
        "leaky-relu.left",
        lambda z: np.maximum(z, 0.01 * z),
        _slopes(0.01, 0.01, 1),
        jax.nn.leaky_relu,
        "f'(0) = 0.01",
    ),
    pair(
        "leaky-relu.right",
        lambda z: np.where(z < 0, 0.01 * z, z),
        _slopes(0.01, 1, 1),
        jax.nn.leaky_relu,
        "f'(0) = 1",
    ),
    Entry("prelu", PReLU, lambda z: jnp.where(z >= 0, z, 0.25 * z), "f'(0) = 1/4"),
    Entry(
        "prelu.negative",
        lambda: PReLU(-0.5),
        lambda z: jnp.where(z >= 0, z, -0.5 * z),
        "f'(0) = -1/2",
    ),
    Entry("elu.2.left", lambda: ELU(2.0, False), lambda z: jax.nn.elu(z, 2.0), "f'(0) = alpha = 2"),
    Entry("elu.2.right", lambda: ELU(2.0, True), lambda z: jax.nn.elu(z, 2.0), "f'(0) = 1"),
    Entry(
        "elu.half.left",
        lambda: ELU(0.3, False),
        lambda z: jax.nn.elu(z, 0.3),
        "f'(0) = alpha = 0.3",
    ),
    pair("selu.left", _selu, _selu_slope, jax.nn.selu, "f'(0) = 1.758, the slope on the left"),
    pair(
        "selu.right",
        _selu,
        lambda z, y: np.where(
            z >= 0, z.dtype.type(_SCALE), _SCALE * _ALPHA * np.exp(np.minimum(z, 0))
        ),
        jax.nn.selu,
        "f'(0) = 1.051, the slope on the right",
    ),
)

_BOUNDS: tuple[Entry, ...] = (
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
)

_JUMPS: tuple[Entry, ...] = (
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

KINKS: tuple[Entry, ...] = (*_AT_ZERO, *_BOUNDS, *_JUMPS)
