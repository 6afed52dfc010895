"""Planted bugs of sparsemax, the entropy of a softmax, and attention."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array

from ..entry import Entry, Kind
from ..vector_functions import (
    diagonal,
    halves,
    identity,
    log_softmax,
    maximum,
    outer,
    softmax,
    sparsemax,
)
from .forms import pair


def _sparsemax_oracle(z: jax.Array) -> jax.Array:
    shifted = z - jnp.max(z)
    ordered = jnp.sort(shifted)[::-1]
    excess = jnp.cumsum(ordered) - 1
    size = jnp.sum(jnp.arange(1, z.shape[0] + 1) * ordered > excess)
    return jnp.maximum(shifted - excess[size - 1] / size, 0)


def _sparsemax_bug(kind: Kind, what: str, backward: Callable[..., Any], about: str) -> Entry:
    """A right sparsemax with a wrong Jacobian or vjp."""
    return pair(kind, f"sparsemax.{what}", sparsemax, backward, _sparsemax_oracle, about)


def _support(y: Array) -> Array:
    return (y > 0).astype(y.dtype)


def _mean_over_the_width(z: Array, y: Array) -> Array:
    s = _support(y)
    return diagonal(s) - outer(s, s) / z.shape[-1]


def _support_counted_along(axis: int) -> Callable[[Array, Array, Array], Array]:
    """The right vjp but for the axis of its sums, where there are that many."""

    def vjp(z: Array, y: Array, dy: Array) -> Array:
        s, along = _support(y), min(axis, y.ndim - 1)
        inside = np.maximum(s.sum(axis=along, keepdims=True), 1)
        return s * (dy - (s * dy).sum(axis=along, keepdims=True) / inside)

    return vjp


def _threshold_from_every_sum(z: Array) -> Array:
    shifted = z - maximum(z)
    ordered = -np.sort(-shifted, axis=-1)
    sums = np.cumsum(ordered, axis=-1)
    inside = np.arange(1, z.shape[-1] + 1, dtype=z.dtype) * ordered > sums - 1
    size = inside.sum(axis=-1, keepdims=True).astype(z.dtype)
    tau = (np.where(inside, sums, 0).sum(axis=-1, keepdims=True) - 1) / size
    return np.maximum(shifted - tau, 0)


def _support_jacobian(z: Array, y: Array) -> Array:
    s = _support(y)
    size = np.maximum(s.sum(axis=-1), 1)[..., None, None]
    return diagonal(s) - outer(s, s) / size


_SPARSEMAX = (
    _sparsemax_bug(
        "formula",
        "support-of-everything",
        lambda z, y: np.broadcast_to(identity(z) - 1 / z.shape[-1], (*y.shape, y.shape[-1])).copy(),
        "I - 1/n: every input is taken to be in the support.",
    ),
    _sparsemax_bug(
        "formula",
        "mean-over-the-width",
        _mean_over_the_width,
        "The mean over the support is divided by n, not by the size of the support.",
    ),
    _sparsemax_bug(
        "formula",
        "diagonal-only",
        lambda z, y: diagonal(_support(y)),
        "The derivative of the threshold is missing.",
    ),
    _sparsemax_bug(
        "structure",
        "second-axis",
        _support_counted_along(1),
        "The vjp sums along axis 1: right for a matrix, wrong for three axes (entmax 13).",
    ),
    pair(
        "formula",
        "sparsemax.threshold-from-every-sum",
        _threshold_from_every_sum,
        _support_jacobian,
        _sparsemax_oracle,
        "The threshold adds up all cumulative sums in the support in place of the last (keras "
        "23426).",
    ),
)


def _entropy(z: Array) -> Array:
    """-sum p log p for p = softmax(z): (..., 1)."""
    logarithms = log_softmax(z)
    return -(np.exp(logarithms) * logarithms).sum(axis=-1, keepdims=True)


def _entropy_oracle(z: jax.Array) -> jax.Array:
    return -jnp.sum(jax.nn.softmax(z) * jax.nn.log_softmax(z), keepdims=True)


def _entropy_from_probabilities(z: Array) -> Array:
    p = softmax(z)
    return -(p * np.log(p)).sum(axis=-1, keepdims=True)


def _entropy_jacobian(z: Array, y: Array) -> Array:
    return -(softmax(z) * (log_softmax(z) + y))[..., None, :]


_ENTROPY = (
    pair(
        "numerics",
        "entropy.zero-times-infinity",
        _entropy_from_probabilities,
        _entropy_jacobian,
        _entropy_oracle,
        "p log p is 0 times -inf once p underflows (huggingface/trl 7251).",
    ),
    pair(
        "formula",
        "entropy.own-value-missing",
        _entropy,
        lambda z, y: -(softmax(z) * log_softmax(z))[..., None, :],
        _entropy_oracle,
        "-p log p in place of -p (log p + y).",
    ),
    pair(
        "formula",
        "entropy.by-the-probabilities",
        _entropy,
        lambda z, y: -(log_softmax(z) + 1)[..., None, :],
        _entropy_oracle,
        "-(log p + 1), the derivative by p: the softmax is left out.",
    ),
)


def _attention(z: Array) -> Array:
    """sum_i softmax(a)_i b_i for the halves a (scores) and b (values) of z: (..., 1)."""
    a, b = halves(z)
    return (softmax(a) * b).sum(axis=-1, keepdims=True)


def _attention_oracle(z: jax.Array) -> jax.Array:
    a, b = jnp.split(z, 2)
    return jnp.sum(jax.nn.softmax(a) * b, keepdims=True)


def _attention_jacobian(by_scores: Callable[[Array, Array, Array], Array]) -> Any:
    """(by_scores(p, b, y), p), of which the first part is wrong: (..., 1, n)."""

    def jacobian(z: Array, y: Array) -> Array:
        a, b = halves(z)
        p = softmax(a)
        return np.concatenate([by_scores(p, b, y), p], axis=-1)[..., None, :]

    return jacobian


_ATTENTION = (
    pair(
        "formula",
        "attention.weights-held-constant",
        _attention,
        _attention_jacobian(lambda p, b, y: np.zeros_like(b)),
        _attention_oracle,
        "The derivative by the scores is missing.",
    ),
    pair(
        "formula",
        "attention.values-not-centred",
        _attention,
        _attention_jacobian(lambda p, b, y: p * b),
        _attention_oracle,
        "p b in place of p (b - y), the diagonal of the softmax alone.",
    ),
)

PROBABILITIES: tuple[Entry, ...] = (*_SPARSEMAX, *_ENTROPY, *_ATTENTION)
