"""Smooth scalar activations of exponentials and waves, each with a textbook derivative."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import erf, ndtr

from reference import ScalarActivation
from reference.checks import Array

from ..entry import Entry
from .forms import pair, sigmoid


def _softplus(z: Array) -> Array:
    return np.logaddexp(0, z)


@final
class Silu(ScalarActivation):
    """y = z s(z), f'(z) = s (1 + z (1 - s)), with a vjp of its own."""

    def forward(self, z: Array) -> Array:
        """z s(z)."""
        return z * sigmoid(z)

    def derivative(self, z: Array, y: Array) -> Array:
        """s (1 + z (1 - s))."""
        s = sigmoid(z)
        return s * (1 + z * (1 - s))

    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        """dy (s + y (1 - s))."""
        s = sigmoid(z)
        return dy * (s + y * (1 - s))


@final
class SoftplusObject:
    """log(1 + exp(z)) with the methods of an activation, and no base class."""

    def forward(self, z: Array) -> Array:
        """max(z, 0) + log(1 + exp(-|z|))."""
        return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))

    def derivative(self, z: Array, y: Array) -> Array:
        """1 - exp(-y)."""
        return -np.expm1(-y)


@final
@dataclass(frozen=True)
class Swish(ScalarActivation):
    """y = z s(beta z), f'(z) = s + beta y (1 - s)."""

    beta: float = 1.5

    def forward(self, z: Array) -> Array:
        """z s(beta z)."""
        return z * sigmoid(self.beta * z)

    def derivative(self, z: Array, y: Array) -> Array:
        """s + beta y (1 - s)."""
        s = sigmoid(self.beta * z)
        return s + self.beta * y * (1 - s)


@final
@dataclass(frozen=True)
class Softplus(ScalarActivation):
    """y = log(1 + exp(beta z)) / beta, f'(z) = s(beta z)."""

    beta: float = 3.0

    def forward(self, z: Array) -> Array:
        """log(1 + exp(beta z)) / beta."""
        return _softplus(self.beta * z) / self.beta

    def derivative(self, z: Array, y: Array) -> Array:
        """s(beta z)."""
        return sigmoid(self.beta * z)


def _gelu_slope(z: Array) -> Array:
    return ndtr(z) + z * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


_GELU = math.sqrt(2 / math.pi)


def _gelu_tanh(z: Array) -> Array:
    return 0.5 * z * (1 + np.tanh(_GELU * (z + 0.044715 * z**3)))


def _gelu_tanh_slope(z: Array) -> Array:
    t = np.tanh(_GELU * (z + 0.044715 * z**3))
    return 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * _GELU * (1 + 3 * 0.044715 * z**2)


def _mish_slope(z: Array) -> Array:
    t = np.tanh(_softplus(z))
    return t + z * sigmoid(z) * (1 - t**2)


def _sech_squared(z: Array) -> Array:
    with np.errstate(over="ignore"):  # 1 / inf is the right value, 0
        return 1 / np.cosh(z) ** 2


