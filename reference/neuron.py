"""The network neuron by neuron, in plain loops: the first half of the lecture.

This is for reading. The bias of a neuron is its weight 0, on a constant y_0 = 1. Units are counted
from 1 as in the lecture, so that y[k][0] is that constant and z[k][0] is not used. A dot over a
variable, here ``y_dot``, is the derivative of the divergence with respect to it: the overdots of
slide 89. ``network.py`` computes the same in matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from .activation import Activation
from .checks import Array
from .divergence import Divergence

#: w[k][i][j] joins unit i of layer k - 1 to unit j of layer k; w[0] and w[k][i][0] are not used.
Weights = list[list[list[float]]]


@final
@dataclass(frozen=True)
class Derivatives:
    """The divergence of one instance, and the dots: y_dot[k][i], z_dot[k][j], w_dot[k][i][j]."""

    divergence: float
    y_dot: list[list[float]]
    z_dot: list[list[float]]
    w_dot: Weights


def extended_weights(weights: Sequence[Array], biases: Sequence[Array]) -> Weights:
    """The lecture's w_ij^(k), w_0j^(k) the bias of unit j, from matrices W_k and b_k (slide 8)."""
    w: Weights = [[]]
    for W, b in zip(weights, biases, strict=True):
        units, inputs = W.shape
        w.append([[0.0] * (units + 1) for _ in range(inputs + 1)])
        for j in range(1, units + 1):
            w[-1][0][j] = float(b[j - 1])
            for i in range(1, inputs + 1):
                w[-1][i][j] = float(W[j - 1, i - 1])
    return w


def forward(
    w: Weights, activations: Sequence[Activation], x: Sequence[float]
) -> tuple[list[list[float]], list[list[float]]]:
    """Every z[k][j] and y[k][j] of one instance x (slide 44)."""
    N = len(activations)
    y = [[1.0, *map(float, x)]]
    z: list[list[float]] = [[]]
    for k in range(1, N + 1):
        z.append([0.0])
        for j in range(1, len(w[k][0])):
            z[k].append(0.0)
            for i in range(len(y[k - 1])):
                z[k][j] += w[k][i][j] * y[k - 1][i]
        outputs = activations[k - 1].forward(np.array(z[k][1:]))
        y.append([1.0, *map(float, outputs)])
    return z, y


def backward(
    w: Weights,
    activations: Sequence[Activation],
    z: list[list[float]],
    y: list[list[float]],
    d: Sequence[float],
    divergence: Divergence,
) -> Derivatives:
    """Every derivative of the divergence of one instance (slides 87-89, and 103 for vectors)."""
    N = len(activations)
    y_dot = [[0.0] * len(layer) for layer in y]
    z_dot = [[0.0] * len(layer) for layer in z]
    w_dot: Weights = [[[0.0] * len(row) for row in layer] for layer in w]

    output, target = np.array(y[N][1:]), np.array(d, dtype=float)
    y_dot[N][1:] = map(float, divergence.derivative(output, target))

    for k in range(N, 0, -1):
        # The derivative of y_i by z_j; a scalar activation has it for i = j only.
        jacobian = activations[k - 1].jacobian(np.array(z[k][1:]), np.array(y[k][1:]))
        for j in range(1, len(z[k])):
            for i in range(1, len(y[k])):
                z_dot[k][j] += y_dot[k][i] * float(jacobian[i - 1, j - 1])

        for i in range(len(y[k - 1])):
            for j in range(1, len(z[k])):
                w_dot[k][i][j] = y[k - 1][i] * z_dot[k][j]

        for i in range(1, len(y[k - 1])):
            for j in range(1, len(z[k])):
                y_dot[k - 1][i] += w[k][i][j] * z_dot[k][j]

    value = float(divergence.value(output, target))
    return Derivatives(value, y_dot, z_dot, w_dot)


def matrix_gradients(w_dot: Weights) -> tuple[list[Array], list[Array]]:
    """The dots of the weights as matrices shaped like W_k and b_k, undoing ``extended_weights``."""
    weights, biases = [], []
    for layer in w_dot[1:]:
        dots = np.array(layer)[:, 1:].T
        biases.append(dots[:, 0])
        weights.append(dots[:, 1:])
    return weights, biases
