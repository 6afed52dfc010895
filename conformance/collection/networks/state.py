"""Bugs of bookkeeping: what is kept between two calls, and what is overwritten on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from reference import BackwardPass, Divergence, ForwardPass, Gradients, Network
from reference.checks import Array

from .bug import NetworkBug, after


def _kept(network: Network, name: str, first: Any) -> Any:
    """What an earlier call left on the network under this name, ``first`` if there was none."""
    return vars(network).setdefault(name, first)


def _accumulated(right: Gradients, self: Network, *_: Any) -> Gradients:
    earlier = _kept(self, "earlier", right)
    if earlier is not right:
        weights = [a + b for a, b in zip(earlier.weights, right.weights, strict=True)]
        biases = [a + b for a, b in zip(earlier.biases, right.biases, strict=True)]
        right = replace(right, weights=weights, biases=biases)
    vars(self)["earlier"] = right
    return right


def _buffered(right: Gradients, self: Network, *_: Any) -> Gradients:
    buffers = _kept(self, "buffers", right.weights)
    for buffer, dW in zip(buffers, right.weights, strict=True):
        np.copyto(buffer, dW)
    return replace(right, weights=buffers)


def _stale(passed: BackwardPass, self: Network, forward: ForwardPass, *_: Any) -> BackwardPass:
    earlier = _kept(self, "earlier", forward.y)
    vars(self)["earlier"] = forward.y
    for k, dz in enumerate(passed.dz):
        if earlier[k].shape == forward.y[k].shape:
            passed.weights[k] = dz.T @ earlier[k]
    return passed


def _first_T(right: Gradients, self: Network, x: Array, *_: Any) -> Gradients:
    T = len(np.atleast_2d(x))
    factor = T / _kept(self, "T", T)
    return replace(right, weights=[factor * dW for dW in right.weights])


def _subtracted(
    passed: BackwardPass, self: Network, forward: ForwardPass, d: Array, divergence: Divergence
) -> BackwardPass:
    forward.y[-1][...] -= d
    return passed


def _reversed(right: Gradients, *_: Any) -> Gradients:
    return replace(right, weights=right.weights[::-1], biases=right.biases[::-1])


def _unscaled_input(right: Gradients, self: Network, x: Array, *_: Any) -> Gradients:
    return replace(right, input=right.input * len(np.atleast_2d(x)))


STATE_BUGS = (
    NetworkBug(
        "state.accumulated",
        "the gradients of every call are added to those of the calls before",
        after(Network, "gradients", _accumulated),
    ),
    NetworkBug(
        "state.buffered",
        "the gradients of every call are written over those of the call before",
        after(Network, "gradients", _buffered),
    ),
    NetworkBug(
        "state.stale",
        "dW takes the y of the forward pass before, where it has the same shape",
        after(Network, "backward_pass", _stale),
    ),
    NetworkBug(
        "state.first-T",
        "1/T in dW takes the T of the first batch that the network saw",
        after(Network, "gradients", _first_T),
    ),
    NetworkBug(
        "state.overwritten",
        "y - d is computed in place, over the output that the forward pass recorded",
        after(Network, "backward_pass", _subtracted),
    ),
    NetworkBug(
        "layers.reversed",
        "the gradients are listed as they are found, from the last layer to the first",
        after(Network, "gradients", _reversed),
    ),
    NetworkBug(
        "input.zero",
        "the gradient by the input is zero",
        after(Network, "gradients", lambda right, *_: replace(right, input=0 * right.input)),
    ),
    NetworkBug(
        "input.of-the-sum",
        "the gradient by the input is that of the sum, the others are those of the mean",
        after(Network, "gradients", _unscaled_input),
    ),
)
