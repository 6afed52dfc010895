"""A layer that is being trained: the products of a step, in arrays that are there already."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import final

import numpy as np

from .affine import Affine
from .checks import Array
from .descent import step_in_place


class TrainingLayer(ABC):
    """z = W y + b, whose W (D, C) and b (D,) change in place; y, z, dy and dz hold T rows each.

    W stands in memory column by column, which makes y W^T the fastest of the matrix products.
    """

    def __init__(self, W: Array, b: Array) -> None:
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
    """Each product in an array for it, and then what it is for."""

    def __init__(self, W: Array, b: Array) -> None:
        super().__init__(W, b)
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


def training_layer(W: Array, b: Array) -> TrainingLayer:
    """A copy of W and b to be trained: with SciPy's BLAS where SciPy is installed."""
    try:
        from .blas_layer import BlasLayer
    except ModuleNotFoundError:
        return NumPyLayer(W, b)
    return BlasLayer(W, b)
