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

    def forward(self, y: Array, out: Array | None = None) -> Array:
        """z = W y + b for each row y; in ``out`` where it is given."""
        z = np.matmul(y, self.W.T, out=out)
        z += self.b
        return z

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
        return *self.vjp_parameters(y, dz), self.vjp_y(dz)

    def vjp_parameters(self, y: Array, dz: Array, out: Affine | None = None) -> tuple[Array, Array]:
        """The cotangents of W (D, C) and b (D,); in the W and b of ``out`` where that is given."""
        dW, db = (None, None) if out is None else (out.W, out.b)
        return np.matmul(dz.T, y, out=dW), np.add.reduce(dz, axis=0, out=db)

    def vjp_y(self, dz: Array, out: Array | None = None) -> Array:
        """The cotangent of y (T, C); in ``out`` where it is given."""
        return np.matmul(dz, self.W, out=out)
