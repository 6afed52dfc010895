"""Elementwise activations with broken manners: dtype, shape, arguments changed or handed back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array

from ..entry import Entry
from ..functions import sigmoid
from .bases import GELU, Identity, ReLU, Sigmoid, SiLU, Tanh


class _DoubleSlope(ReLU):
    def derivative(self, z: Array, y: Array) -> Array:
        return (z > 0).astype(np.float64)


class _IntegerSlope(ReLU):
    def derivative(self, z: Array, y: Array) -> Any:
        return (z > 0).astype(np.int64)


class _BooleanSlope(ReLU):
    def derivative(self, z: Array, y: Array) -> Any:
        return z > 0


class _DoubleConstant(SiLU):
    def forward(self, z: Array) -> Array:
        return z / (np.float64(1) + np.exp(-np.clip(z, -700, 700)))


class _SingleForward(Tanh):
    def forward(self, z: Array) -> Array:
        return np.tanh(z.astype(np.float32))


class _Squeezed(Identity):
    def forward(self, z: Array) -> Array:
        return z.copy().squeeze()


class _AlwaysBatch(Sigmoid):
    def derivative(self, z: Array, y: Array) -> Array:
        y = np.atleast_2d(y)
        return y * (1 - y)


class _FullSlope(Tanh):
    def jacobian(self, z: Array, y: Array) -> Array:
        slopes = self.derivative(z, y)
        return np.repeat(slopes[..., None, :], slopes.shape[-1], axis=-2)


class _View(Identity):
    def forward(self, z: Array) -> Array:
        return z[...]


class _ViewIfPositive(ReLU):
    def forward(self, z: Array) -> Array:
        return np.maximum(z, 0) if (z < 0).any() else z


class _CotangentBack(Identity):
    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        return dy


class _ChangesZ(ReLU):
    def forward(self, z: Array) -> Array:
        z[z < 0] = 0
        return z.copy()


class _ChangesY(Tanh):
    def derivative(self, z: Array, y: Array) -> Array:
        y *= y
        return 1 - y


class _ChangesCotangent(ReLU):
    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        dy[z <= 0] = 0
        return dy.copy()


class _ScalesCotangent(Sigmoid):
    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        slopes = self.derivative(z, y)
        dy *= slopes
        return dy + 0


class _BorrowsZ(SiLU):
    """Computes in z itself and puts the numbers back, which a read-only z does not let it."""

    def forward(self, z: Array) -> Array:
        kept = z.copy()
        z *= sigmoid(z)
        y = z.copy()
        z[...] = kept
        return y


class _ReadOnlyResult(GELU):
    """Takes a read-only z for one that was seen before, and answers with zeros."""

    def derivative(self, z: Array, y: Array) -> Array:
        return super().derivative(z, y) if z.flags.writeable else np.zeros_like(z)


def _structure(id: str, make: Callable[[], Any], oracle: Callable[..., Any], about: str) -> Entry:
    return Entry(id, make, oracle, about, "structure")


def _identity(z: jax.Array) -> jax.Array:
    return z


SCALAR_STRUCTURE: tuple[Entry, ...] = (
    _structure(
        "relu.float64-slope",
        _DoubleSlope,
        jax.nn.relu,
        "The slope is float64 for float32 input (as in dlsyscourse/hw1 20).",
    ),
    _structure("relu.integer-slope", _IntegerSlope, jax.nn.relu, "The slope is an integer."),
    _structure("relu.boolean-slope", _BooleanSlope, jax.nn.relu, "The slope is the mask itself."),
    _structure(
        "silu.float64-constant",
        _DoubleConstant,
        jax.nn.silu,
        "A constant of type np.float64 promotes float32 to float64.",
    ),
    _structure("tanh.float32-result", _SingleForward, jnp.tanh, "y is float32 for float64 input."),
    _structure("identity.squeezed", _Squeezed, _identity, "Axes of length 1 are dropped from y."),
    _structure(
        "sigmoid.always-a-batch",
        _AlwaysBatch,
        jax.nn.sigmoid,
        "The slope of a single row (n,) has shape (1, n).",
    ),
    _structure(
        "tanh.full-jacobian",
        _FullSlope,
        jnp.tanh,
        "The Jacobian repeats the slopes in every row: the diagonal was forgotten.",
    ),
    _structure("identity.view", _View, _identity, "y is a view of z."),
    _structure(
        "relu.view-if-positive",
        _ViewIfPositive,
        jax.nn.relu,
        "y is z itself where no entry is negative.",
    ),
    _structure("identity.cotangent-back", _CotangentBack, _identity, "The vjp is dy itself."),
    _structure(
        "relu.changes-z",
        _ChangesZ,
        jax.nn.relu,
        "The forward sets negative entries of z to 0 (deeplearning4j/deeplearning4j 364).",
    ),
    _structure("tanh.changes-y", _ChangesY, jnp.tanh, "The derivative squares y in place."),
    _structure(
        "relu.changes-dy",
        _ChangesCotangent,
        jax.nn.relu,
        "The vjp sets entries of dy to 0 (in-place like NVIDIA/apex 1430).",
    ),
    _structure(
        "sigmoid.changes-dy",
        _ScalesCotangent,
        jax.nn.sigmoid,
        "The vjp multiplies dy in place.",
    ),
    _structure(
        "silu.borrows-z",
        _BorrowsZ,
        jax.nn.silu,
        "The forward writes into z and restores it: it fails where z is read-only.",
    ),
    _structure(
        "gelu.read-only",
        _ReadOnlyResult,
        lambda z: jax.nn.gelu(z, approximate=False),
        "The slope is 0 where z is read-only.",
    ),
)
