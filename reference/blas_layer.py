"""The products of ``training_layer.py``, each added by BLAS to what it is for.

gemm is C <- alpha A B + beta C. With C = W the step is part of the product: W is read and written
once, and there is no array of its change. NumPy has no such product. All products of a step are
made here, so that the threads of NumPy's own BLAS do not wait for work beside SciPy's.

BLAS counts columns first: a batch of rows, as it lies in memory, is to BLAS its transpose.
"""

from __future__ import annotations

from typing import final

import numpy as np
from scipy.linalg import get_blas_funcs

from .checks import Array
from .descent import step_in_place
from .training_layer import TrainingLayer

#: BLAS adds up so many rows before it rounds to W. Of more, each part would be rounded on its own.
ROWS = 256


@final
class BlasLayer(TrainingLayer):
    """Calls gemm(alpha, A, B, beta, C), where C is overwritten, and gemv(alpha, A, x)."""

    def __init__(self, W: Array, b: Array, T: int) -> None:
        super().__init__(W, b, T)
        self.gemm, self.gemv = get_blas_funcs(("gemm", "gemv"), (self.W,))
        self.ones = np.ones(T, W.dtype)
        self.change = np.empty_like(self.W) if T > ROWS else None

    def forward(self, y: Array, z: Array) -> None:
        """See TrainingLayer: z^T <- W y^T + b."""
        z[...] = self.b
        self.gemm(1, self.W, y.T, 1, z.T, overwrite_c=True)

    def vjp_y(self, dz: Array, dy: Array) -> None:
        """See TrainingLayer: dy^T <- W^T dz^T."""
        self.gemm(1, self.W, dz.T, 0, dy.T, trans_a=True, overwrite_c=True)

    def descend(self, y: Array, dz: Array) -> None:
        """See TrainingLayer: W <- W - dz^T y, b <- b - dz^T 1."""
        step_in_place(self.b, self.gemv(1, dz.T, self.ones[: len(dz)]))
        if self.change is None:
            self.gemm(-1, dz.T, y.T, 1, self.W, trans_b=True, overwrite_c=True)
        else:
            self.gemm(1, dz.T, y.T, 0, self.change, trans_b=True, overwrite_c=True)
            step_in_place(self.W, self.change)
