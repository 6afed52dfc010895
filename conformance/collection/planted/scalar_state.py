"""Elementwise activations that remember: caches, buffers, counters, noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array

from ..entry import Entry
from ..functions import sigmoid, swish
from .bases import GELU, ReLU, Sigmoid, SiLU, Tanh


class _LastOutput(Sigmoid):
    def __init__(self) -> None:
        self.y: Array = np.zeros(1)

    def forward(self, z: Array) -> Array:
        self.y = super().forward(z)
        return self.y.copy()

    def derivative(self, z: Array, y: Array) -> Array:
        return self.y * (1 - self.y)


class _LastMask(ReLU):
    def __init__(self) -> None:
        self.mask = np.zeros(1, dtype=bool)

    def forward(self, z: Array) -> Array:
        self.mask = z > 0
        return super().forward(z)

    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        return dy * self.mask


class _ByShape(Tanh):
    def __init__(self) -> None:
        self.slopes: dict[tuple[int, ...], Array] = {}

    def derivative(self, z: Array, y: Array) -> Array:
        slopes = self.slopes.setdefault(z.shape, super().derivative(z, y))
        return slopes.astype(z.dtype)


class _ByIdentity(GELU):
    def __init__(self) -> None:
        self.outputs: dict[int, Array] = {}

    def forward(self, z: Array) -> Array:
        if id(z) not in self.outputs:
            self.outputs[id(z)] = super().forward(z)
        return self.outputs[id(z)].copy()


class _ByRange(SiLU):
    def __init__(self) -> None:
        self.slopes: dict[tuple[Any, ...], Array] = {}

    def derivative(self, z: Array, y: Array) -> Array:
        key = (z.shape, float(z.min()), float(z.max()))
        return self.slopes.setdefault(key, super().derivative(z, y)).astype(z.dtype)


class _OneBuffer(Tanh):
    def __init__(self) -> None:
        self.buffer: Array = np.zeros(1)

    def forward(self, z: Array) -> Array:
        if (self.buffer.shape, self.buffer.dtype) != (z.shape, z.dtype):
            self.buffer = np.empty_like(z)
        return np.tanh(z, out=self.buffer)


class _Noise(Tanh):
    def __init__(self) -> None:
        self.random = np.random.default_rng(0)

    def derivative(self, z: Array, y: Array) -> Array:
        noise = 1e-4 * self.random.normal(size=z.shape)
        return super().derivative(z, y) + noise.astype(z.dtype)


class _RandomAtZero(ReLU):
    def __init__(self) -> None:
        self.random = np.random.default_rng(0)

    def derivative(self, z: Array, y: Array) -> Array:
        drawn = self.random.uniform(size=z.shape).astype(z.dtype)
        return np.where(z == 0, drawn, super().derivative(z, y))


class _Decays(Sigmoid):
    def __init__(self) -> None:
        self.calls = 0

    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        self.calls += 1
        return super().vjp(z, y, dy) * 0.999**self.calls


class _SeventhCall(SiLU):
    def __init__(self) -> None:
        self.calls = 0

    def derivative(self, z: Array, y: Array) -> Array:
        self.calls += 1
        return super().derivative(z, y) if self.calls % 7 else sigmoid(z)


class _Learns(SiLU):
    def __init__(self) -> None:
        self.beta = 1.0

    def forward(self, z: Array) -> Array:
        return swish(z, self.beta)

    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        self.beta += 1e-3 * float(np.sign(np.sum(dy * z)))
        return super().vjp(z, y, dy)


class _Calibrated(Tanh):
    def __init__(self) -> None:
        self.limit = 0.0

    def forward(self, z: Array) -> Array:
        self.limit = self.limit or float(np.abs(z).max(initial=0.0))
        return np.tanh(np.clip(z, -self.limit, self.limit))


def _state(id: str, make: Callable[[], Any], oracle: Callable[..., Any], about: str) -> Entry:
    return Entry(id, make, oracle, about, "state")


SCALAR_STATE: tuple[Entry, ...] = (
    _state(
        "sigmoid.last-output",
        _LastOutput,
        jax.nn.sigmoid,
        "The derivative uses the y of the last forward, not the y that it is given.",
    ),
    _state(
        "relu.last-mask",
        _LastMask,
        jax.nn.relu,
        "The vjp uses the mask of the last forward.",
    ),
    _state(
        "tanh.cached-by-shape",
        _ByShape,
        jnp.tanh,
        "The first slope of each shape is returned ever after.",
    ),
    _state(
        "gelu.cached-by-id",
        _ByIdentity,
        lambda z: jax.nn.gelu(z, approximate=False),
        "y is cached by id(z), which later arrays inherit (kfuku52/amalgkit 215).",
    ),
    _state(
        "silu.cached-by-range",
        _ByRange,
        jax.nn.silu,
        "The slope is cached by shape, smallest and largest z: permuted rows are taken for it.",
    ),
    _state(
        "tanh.one-buffer",
        _OneBuffer,
        jnp.tanh,
        "y lives in a buffer that the next forward overwrites.",
    ),
    _state("tanh.noise", _Noise, jnp.tanh, "Noise of size 1e-4 is added to the slope."),
    _state(
        "relu.random-at-zero",
        _RandomAtZero,
        jax.nn.relu,
        "The slope at 0 is drawn from [0, 1]: every value is valid, but two calls differ.",
    ),
    _state("sigmoid.decays", _Decays, jax.nn.sigmoid, "Each vjp is 0.1% smaller than the last."),
    _state(
        "silu.seventh-call",
        _SeventhCall,
        jax.nn.silu,
        "Every seventh slope lacks the second term of the product rule.",
    ),
    _state(
        "silu.learns",
        _Learns,
        jax.nn.silu,
        "Each vjp moves a beta that the forward uses.",
    ),
    _state(
        "tanh.calibrated",
        _Calibrated,
        jnp.tanh,
        "The largest |z| of the first forward bounds all later ones.",
    ),
)
