"""The softmax and its relatives, in explicit Jacobians and in vjps of O(n)."""

from __future__ import annotations

import math
from typing import Any, final

import jax
import jax.numpy as jnp
import numpy as np

from reference import VectorActivation
from reference.checks import Array

from ..entry import Entry
from .forms import Rows, diagonal, exactly, multiple_of, pair, softmax


@final
class Softmax(VectorActivation):
    """y_i = exp(z_i) / sum_j exp(z_j)."""

    def output_width(self, n: int) -> int:
        """n."""
        return n

    def forward(self, z: Array) -> Array:
        """The largest z is subtracted first."""
        return softmax(z)

    def jacobian(self, z: Array, y: Array) -> Array:
        """y_i (delta_ij - y_j), entry by entry."""
        n = z.shape[-1]
        J = np.empty((*y.shape, n), dtype=y.dtype)
        for i in range(n):
            for j in range(n):
                J[..., i, j] = y[..., i] * (1 - y[..., i]) if i == j else -y[..., i] * y[..., j]
        return J

    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        """y_j (dy_j - sum_i dy_i y_i)."""
        return _softmax_vjp(z, y, dy)


def _softmax_vjp(z: Array, y: Array, dy: Array) -> Array:
    return y * (dy - (dy * y).sum(axis=-1, keepdims=True))


def _softmax_jacobian(z: Array, y: Array) -> Array:
    return diagonal(y) - y[..., :, None] * y[..., None, :]


def _log_softmax(z: Array) -> Array:
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def _log_softmax_jacobian(z: Array, y: Array) -> Array:
    return np.eye(z.shape[-1], dtype=z.dtype) - np.exp(y)[..., None, :]


def _log_softmax_vjp(z: Array, y: Array, dy: Array) -> Array:
    return dy - np.exp(y) * dy.sum(axis=-1, keepdims=True)


def _tempered(T: float) -> tuple[Any, Any]:
    """The softmax of z / T, whose Jacobian is that of the softmax over T."""
    return lambda z: softmax(z / T), lambda z, y: _softmax_jacobian(z, y) / T


def _logsumexp(z: Array) -> Array:
    top = z.max(axis=-1, keepdims=True)
    return top + np.log(np.exp(z - top).sum(axis=-1, keepdims=True))


def _softmax_one(z: Array) -> Array:
    """exp(z_i) / (1 + sum_j exp(z_j)): a softmax that may attend to nothing."""
    top = np.maximum(z.max(axis=-1, keepdims=True), 0)
    weights = np.exp(z - top)
    return weights / (np.exp(-top) + weights.sum(axis=-1, keepdims=True))


def _softmax_one_oracle(z: jax.Array) -> jax.Array:
    return jax.nn.softmax(jnp.append(z, 0.0))[:-1]


def _pairs(z: Array) -> Array:
    return softmax(z.reshape(*z.shape[:-1], -1, 2)).reshape(z.shape)


def _pairs_jacobian(z: Array, y: Array) -> Array:
    """Blocks of 2 x 2: y_i (delta_ij - y_j) within a pair, else 0."""
    group = np.arange(z.shape[-1]) // 2
    return np.where(group[:, None] == group, _softmax_jacobian(z, y), 0)


def _taylor(z: Array) -> Array:
    terms = 1 + z + z**2 / 2
    return terms / terms.sum(axis=-1, keepdims=True)


def _taylor_oracle(z: jax.Array) -> jax.Array:
    terms = 1 + z + z**2 / 2
    return terms / jnp.sum(terms)


def _taylor_jacobian(z: Array, y: Array) -> Array:
    """(delta_ij - y_i) (1 + z_j) / S, for S the sum of the terms."""
    S = (1 + z + z**2 / 2).sum(axis=-1)[..., None, None]
    return (np.eye(z.shape[-1], dtype=z.dtype) - y[..., :, None]) * (1 + z[..., None, :]) / S


def _soft_maximum(z: Array) -> Array:
    return (z * softmax(z)).sum(axis=-1, keepdims=True)


def _soft_maximum_jacobian(z: Array, y: Array) -> Array:
    return (softmax(z) * (1 + z - y))[..., None, :]


def _entropy(z: Array) -> Array:
    return -(softmax(z) * _log_softmax(z)).sum(axis=-1, keepdims=True)


def _entropy_jacobian(z: Array, y: Array) -> Array:
    return (-softmax(z) * (_log_softmax(z) + y))[..., None, :]


def _entropy_oracle(z: jax.Array) -> jax.Array:
    return -jnp.sum(jax.nn.softmax(z) * jax.nn.log_softmax(z), keepdims=True)


def _sparsemax(z: Array) -> Array:
    """The Euclidean projection of z onto the simplex."""
    z = z - z.max(axis=-1, keepdims=True)
    ranked = -np.sort(-z, axis=-1)
    rank = np.arange(1, z.shape[-1] + 1, dtype=z.dtype)
    excess = ranked.cumsum(axis=-1) - 1
    k = (rank * ranked > excess).sum(axis=-1, keepdims=True)
    return np.maximum(z - np.take_along_axis(excess, k - 1, axis=-1) / k.astype(z.dtype), 0)


