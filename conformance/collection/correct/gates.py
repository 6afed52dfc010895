"""Gates: one part of the pre-activations opens or closes another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import ndtr

from reference import VectorActivation
from reference.checks import Array

from ..entry import Entry
from .forms import Rows, diagonal, halved, multiple_of, pair, sigmoid, softmax


def _halves(z: Array) -> list[Array]:
    return np.split(z, 2, axis=-1)


def _beside(*slopes: Array) -> Array:
    """Diagonal blocks side by side: k arrays (..., m) -> (..., m, k m)."""
    return np.concatenate([diagonal(s) for s in slopes], axis=-1)


def _oracle(gate: Callable[[jax.Array], jax.Array]) -> Callable[[jax.Array], jax.Array]:
    def forward(z: jax.Array) -> jax.Array:
        a, b = jnp.split(z, 2)
        return gate(a) * b

    return forward


@final
@dataclass(frozen=True)
class Gated(VectorActivation):
    """y = g(a) b for z = (a, b), from the gate g and its slope g'; vjp in O(n)."""

    gate: Callable[[Array], Array]
    slope: Callable[[Array], Array]

    def output_width(self, n: int) -> int:
        """n / 2, for even n."""
        return halved(n)

    def forward(self, z: Array) -> Array:
        """g(a) b."""
        a, b = _halves(z)
        return self.gate(a) * b

    def jacobian(self, z: Array, y: Array) -> Array:
        """diag(g'(a) b) beside diag(g(a))."""
        a, b = _halves(z)
        return _beside(self.slope(a) * b, self.gate(a))

    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        """(dy g'(a) b, dy g(a))."""
        a, b = _halves(z)
        return np.concatenate([dy * self.slope(a) * b, dy * self.gate(a)], axis=-1)


def _silu(z: Array) -> Array:
    return z * sigmoid(z)


def _silu_slope(z: Array) -> Array:
    return sigmoid(z) * (1 + z * sigmoid(-z))


def _gelu(z: Array) -> Array:
    return z * ndtr(z)


def _gelu_slope(z: Array) -> Array:
    return ndtr(z) + z * np.exp(-0.5 * z**2) / np.sqrt(z.dtype.type(2 * np.pi))


def _glu(z: Array) -> Array:
    a, b = _halves(z)
    return a * sigmoid(b)


def _glu_vjp(z: Array, y: Array, dy: Array) -> Array:
    a, b = _halves(z)
    s = sigmoid(b)
    return np.concatenate([dy * s, dy * a * s * (1 - s)], axis=-1)


def _bilinear_jacobian(z: Array) -> Array:
    a, b = _halves(z)
    return _beside(b, a)


def _highway(z: Array) -> Array:
    """t tanh(a) + (1 - t) b for z = (a, b, c) and t = s(c)."""
    a, b, c = np.split(z, 3, axis=-1)
    t = sigmoid(c)
    return t * np.tanh(a) + sigmoid(-c) * b  # 1 - t would lose the digits of a small one


def _highway_jacobian(z: Array, y: Array) -> Array:
    a, b, c = np.split(z, 3, axis=-1)
    t, h = sigmoid(c), np.tanh(a)
    return _beside(t * (1 - h**2), sigmoid(-c), t * sigmoid(-c) * (h - b))


def _highway_oracle(z: jax.Array) -> jax.Array:
    a, b, c = jnp.split(z, 3)
    t = jax.nn.sigmoid(c)
    return t * jnp.tanh(a) + jax.nn.sigmoid(-c) * b


def _cell(z: Array) -> Array:
    """The state of an LSTM cell, s(f) c + s(i) tanh(g) for z = (i, f, g, c)."""
    i, f, g, c = np.split(z, 4, axis=-1)
    return sigmoid(f) * c + sigmoid(i) * np.tanh(g)


def _cell_vjp(z: Array, y: Array, dy: Array) -> Array:
    i, f, g, c = np.split(z, 4, axis=-1)
    open_i, open_f, h = sigmoid(i), sigmoid(f), np.tanh(g)
    slopes = [
        open_i * (1 - open_i) * h,
        open_f * (1 - open_f) * c,
        open_i * (1 - h**2),
        open_f,
    ]
    return np.concatenate([dy * slope for slope in slopes], axis=-1)


def _cell_oracle(z: jax.Array) -> jax.Array:
    i, f, g, c = jnp.split(z, 4)
    return jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)


def _self_gated(z: Array) -> Array:
    return z * softmax(z)


