"""Linear combinations and polynomials as vector activations (11-785 F24 lecture 5, slide 105)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np

from .activation import VectorActivation
from .checks import Array, finite_array
from .product import Product


@final
@dataclass(frozen=True)
class LinearCombination(VectorActivation):
    """y = A z for a fixed matrix A (m, n); its Jacobian is A."""

    matrix: Sequence[Sequence[float]]
    _A: Array = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        A = finite_array(self.matrix, "matrix", np.float64)
        if A.ndim != 2 or 0 in A.shape:
            raise ValueError(f"matrix must have shape (m, n), got {A.shape}")
        object.__setattr__(self, "matrix", tuple(map(tuple, A.tolist())))
        object.__setattr__(self, "_A", A)

    def output_width(self, n: int) -> int:
        """m; ValueError unless n is the number of columns of A."""
        m, columns = self._A.shape
        if n != columns:
            raise ValueError(
                f"LinearCombination with a matrix of shape {self._A.shape} "
                f"needs z of width {columns}, got {n}"
            )
        return int(m)

    def forward(self, z: Array) -> Array:
        """A z for each row z: (..., n) -> (..., m)."""
        self.output_width(z.shape[-1])
        return z @ self._A.T.astype(z.dtype)

    def jacobian(self, z: Array, y: Array) -> Array:
        """A, for every z: (..., m, n)."""
        return np.tile(self._A.astype(z.dtype), (*z.shape[:-1], 1, 1))

    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        """dz = dy A."""
        return dy @ self._A.astype(dy.dtype)


@final
@dataclass(frozen=True)
class Polynomial(VectorActivation):
    """y_i = sum_k c_ik prod_l z_l^e_kl: coefficients c (m, M) times M monomials e (M, n).

    The monomials are a Product with exponents e^T, so y = C p(z) and J_y(z) = C J_p(z).
    """

    exponents: Sequence[Sequence[int]]
    coefficients: Sequence[Sequence[float]]
    _monomials: Product = field(init=False, repr=False, compare=False)
    _combination: LinearCombination = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        exponents = finite_array(self.exponents, "exponents", np.float64)
        coefficients = finite_array(self.coefficients, "coefficients", np.float64)
        if exponents.ndim != 2 or 0 in exponents.shape:
            raise ValueError(f"exponents must have shape (M, n), got {exponents.shape}")
        if np.any((exponents < 0) | (exponents != np.round(exponents))):
            raise ValueError(f"exponents must be whole numbers from 0 up, got {self.exponents!r}")
        if coefficients.ndim != 2 or coefficients.shape[1] != exponents.shape[0]:
            raise ValueError(
                f"coefficients must have shape (m, {exponents.shape[0]}), got {coefficients.shape}"
            )
        whole = exponents.astype(int).tolist()
        object.__setattr__(self, "exponents", tuple(map(tuple, whole)))
        object.__setattr__(self, "coefficients", tuple(map(tuple, coefficients.tolist())))
        object.__setattr__(self, "_monomials", Product(exponents.T.tolist()))
        object.__setattr__(self, "_combination", LinearCombination(coefficients.tolist()))

    def output_width(self, n: int) -> int:
        """m; ValueError unless n is the number of variables of the monomials."""
        if n != len(self.exponents[0]):
            raise ValueError(
                f"Polynomial in {len(self.exponents[0])} variables "
                f"needs z of width {len(self.exponents[0])}, got {n}"
            )
        return len(self.coefficients)

    def forward(self, z: Array) -> Array:
        """(..., n) -> (..., m)."""
        return self._combination.forward(self._monomials.forward(z))

    def jacobian(self, z: Array, y: Array) -> Array:
        """C J_p(z): (..., m, n)."""
        monomials = self._monomials.forward(z)
        outer = self._combination.jacobian(monomials, y)
        return outer @ self._monomials.jacobian(z, monomials)
