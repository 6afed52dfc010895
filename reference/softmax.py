"""The softmax. Source: 11-785 F24 lecture 5, slides 99-103."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from .activation import VectorActivation
from .checks import Array


@final
@dataclass(frozen=True)
class Softmax(VectorActivation):
    """y_i = exp(z_i) / sum_j exp(z_j), dy_i/dz_j = y_i (delta_ij - y_j)."""

    def output_width(self, n: int) -> int:
        """Every width is taken and kept."""
        return n

    def forward(self, z: Array) -> Array:
        """The largest z is subtracted first: y is the same, and no exponential overflows."""
        y = np.empty_like(z)
        self.training_forward_into(z, y)
        return y

    def jacobian(self, z: Array, y: Array) -> Array:
        """diag(y) - y y^T: (..., n, n)."""
        identity = np.eye(y.shape[-1], dtype=y.dtype)
        return y[..., :, None] * (identity - y[..., None, :])

    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        """dz_j = y_j (dy_j - sum_i dy_i y_i), in O(n)."""
        dz = np.empty_like(z)
        self.vjp_into(z, y, dy, dz)
        return dz

    def training_forward_into(self, z: Array, out: Array) -> None:
        """See ``forward``."""
        np.subtract(z, z.max(axis=-1, keepdims=True), out=out)
        np.exp(out, out=out)
        out /= out.sum(axis=-1, keepdims=True)

    def vjp_into(self, z: Array, y: Array, dy: Array, out: Array) -> None:
        """See ``vjp``."""
        np.multiply(dy, y, out=out)
        np.subtract(dy, out.sum(axis=-1, keepdims=True), out=out)
        out *= y
