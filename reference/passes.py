"""What the forward and the backward pass leave behind, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from .checks import Array


@final
@dataclass(frozen=True)
class ForwardPass:
    """z_1..z_N in z, and y_0 = x, y_1..y_N in y; T rows each.

    So index k of z belongs to the same layer as weights[k], and its output is y[k + 1].
    """

    z: list[Array]
    y: list[Array]


@final
@dataclass(frozen=True)
class BackwardPass:
    """The derivatives of the mean loss, each in the shape of what it is by.

    At index k, of the network's layer at index k: dz by z, weights by W, biases by b, and dy by its
    input; so that dy[0] is the derivative by x.
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

    weights and biases are lists of arrays in the shapes of the network's, input is like x: (T, D_0)
    or (D_0,).
    """

    loss: float
    weights: list[Array]
    biases: list[Array]
    input: Array
