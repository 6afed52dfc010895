"""Bugs where backprop begins, the loss and its derivative, and where it branches, the maxima."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference import (
    BinaryKLDivergence,
    Divergence,
    ForwardPass,
    GroupMax,
    KLDivergence,
    Max,
    Network,
    SigmoidBinaryKL,
    Softmax,
    SoftmaxKL,
    SquaredError,
)
from reference.checks import Array

from .bug import NetworkBug, after


def _loss_of_entries(
    right: float, self: Network, forward: ForwardPass, d: Array, divergence: Divergence
) -> float:
    return right / d.shape[1]


def _hard_target(right: Array, self: SoftmaxKL, z: Array, d: Array) -> Array:
    return Softmax().forward(z) - np.eye(z.shape[-1], dtype=z.dtype)[d.argmax(axis=-1)]


def _to_the_smallest(right: Array, self: Max, z: Array, y: Array, dy: Array) -> Array:
    return np.where(np.arange(z.shape[-1]) == z.argmin(axis=-1)[..., None], dy, 0)


def _to_the_first_rows(right: Array, self: Max, z: Array, y: Array, dy: Array) -> Array:
    winner = z.reshape(-1, z.shape[-1])[0].argmax()
    return np.where(np.arange(z.shape[-1]) == winner, dy, 0)


def _overwritten(right: Array, self: GroupMax, z: Array, y: Array, dy: Array) -> Array:
    dz = np.zeros_like(z)
    for i, winner in enumerate(np.moveaxis(self.jacobian(z, y), -2, 0).astype(bool)):
        dz[winner] = dy[..., i].ravel()
    return dz


def _negative(right: Array, *_: Any) -> Array:
    return -right


LOSS_BUGS = (
    NetworkBug(
        "loss.sum",
        "the loss is a sum over the rows, its gradients are those of the mean",
        after(Network, "mean_divergence", lambda right, self, forward, d, div: right * len(d)),
    ),
    NetworkBug(
        "loss.of-entries",
        "the loss is a mean over rows and units, its gradients are those of the mean over rows",
        after(Network, "mean_divergence", _loss_of_entries),
    ),
    NetworkBug(
        "divergence.sign",
        "the derivative of the squared error is d - y",
        after(SquaredError, "derivative", _negative),
    ),
    NetworkBug(
        "divergence.factor",
        "the derivative of the squared error is 2 (y - d), though the loss has the 1/2",
        after(SquaredError, "derivative", lambda right, *_: 2 * right),
    ),
    NetworkBug(
        "divergence.epsilon",
        "the derivative of KL is -d / (y + 1e-7), though the loss has no such term",
        after(KLDivergence, "derivative", lambda right, self, y, d: -d / (y + y.dtype.type(1e-7))),
    ),
    NetworkBug(
        "divergence.half",
        "the derivative of binary KL is -d / y: the term of 1 - y is left out",
        after(BinaryKLDivergence, "derivative", lambda right, self, y, d: -d / y),
    ),
    NetworkBug(
        "fused.sign",
        "the derivative of the sigmoid with binary KL is d - y",
        after(SigmoidBinaryKL, "derivative", _negative),
    ),
    NetworkBug(
        "fused.hard-target",
        "softmax with KL takes the class of the largest d, though targets may be soft",
        after(SoftmaxKL, "derivative", _hard_target),
    ),
    NetworkBug(
        "max.wrong-unit",
        "the gradient of a maximum goes to the smallest unit",
        after(Max, "vjp", _to_the_smallest),
    ),
    NetworkBug(
        "max.first-row",
        "the unit that wins in the first row receives the gradients of all rows",
        after(Max, "vjp", _to_the_first_rows),
    ),
    NetworkBug(
        "max.overwritten",
        "a unit that wins in two groups receives the gradient of the last, not the sum",
        after(GroupMax, "vjp", _overwritten),
    ),
)
