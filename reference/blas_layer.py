"""The same products, each added by BLAS to what it is for.

gemm is C <- alpha A B + beta C. With C = W the step is part of the product: W is read and written
once, and there is no array of its change. NumPy has no such product. All products of a step are
made here, so that the threads of NumPy's own BLAS do not wait for work beside SciPy's.
"""

from __future__ import annotations

from typing import final

import numpy as np
from scipy.linalg import get_blas_funcs

from .checks import Array
from .training_layer import TrainingLayer


@final
class BlasLayer(TrainingLayer):
    """BLAS counts columns first: what it is given of rows is their transpose, the same memory."""

    def __init__(self, W: Array, b: Array) -> None:
        super().__init__(W, b)
        self.gemm, self.gemv = get_blas_funcs(("gemm", "gemv"), (self.W,))
        self.ones = np.ones(1, b.dtype)

    def forward(self, y: Array, z: Array) -> None:
        """See TrainingLayer."""
        z[...] = self.b
        self.gemm(1, self.W, y.T, 1, z.T, overwrite_c=True)

    def vjp_y(self, dz: Array, dy: Array) -> None:
        """See TrainingLayer."""
        self.gemm(1, self.W, dz.T, 0, dy.T, trans_a=True, overwrite_c=True)

    def descend(self, y: Array, dz: Array) -> None:
        """See TrainingLayer."""
        if len(self.ones) < len(dz):
            self.ones = np.ones(len(dz), dz.dtype)
        self.gemm(-1, dz.T, y.T, 1, self.W, trans_b=True, overwrite_c=True)
        self.gemv(-1, dz.T, self.ones[: len(dz)], 1, self.b, overwrite_y=True)
