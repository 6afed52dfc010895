"""Planted bugs of the logarithms of sums of exponentials: log-softmax, logsumexp and relatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array

from ..entry import Entry, Kind
from ..vector_functions import (
    identity,
    log_softmax,
    log_softmax_jacobian,
    logsumexp,
    maximum,
    one_hot,
    softmax,
    softmax_jacobian,
)
from .forms import pair


def _backward(kind: Kind, what: str, backward: Callable[..., Any], about: str) -> Entry:
    """A right forward with a wrong Jacobian or vjp."""
    return pair(kind, f"log-softmax.{what}", log_softmax, backward, jax.nn.log_softmax, about)


def _forward(kind: Kind, what: str, forward: Callable[[Array], Array], about: str) -> Entry:
    """A wrong forward with the right formula of the Jacobian."""
    right = log_softmax_jacobian
    return pair(kind, f"log-softmax.{what}", forward, right, jax.nn.log_softmax, about)


def _shift_forgotten(z: Array) -> Array:
    return z - np.log(np.exp(z - maximum(z)).sum(axis=-1, keepdims=True))


def _divided_and_multiplied(z: Array, y: Array, dy: Array) -> Array:
    p = np.exp(y)
    return dy - p * (p * (dy / p)).sum(axis=-1, keepdims=True)


def _cumulative_logsumexp_by_maximum(z: Array) -> Array:
    top = maximum(z)
    return top + np.log(np.cumsum(np.exp(z - top), axis=-1))


def _cumulative_jacobian(z: Array, y: Array) -> Array:
    earlier = np.tri(z.shape[-1], dtype=bool)
    return np.exp(np.where(earlier, z[..., None, :] - y[..., :, None], -np.inf))


_LOG_SOFTMAX = (
    _backward(
        "formula",
        "without-the-sum",
        lambda z, y, dy: dy.copy(),
        "The derivative of the logarithm of the sum is missing: the Jacobian is I.",
    ),
    _backward(
        "formula",
        "transposed",
        lambda z, y: identity(y) - np.exp(y)[..., :, None],
        "delta_ij - exp(y_i) in place of delta_ij - exp(y_j).",
    ),
    _backward(
        "formula",
        "logarithm-for-probability",
        lambda z, y, dy: dy - y * dy.sum(axis=-1, keepdims=True),
        "y stands where exp(y) should.",
    ),
    _backward(
        "formula",
        "inner-product",
        lambda z, y, dy: dy - (dy * y).sum(axis=-1, keepdims=True),
        "dy - (dy . y), half of the formula of the softmax (oneDNN 616).",
    ),
    _backward(
        "formula",
        "cotangent-added",
        lambda z, y, dy: dy + np.exp(y),
        "dy + exp(y): dy stands where delta_ij should (mlpack 2360).",
    ),
    _backward(
        "formula",
        "jacobian-of-the-softmax",
        lambda z, y: softmax_jacobian(z, np.exp(y)),
        "diag(p) - p p^T, without the division by p that the logarithm brings.",
    ),
    _backward(
        "numerics",
        "divided-and-multiplied",
        _divided_and_multiplied,
        "dy is divided by exp(y) and multiplied again: 0 / 0 once it underflows (dynet 218).",
    ),
    _backward(
        "structure",
        "sum-over-the-batch",
        lambda z, y, dy: dy - np.exp(y) * dy.sum(),
        "The sum over dy runs over all rows.",
    ),
    _forward(
        "numerics",
        "logarithm-of-softmax",
        lambda z: np.log(softmax(z)),
        "log(softmax(z)) is -inf once the softmax underflows.",
    ),
    _forward(
        "numerics",
        "epsilon-in-the-logarithm",
        lambda z: np.log(softmax(z) + 1e-7),
        "1e-7 is added before the logarithm is taken.",
    ),
    _forward(
        "formula",
        "shift-forgotten",
        _shift_forgotten,
        "The largest z, subtracted before the exponential, is not added to the logarithm again.",
    ),
)

_LOGSUMEXP = (
    pair(
        "numerics",
        "logsumexp.without-maximum",
        lambda z: np.log(np.exp(z).sum(axis=-1, keepdims=True)),
        lambda z, y: np.exp(z - y)[..., None, :],
        lambda z: jax.nn.logsumexp(z, keepdims=True),
        "The largest z is not subtracted: exp overflows, or all of them underflow.",
    ),
    pair(
        "numerics",
        "logsumexp.jacobian-without-maximum",
        logsumexp,
        lambda z, y: (np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True))[..., None, :],
        lambda z: jax.nn.logsumexp(z, keepdims=True),
        "The forward is stable; the softmax in its Jacobian is not.",
    ),
    pair(
        "formula",
        "logsumexp.jacobian-of-the-maximum",
        logsumexp,
        lambda z, y: one_hot(z.argmax(axis=-1)[..., None], z),
        lambda z: jax.nn.logsumexp(z, keepdims=True),
        "The derivative of the maximum that was subtracted, and not of the rest.",
    ),
    pair(
        "formula",
        "logmeanexp.divided-again",
        lambda z: logsumexp(z) - np.log(z.dtype.type(z.shape[-1])),
        lambda z, y: softmax(z)[..., None, :] / z.shape[-1],
        lambda z: jax.nn.logsumexp(z, keepdims=True) - jnp.log(z.shape[-1]),
        "The mean's 1 / n, a constant in the logarithm, multiplies the Jacobian.",
    ),
    pair(
        "numerics",
        "logcumsumexp.maximum-of-the-row",
        _cumulative_logsumexp_by_maximum,
        _cumulative_jacobian,
        lambda z: jax.lax.associative_scan(jnp.logaddexp, z),
        "The row's maximum is subtracted, not the cumulative one: early sums underflow "
        "(tinygrad 6936).",
    ),
)

LOG_SOFTMAX: tuple[Entry, ...] = (*_LOG_SOFTMAX, *_LOGSUMEXP)