SCALAR: tuple[Entry, ...] = (
    pair("sigmoid.from-y", sigmoid, lambda z, y: y * (1 - y), jax.nn.sigmoid, "f' = y (1 - y)"),
    pair(
        "sigmoid.both-sides",
        lambda z: 0.5 * (1 + np.tanh(0.5 * z)),
        lambda z: sigmoid(z) * sigmoid(-z),
        jax.scipy.special.expit,
        "f' = s(z) s(-z)",
    ),
    pair(
        "sigmoid.vjp",
        lambda z: np.exp(-np.logaddexp(0, -z)),
        lambda z, y, dy: dy * y * (1 - y),
        jax.nn.sigmoid,
        "dz = dy y (1 - y)",
    ),
    pair("tanh.from-y", np.tanh, lambda z, y: 1 - y**2, jnp.tanh, "f' = 1 - y^2"),
    pair("tanh.sech", np.tanh, _sech_squared, jnp.tanh, "f' = 1 / cosh(z)^2"),
    pair(
        "tanh.factored",
        lambda z: 2 * sigmoid(2 * z) - 1,
        lambda z, y: (1 - y) * (1 + y),
        jnp.tanh,
        "f' = (1 - y)(1 + y), with tanh(z) = 2 s(2z) - 1",
    ),
    pair("softplus", _softplus, lambda z: sigmoid(z), jax.nn.softplus, "f' = s(z)"),
    Entry("softplus.from-y", SoftplusObject, jax.nn.softplus, "f' = 1 - exp(-y)"),
    Entry("softplus.beta", Softplus, lambda z: jax.nn.softplus(3 * z) / 3, "f' = s(3 z)"),
    pair(
        "log-sigmoid",
        lambda z: np.minimum(z, 0) - np.log1p(np.exp(-np.abs(z))),
        lambda z: sigmoid(-z),
        jax.nn.log_sigmoid,
        "f' = s(-z)",
    ),
    pair(
        "log-sigmoid.from-y",
        lambda z: -np.logaddexp(0, -z),
        lambda z, y: 1 - np.exp(y),
        jax.nn.log_sigmoid,
        "f' = 1 - exp(y)",
    ),
    Entry("silu", Silu, jax.nn.silu, "f' = s (1 + z (1 - s)), a class"),
    Entry("silu.instance", lambda: Silu(), lambda z: z * jax.nn.sigmoid(z), "an instance of it"),
    Entry("swish", Swish, lambda z: z * jax.nn.sigmoid(1.5 * z), "f' = s + 1.5 y (1 - s)"),
    pair("mish", lambda z: z * np.tanh(_softplus(z)), _mish_slope, jax.nn.mish, "by chain rule"),
    pair(
        "elu",
        lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
        lambda z, y: np.where(z > 0, 1, y + 1),
        jax.nn.elu,
        "f' = y + 1 for z <= 0: no kink at alpha = 1",
    ),
    pair(
        "celu",
        lambda z: np.maximum(z, 0) + 0.5 * np.expm1(np.minimum(z, 0) / 0.5),
        lambda z: np.exp(np.minimum(z, 0) / 0.5),
        lambda z: jax.nn.celu(z, 0.5),
        "f' = exp(z / alpha) for z <= 0: no kink at any alpha",
    ),
    pair("exp", np.exp, lambda z, y: y.copy(), jnp.exp, "f' = y"),
    pair("exp.decay", lambda z: np.exp(-z), lambda z, y: -y, lambda z: jnp.exp(-z), "f' = -y"),
    pair("expm1", np.expm1, lambda z, y: y + 1, jnp.expm1, "f' = y + 1"),
    pair(
        "log-cosh",
        lambda z: np.logaddexp(z, -z) - math.log(2),
        lambda z: np.tanh(z),
        lambda z: jnp.abs(z) + jnp.log1p(jnp.exp(-2 * jnp.abs(z))) - jnp.log(2.0),
        "f' = tanh(z)",
    ),
    pair(
        "tanhshrink",
        lambda z: z - np.tanh(z),
        lambda z: np.tanh(z) ** 2,
        lambda z: z - jnp.tanh(z),
        "f' = tanh(z)^2",
    ),
    pair(
        "gelu",
        lambda z: 0.5 * z * (1 + erf(z / math.sqrt(2))),
        _gelu_slope,
        lambda z: jax.nn.gelu(z, approximate=False),
        "f' = Phi(z) + z phi(z)",
    ),
    pair("gelu.tanh", _gelu_tanh, _gelu_tanh_slope, jax.nn.gelu, "the approximation by tanh"),
    pair(
        "gelu.sigmoid",
        lambda z: z * sigmoid(1.702 * z),
        lambda z, y: sigmoid(1.702 * z) * (1 + 1.702 * (z - y)),
        lambda z: z * jax.nn.sigmoid(1.702 * z),
        "the approximation by a sigmoid, f' = s (1 + 1.702 (z - y))",
    ),
    pair(
        "erf",
        erf,
        lambda z: 2 / math.sqrt(math.pi) * np.exp(-(z**2)),
        jax.scipy.special.erf,
        "f' = 2 exp(-z^2) / sqrt(pi)",
    ),
    pair(
        "gaussian",
        lambda z: np.exp(-(z**2)),
        lambda z, y: -2 * z * y,
        lambda z: jnp.exp(-(z**2)),
        "f' = -2 z y",
    ),
    pair("sin", np.sin, lambda z: np.cos(z), jnp.sin, "f' = cos(z)"),
    pair(
        "joules",
        lambda z: z.dtype.type(1e-12) * np.cos(z),
        lambda z: z.dtype.type(-1e-12) * np.sin(z),
        lambda z: 1e-12 * jnp.cos(z),
        "cos(z) in units in which it is next to nothing",
    ),
    pair(
        "level",
        lambda z: z.dtype.type(1e9) + np.sin(z),
        lambda z: np.cos(z),
        lambda z: 1e9 + jnp.sin(z),
        "sin(z) beside which a constant is all",
    ),
    pair("cos.vjp", np.cos, lambda z, y, dy: -dy * np.sin(z), jnp.cos, "dz = -dy sin(z)"),
    pair(
        "snake",
        lambda z: z + np.sin(z) ** 2,
        lambda z: 1 + np.sin(2 * z),
        lambda z: z + jnp.sin(z) ** 2,
        "f' = 1 + sin(2z)",
    ),
    pair(
        "snake.frequency",
        lambda z: z + (1 - np.cos(z)),
        lambda z: 1 + np.sin(z),
        lambda z: z + jnp.sin(z / 2) ** 2 / 0.5,
        "z + sin(a z)^2 / a at a = 1/2, as z + (1 - cos(z))",
    ),
)
