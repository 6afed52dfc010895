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
        weights = np.exp(z - z.max(axis=-1, keepdims=True))
        return weights / weights.sum(axis=-1, keepdims=True)

    def jacobian(self, z: Array, y: Array) -> Array:
        """diag(y) - y y^T: (..., n, n)."""
        identity = np.eye(y.shape[-1], dtype=y.dtype)
        return y[..., :, None] * (identity - y[..., None, :])

    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        """dz_j = y_j (dy_j - sum_i dy_i y_i), in O(n)."""
        return y * (dy - (dy * y).sum(axis=-1, keepdims=True))