def _self_gated_jacobian(z: Array, y: Array) -> Array:
    """p_i delta_ij + y_i (delta_ij - p_j)."""
    p = softmax(z)
    return diagonal(p + y) - y[..., :, None] * p[..., None, :]


def _excited(z: Array) -> Array:
    """z times a sigmoid of its mean, as in squeeze-and-excitation."""
    return z * sigmoid(z.mean(axis=-1, keepdims=True))


def _excited_jacobian(z: Array, y: Array) -> Array:
    n, s = z.shape[-1], sigmoid(z.mean(axis=-1))[..., None, None]
    return (
        np.eye(n, dtype=z.dtype) * s + y[..., :, None] * (1 - s) / n * np.ones_like(z)[..., None, :]
    )


def _weighted(z: Array) -> Array:
    """softmax(a) . b: attention with the scores a over the values b."""
    a, b = _halves(z)
    return (softmax(a) * b).sum(axis=-1, keepdims=True)


def _weighted_jacobian(z: Array, y: Array) -> Array:
    """(p (b - y), p)."""
    a, b = _halves(z)
    p = softmax(a)
    return np.concatenate([p * (b - y), p], axis=-1)[..., None, :]


def _weighted_oracle(z: jax.Array) -> jax.Array:
    a, b = jnp.split(z, 2)
    return jnp.sum(jax.nn.softmax(a) * b, keepdims=True)


def _softmax_gated(z: Array) -> Array:
    a, b = _halves(z)
    return softmax(a) * b


def _softmax_gated_vjp(z: Array, y: Array, dy: Array) -> Array:
    a, b = _halves(z)
    p = softmax(a)
    return np.concatenate([p * (dy * b - (dy * y).sum(axis=-1, keepdims=True)), dy * p], axis=-1)


def _relu(z: Array) -> Array:
    return np.maximum(z, 0)


def _relu_slope(z: Array) -> Array:
    return np.heaviside(z, 0)


GATES: tuple[Entry, ...] = (
    pair("glu", _glu, _glu_vjp, jax.nn.glu, "a s(b), with a vjp in O(n)"),
    Entry(
        "glu.first",
        lambda: Gated(sigmoid, lambda a: sigmoid(a) * sigmoid(-a)),
        _oracle(jax.nn.sigmoid),
        "s(a) b",
    ),
    Entry(
        "gtu", lambda: Gated(np.tanh, lambda a: 1 - np.tanh(a) ** 2), _oracle(jnp.tanh), "tanh(a) b"
    ),
    Entry("swiglu", lambda: Gated(_silu, _silu_slope), _oracle(jax.nn.silu), "silu(a) b"),
    Entry(
        "geglu",
        lambda: Gated(_gelu, _gelu_slope),
        _oracle(lambda a: jax.nn.gelu(a, approximate=False)),
        "gelu(a) b",
    ),
    Entry(
        "reglu",
        lambda: Gated(_relu, _relu_slope),
        _oracle(jax.nn.relu),
        "relu(a) b with relu'(0) = 0",
    ),
    Entry(
        "reglu.right",
        lambda: Gated(_relu, lambda a: np.heaviside(a, 1)),
        _oracle(jax.nn.relu),
        "relu(a) b with relu'(0) = 1",
    ),
    pair(
        "bilinear",
        lambda z: np.prod(_halves(z), axis=0),
        _bilinear_jacobian,
        _oracle(lambda a: a),
        "a b",
    ),
    pair(
        "softmax-gate", _softmax_gated, _softmax_gated_vjp, _oracle(jax.nn.softmax), "softmax(a) b"
    ),
    Entry(
        "highway",
        lambda: Rows(lambda n: multiple_of(3, n) // 3, _highway, _highway_jacobian),
        _highway_oracle,
        "s(c) tanh(a) + (1 - s(c)) b",
    ),
    pair("lstm-cell", _cell, _cell_vjp, _cell_oracle, "s(f) c + s(i) tanh(g)"),
    pair(
        "softmax-times-z",
        _self_gated,
        _self_gated_jacobian,
        lambda z: z * jax.nn.softmax(z),
        "z softmax(z)",
    ),
    pair(
        "squeeze-excite",
        _excited,
        _excited_jacobian,
        lambda z: z * jax.nn.sigmoid(jnp.mean(z)),
        "z s(mean(z))",
    ),
    pair("attention.value", _weighted, _weighted_jacobian, _weighted_oracle, "softmax(a) . b"),
)
