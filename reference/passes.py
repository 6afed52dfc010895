"""What the forward and the backward pass leave behind, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from .checks import Array


@final
@dataclass(frozen=True)
class ForwardPass:
    """y[0] = x and, for each layer k, z[k] = W_k y[k] + b_k, y[k + 1] = f_k(z[k]); T rows each."""

    z: list[Array]
    y: list[Array]


@final
@dataclass(frozen=True)
class BackwardPass:
    """The derivatives of the mean loss, each in the shape of what it is by.

    For each layer k: dz[k] by z[k], weights[k] by W_k, biases[k] by b_k, and dy[k] by y[k], the
    input of the layer; so that dy[0] is the derivative by x.
    """

    dz: list[Array]
    weights: list[Array]
    biases: list[Array]
    dy: list[Array]

    def prepend(self, dz: Array, dW: Array, db: Array, dy: Array) -> None:
        """Keep the derivatives of a layer that comes before those kept so far."""
        self.dz.insert(0, dz)
        self.weights.insert(0, dW)
        self.biases.insert(0, db)
        self.dy.insert(0, dy)


@final
@dataclass(frozen=True)
class Gradients:
    """The mean loss over the rows, and its gradient by each parameter and by the input.

    weights[k] (D_k, width of y_{k-1}), biases[k] (D_k,), input like x: (T, D_0) or (D_0,).
    """

    loss: float
    weights: list[Array]
    biases: list[Array]
    input: Array
