"""Scalar activations with a kink at 0: each convention for the slope there is an entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

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


KINKS: tuple[Entry, ...] = (
    *(
        pair(f"relu.{slope}", _relu, _step(slope), jax.nn.relu, f"relu'(0) = {slope}")
        for slope in (0, 1, 0.5)
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
