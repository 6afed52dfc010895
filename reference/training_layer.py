"""A layer that is being trained: the products of a step, in arrays that are there already."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cache
from typing import final

import numpy as np

from .affine import Affine
from .checks import Array
from .descent import step_in_place
from .network import Network


class TrainingLayer(ABC):
    """z = W y + b, whose W (D, C) and b (D,) change in place; y, z, dy and dz hold up to T rows.

    W stands in memory column by column, which makes y W^T the fastest of the matrix products.
    """

    def __init__(self, W: Array, b: Array, T: int) -> None:
        self.W, self.b = W.copy(order="F"), b.copy()

    @abstractmethod
    def forward(self, y: Array, z: Array) -> None:
        """z = W y + b, for y (T, C) in z (T, D)."""

    @abstractmethod
    def vjp_y(self, dz: Array, dy: Array) -> None:
        """D_y = D_z W, for dz (T, D) in dy (T, C)."""

    @abstractmethod
    def descend(self, y: Array, dz: Array) -> None:
        """W <- W - D_W^T and b <- b - D_b^T, where D_W = y D_z and D_b = D_z (slide 193).

        dz (T, D) carries the step size; the derivatives add up over the rows.
        """


@final
class NumPyLayer(TrainingLayer):
    """The change of W and b in arrays of its own, which is then subtracted."""

    def __init__(self, W: Array, b: Array, T: int) -> None:
        super().__init__(W, b, T)
        self.affine = Affine(self.W, self.b)
        self.change = Affine(np.empty_like(self.W), np.empty_like(self.b))

    def forward(self, y: Array, z: Array) -> None:
        """See TrainingLayer."""
        self.affine.forward(y, out=z)

    def vjp_y(self, dz: Array, dy: Array) -> None:
        """See TrainingLayer."""
        self.affine.vjp_y(dz, out=dy)

    def descend(self, y: Array, dz: Array) -> None:
        """See TrainingLayer."""
        self.affine.vjp_parameters(y, dz, out=self.change)
        step_in_place(self.W, self.change.W)
        step_in_place(self.b, self.change.b)


def training_layers(network: Network, T: int) -> list[TrainingLayer]:
    """A copy of each layer, to be trained on batches of up to T rows."""
    pairs = zip(network.weights, network.biases, strict=True)
    dtype = network.dtype
    return [fastest()(np.asarray(W, dtype), np.asarray(b, dtype), T) for W, b in pairs]


@cache
def fastest() -> type[TrainingLayer]:
    """With SciPy's BLAS, where there is a SciPy that fits this NumPy."""
    try:
        from .blas_layer import BlasLayer
    except (ImportError, AttributeError):
        return NumPyLayer
    return BlasLayer
