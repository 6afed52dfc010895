"""The affine map and its derivatives (11-785 F24 lecture 5, slides 122-133, 140, 154-160)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from .checks import Array


@final
@dataclass(frozen=True)
class Affine:
    """z = W y + b for W (D, C) and b (D,); y holds rows, (..., C) -> (..., D)."""

    W: Array
    b: Array

    def forward(self, y: Array) -> Array:
        """z = W y + b for each row y."""
        return y @ self.W.T + self.b

    def jacobian_y(self) -> Array:
        """J_z(y) = W: (D, C)."""
        return self.W

    def jacobian_b(self) -> Array:
        """J_z(b) = I: (D, D)."""
        return np.eye(len(self.b), dtype=self.b.dtype)

    def jacobian_W(self, y: Array) -> Array:
        """J[i, k, j] = dz_i / dW_kj = y_j where i = k, else 0, for one y (C,): (D, D, C)."""
        return self.jacobian_b()[:, :, None] * y

    def vjp(self, y: Array, dz: Array) -> tuple[Array, Array, Array]:
        """The cotangents of W, b and y for that of z, for a batch y (T, C) and dz (T, D).

        For one instance D_W = y D_z, D_b = D_z and D_y = D_z W; the first two add up over the rows.
        The derivative by W is the transpose of W in shape; what is returned is the gradient.
        """
        dW = (y.T @ dz).T
        db = dz.sum(axis=0)
        dy = dz @ self.W
        return dW, db, dy
