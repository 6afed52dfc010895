"""Planted bugs of the softmax: wrong Jacobians, wrong axes, exponentials out of range."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from reference.checks import Array

from ..entry import Entry, Kind
from ..vector_functions import diagonal, maximum, outer, softmax, softmax_jacobian, softmax_vjp
from .forms import pair


def _backward(kind: Kind, what: str, backward: Callable[..., Any], about: str) -> Entry:
    """A right forward with a wrong Jacobian or vjp."""
    return pair(kind, f"softmax.{what}", softmax, backward, jax.nn.softmax, about)


def _forward(kind: Kind, what: str, forward: Callable[[Array], Array], about: str) -> Entry:
    """A wrong forward, with the Jacobian that its y would have."""
    return pair(kind, f"softmax.{what}", forward, softmax_jacobian, jax.nn.softmax, about)


def _over(axis: int) -> Callable[[Array], Array]:
    """The softmax over another axis, where there is one."""

    def forward(z: Array) -> Array:
        along = min(axis, z.ndim - 1)
        weights = np.exp(z - z.max(axis=along, keepdims=True))
        return weights / weights.sum(axis=along, keepdims=True)

    return forward


def _without_maximum(z: Array) -> Array:
    weights = np.exp(z)
    return weights / weights.sum(axis=-1, keepdims=True)


def _maximum_or_zero(z: Array) -> Array:
    weights = np.exp(z - np.maximum(maximum(z), 0))
    return weights / weights.sum(axis=-1, keepdims=True)


def _maximum_of_the_batch(z: Array) -> Array:
    weights = np.exp(z - z.max())
    return weights / weights.sum(axis=-1, keepdims=True)


def _sum_of_the_batch(z: Array) -> Array:
    weights = np.exp(z - maximum(z))
    return weights / weights.sum()


_JACOBIANS = (
    _backward(
        "formula",
        "diagonal-only",
        lambda z, y: diagonal(y * (1 - y)),
        "The Jacobian has nothing off its diagonal (deeplearning4j/libnd4j 440).",
    ),
    _backward(
        "formula",
        "off-diagonal-sign",
        lambda z, y: diagonal(y - 2 * y * y) + outer(y, y),
        "The entries off the diagonal are +y_i y_j.",
    ),
    _backward(
        "formula",
        "without-delta",
        lambda z, y: outer(y, 1 - y),
        "y_i (1 - y_j) for every i and j, as if all were on the diagonal.",
    ),
    _backward(
        "formula",
        "twice",
        lambda z, y: 2 * softmax_jacobian(z, y),
        "The Jacobian is twice what it should be (markroxor/fromscratchtoml 65).",
    ),
    _backward(
        "formula",
        "input-for-output",
        lambda z, y: softmax_jacobian(y, z),
        "diag(z) - z z^T: the formula for y, handed z.",
    ),
)

_VJPS = (
    _backward(
        "formula",
        "vjp-without-inner-sum",
        lambda z, y, dy: y * dy,
        "The sum over dy_i y_i is not subtracted (HomericIntelligence/Odyssey 2134).",
    ),
    _backward(
        "formula",
        "vjp-is-the-cotangent",
        lambda z, y, dy: dy.copy(),
        "dy is passed on as it came (pjreddie/darknet 96).",
    ),
    _backward(
        "formula",
        "vjp-unweighted-sum",
        lambda z, y, dy: y * (dy - dy.sum(axis=-1, keepdims=True)),
        "The inner sum is over dy_i, not over dy_i y_i.",
    ),
    _backward(
        "structure",
        "vjp-sum-over-the-batch",
        lambda z, y, dy: y * (dy - (dy * y).sum()),
        "The inner sum runs over all rows.",
    ),
)

_FORWARDS = (
    _forward(
        "numerics",
        "without-maximum",
        _without_maximum,
        "The largest z is not subtracted: exp overflows (numenta/nupic-legacy 3818).",
    ),
    _forward(
        "numerics",
        "maximum-or-zero",
        _maximum_or_zero,
        "max(0, max z) is subtracted: 0 / 0 where every z is very negative (NNlib.jl 43).",
    ),
    _forward(
        "numerics",
        "maximum-of-the-batch",
        _maximum_of_the_batch,
        "The largest z of the whole batch is subtracted: a row far below it becomes 0 / 0.",
    ),
    _forward(
        "structure",
        "sum-of-the-batch",
        _sum_of_the_batch,
        "The weights are divided by their sum over all rows (deeplearning4j/nd4j 44).",
    ),
    _forward(
        "structure",
        "first-axis",
        _over(0),
        "It runs over axis 0, the rows of a batch (perone/euclidesdb 2).",
    ),
    _forward(
        "structure",
        "second-axis",
        _over(1),
        "It runs over axis 1: right for a matrix, wrong for three axes (intel/ipex-llm 1934).",
    ),
    _forward(
        "numerics",
        "clipped",
        lambda z: np.clip(softmax(z), 1e-7, 1 - 1e-7),
        "y is clipped to [1e-7, 1 - 1e-7], for the sake of a logarithm later on.",
    ),
)

_RELATIVES = (
    pair(
        "formula",
        "softmax.temperature-in-the-forward-only",
        lambda z: softmax(z / 2),
        softmax_jacobian,
        lambda z: jax.nn.softmax(z / 2),
        "The softmax of z / 2 with the Jacobian of the softmax of z.",
    ),
    pair(
        "formula",
        "softmax.temperature-inverted",
        lambda z: softmax(z / 2),
        lambda z, y: 2 * softmax_jacobian(z, y),
        lambda z: jax.nn.softmax(z / 2),
        "The chain rule multiplies by the temperature where it should divide.",
    ),
    pair(
        "formula",
        "softmin.sign",
        lambda z: softmax(-z),
        softmax_vjp,
        lambda z: jax.nn.softmax(-z),
        "The softmax of -z: the minus sign is lost in the vjp.",
    ),
)

SOFTMAX: tuple[Entry, ...] = (*_JACOBIANS, *_VJPS, *_FORWARDS, *_RELATIVES)
