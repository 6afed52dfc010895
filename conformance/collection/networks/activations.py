"""Bugs where the backward pass goes through activations: which f, which z, and whether at all."""

from __future__ import annotations

import numpy as np

from reference import Activation, Divergence, ForwardPass, KLDivergence, Network, Softmax
from reference.checks import Array

from .backward import bug_at_activations, bug_at_start, right_through


def _skipped(network: Network, forward: ForwardPass, k: int, dy: Array) -> Array:
    fits = dy.shape == forward.z[k].shape
    return dy.copy() if fits else right_through(network, forward, k, dy)


def _next_z(network: Network, forward: ForwardPass, k: int, dy: Array) -> Array:
    z = forward.z[k + 1] if forward.z[k + 1].shape == forward.z[k].shape else forward.z[k]
    return network.activations[k].vjp(z, forward.y[k + 1], dy)


def _y_for_z(network: Network, forward: ForwardPass, k: int, dy: Array) -> Array:
    y = forward.y[k + 1]
    z = y if y.shape == forward.z[k].shape else forward.z[k]
    return network.activations[k].vjp(z, y, dy)


def _first_activation(network: Network, forward: ForwardPass, k: int, dy: Array) -> Array:
    z, f = forward.z[k], network.activations[0]
    fits = _output_width(f, z.shape[-1]) == dy.shape[-1]
    return (f if fits else network.activations[k]).vjp(z, forward.y[k + 1], dy)


def _output_width(activation: Activation, n: int) -> int | None:
    try:
        return activation.output_width(n)
    except ValueError:
        return None


def _divided(network: Network, forward: ForwardPass, k: int, dy: Array) -> Array:
    return right_through(network, forward, k, dy) / len(dy)


def _flushed(network: Network, forward: ForwardPass, k: int, dy: Array) -> Array:
    return right_through(network, forward, k, np.where(np.abs(dy) < 1e-3, 0, dy))


def _last_skipped(
    dz: Array, network: Network, forward: ForwardPass, d: Array, divergence: Divergence
) -> Array:
    y = forward.y[-1]
    return divergence.derivative(y, d) / len(d) if y.shape == dz.shape else dz


def _shortcut(
    dz: Array, network: Network, forward: ForwardPass, d: Array, divergence: Divergence
) -> Array:
    softmax = isinstance(network.activations[-1], Softmax)
    wrong = softmax and not isinstance(divergence, KLDivergence)
    return (forward.y[-1] - d) / len(d) if wrong else dz


ACTIVATION_BUGS = (
    bug_at_activations("hidden.skipped", "f' is left out of hidden layers: dz = dy", _skipped),
    bug_at_activations(
        "hidden.next-z", "the vjp of f_k is taken at the z of layer k + 1, where it fits", _next_z
    ),
    bug_at_activations("hidden.y-for-z", "the vjp is taken at y in place of z", _y_for_z),
    bug_at_activations(
        "hidden.first-activation",
        "the vjp of the first layer's activation serves every hidden layer that it fits",
        _first_activation,
    ),
    bug_at_activations(
        "hidden.divided", "1/T is applied at every layer, not once at the loss", _divided
    ),
    bug_at_activations("hidden.flushed", "cotangents below 1e-3 are taken for zero", _flushed),
    bug_at_start("last.skipped", "f' is left out of the last layer: dz = dy", _last_skipped),
    bug_at_start(
        "last.shortcut",
        "dz = y - d, which is for softmax with KL, serves softmax with any divergence",
        _shortcut,
    ),
)