def _sparsemax_jacobian(z: Array, y: Array) -> Array:
    """diag(s) - s s^T / |s|, where s is 1 on the support of y."""
    s = (y > 0).astype(y.dtype)
    return diagonal(s) - s[..., :, None] * (s / s.sum(axis=-1, keepdims=True))[..., None, :]


def _sparsemax_oracle(z: jax.Array) -> jax.Array:
    z = z - jax.lax.stop_gradient(jnp.max(z))  # a shift of all changes nothing
    ranked = jnp.sort(z)[::-1]
    rank = jnp.arange(1, z.size + 1)
    k = jnp.sum(1 + rank * ranked > jnp.cumsum(ranked))
    return jax.nn.relu(z - (jnp.sum(jnp.where(rank <= k, ranked, 0)) - 1) / k)


def _attention(z: Array) -> Array:
    """A query q (2) asks three keys K (3, 2): softmax(K q / sqrt(2))."""
    q, K = z[..., :2], z[..., 2:].reshape(*z.shape[:-1], 3, 2)
    return softmax((K * q[..., None, :]).sum(axis=-1) / math.sqrt(2))


def _attention_jacobian(z: Array, y: Array) -> Array:
    q, K = z[..., :2], z[..., 2:].reshape(*z.shape[:-1], 3, 2)
    scores = np.zeros((*y.shape, 8), dtype=z.dtype)
    scores[..., :2] = K
    for i in range(3):
        scores[..., i, 2 + 2 * i : 4 + 2 * i] = q
    return _softmax_jacobian(z, y) @ scores / math.sqrt(2)


def _attention_oracle(z: jax.Array) -> jax.Array:
    return jax.nn.softmax(z[2:].reshape(3, 2) @ z[:2] / math.sqrt(2))


SOFTMAXES: tuple[Entry, ...] = (
    Entry(
        "softmax", Softmax, jax.nn.softmax, "y_i (delta_ij - y_j) in two loops, with a vjp in O(n)"
    ),
    pair("softmax.jacobian", softmax, _softmax_jacobian, jax.nn.softmax, "diag(y) - y y^T"),
    pair(
        "softmax.vjp",
        softmax,
        _softmax_vjp,
        lambda z: jnp.exp(jax.nn.log_softmax(z)),
        "y (dy - <dy, y>)",
    ),
    pair(
        "softmin",
        lambda z: softmax(-z),
        lambda z, y: -_softmax_jacobian(z, y),
        lambda z: jax.nn.softmax(-z),
        "y y^T - diag(y)",
    ),
    pair(
        "softmax.hot",
        *_tempered(4.0),
        lambda z: jax.nn.softmax(z / 4),
        "(diag(y) - y y^T) / T at T = 4",
    ),
    pair(
        "softmax.cold",
        *_tempered(0.3),
        lambda z: jax.nn.softmax(z / 0.3),
        "(diag(y) - y y^T) / T at T = 0.3",
    ),
    pair(
        "softmax.one",
        _softmax_one,
        _softmax_jacobian,
        _softmax_one_oracle,
        "1 + sum_j exp(z_j) below: diag(y) - y y^T as before",
    ),
    Entry(
        "softmax.pairs",
        lambda: Rows(lambda n: multiple_of(2, n), _pairs, _pairs_jacobian),
        lambda z: jax.nn.softmax(z.reshape(-1, 2)).reshape(-1),
        "a softmax over each two units next to each other",
    ),
    pair(
        "log-softmax",
        _log_softmax,
        _log_softmax_jacobian,
        jax.nn.log_softmax,
        "delta_ij - softmax_j",
    ),
    pair(
        "log-softmax.vjp",
        _log_softmax,
        _log_softmax_vjp,
        jax.nn.log_softmax,
        "dy - softmax(z) sum(dy)",
    ),
    pair(
        "logsumexp",
        _logsumexp,
        lambda z: softmax(z)[..., None, :],
        lambda z: jax.nn.logsumexp(z, keepdims=True),
        "softmax(z)",
    ),
    pair(
        "logsumexp.from-y",
        _logsumexp,
        lambda z, y, dy: dy * np.exp(z - y),
        lambda z: jax.nn.logsumexp(z, keepdims=True),
        "dy exp(z - y)",
    ),
    pair("softmax.taylor", _taylor, _taylor_jacobian, _taylor_oracle, "1 + z + z^2 / 2 for exp(z)"),
    pair(
        "softmax.boltzmann",
        _soft_maximum,
        _soft_maximum_jacobian,
        lambda z: jnp.sum(z * jax.nn.softmax(z), keepdims=True),
        "sum_j z_j p_j has the slopes p_j (1 + z_j - y)",
    ),
    pair(
        "softmax.entropy",
        _entropy,
        _entropy_jacobian,
        _entropy_oracle,
        "-sum_j p_j log p_j has the slopes -p_j (log p_j + y)",
    ),
    pair(
        "sparsemax",
        _sparsemax,
        _sparsemax_jacobian,
        _sparsemax_oracle,
        "at a kink the support is where y > 0",
    ),
    Entry(
        "attention.weights",
        lambda: Rows(lambda n: exactly(8, n) and 3, _attention, _attention_jacobian),
        _attention_oracle,
        "a softmax over three scores q k_i / sqrt(2)",
    ),
)
