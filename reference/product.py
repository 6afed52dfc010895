"""Multiplicative units. Source: 11-785 F24 lecture 5, slides 106-109.

No derivative divides by z: zeros, several of them, are ordinary inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from .activation import VectorActivation
from .checks import Array, finite_array, whole_number


@final
@dataclass(frozen=True)
class Product(VectorActivation):
    """y_i = prod_l z_l^alpha_li, for exponents alpha (n, m); by default one product of all z.

    dy_i/dz_j = alpha_ji z_j^(alpha_ji - 1) prod_{l != j} z_l^alpha_li.
    Where every exponent is a non-negative integer, z may be any real; else z must be positive.
    """

    exponents: Sequence[Sequence[float]] | None = None

    def __post_init__(self) -> None:
        if self.exponents is None:
            return
        alpha = finite_array(self.exponents, "exponents", np.float64)
        if alpha.ndim != 2 or 0 in alpha.shape:
            raise ValueError(f"exponents must have shape (n, m), got {alpha.shape}")
        object.__setattr__(self, "exponents", tuple(map(tuple, alpha.tolist())))
        if np.any((alpha < 0) | (alpha != np.round(alpha))):
            object.__setattr__(self, "domain", (0.0, np.inf))

    def output_width(self, n: int) -> int:
        """m; ValueError unless z is as wide as the exponents are tall."""
        if self.exponents is None:
            return 1
        if n != len(self.exponents):
            raise ValueError(
                f"Product with {len(self.exponents)} rows of exponents "
                f"needs z of width {len(self.exponents)}, got {n}"
            )
        return len(self.exponents[0])

    def forward(self, z: Array) -> Array:
        """(..., n) -> (..., m)."""
        return self._powers(z).prod(axis=-2)

    def jacobian(self, z: Array, y: Array) -> Array:
        """alpha_ji z_j^(alpha_ji - 1) times the product of the other powers: (..., m, n)."""
        alpha, powers = self._alpha(z), self._powers(z)
        one_less = np.where(alpha == 0, 0, alpha - 1)  # the coefficient 0 drops such a factor
        slopes = alpha * z[..., :, None] ** one_less
        return np.swapaxes(slopes * product_of_others(powers), -1, -2)

    def _alpha(self, z: Array) -> Array:
        self.output_width(z.shape[-1])
        if self.exponents is None:
            return np.ones((z.shape[-1], 1), dtype=z.dtype)
        return np.asarray(self.exponents, dtype=z.dtype)

    def _powers(self, z: Array) -> Array:
        """z_l^alpha_li: (..., n, m)."""
        if self.domain[0] == 0 and not (z > 0).all():
            raise ValueError(
                "z must be positive where an exponent is negative or no whole number, "
                f"got {z.min()}"
            )
        return z[..., :, None] ** self._alpha(z)


@final
@dataclass(frozen=True)
class PairwiseProduct(VectorActivation):
    """o_i = z_j z_l for pairs[i] = (j, l), the product units of a multiplicative network.

    do_i/dz_j = z_l and do_i/dz_l = z_j; both add up where j = l (slide 107).
    """

    pairs: Sequence[tuple[int, int]]

    def __post_init__(self) -> None:
        pairs = tuple(
            tuple(whole_number(j, f"pairs[{i}]", at_least=0) for j in pair)
            for i, pair in enumerate(self.pairs)
        )
        if not pairs or any(len(pair) != 2 for pair in pairs):
            raise ValueError(f"pairs must be a non-empty list of (j, l), got {self.pairs!r}")
        object.__setattr__(self, "pairs", pairs)

    def output_width(self, n: int) -> int:
        """One output per pair; ValueError where a pair names an input beyond n."""
        needed = 1 + max(max(pair) for pair in self.pairs)
        if n < needed:
            raise ValueError(
                f"PairwiseProduct with index {needed - 1} needs z of width {needed}, got {n}"
            )
        return len(self.pairs)

    def forward(self, z: Array) -> Array:
        """(..., n) -> (..., number of pairs)."""
        self.output_width(z.shape[-1])
        return np.stack([z[..., j] * z[..., l] for j, l in self.pairs], axis=-1)

    def jacobian(self, z: Array, y: Array) -> Array:
        """Row i is z_l at j and z_j at l: (..., m, n)."""
        jacobian = np.zeros((*y.shape, z.shape[-1]), dtype=z.dtype)
        for i, (j, l) in enumerate(self.pairs):
            jacobian[..., i, j] += z[..., l]
            jacobian[..., i, l] += z[..., j]
        return jacobian

    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        """dz_j += dy_i z_l and dz_l += dy_i z_j, in O(n + m)."""
        dz = np.zeros_like(z)
        for i, (j, l) in enumerate(self.pairs):
            dz[..., j] += dy[..., i] * z[..., l]
            dz[..., l] += dy[..., i] * z[..., j]
        return dz


def product_of_others(factors: Array) -> Array:
    """prod_{l != j} factors[..., l, i] for each j: (..., n, m) -> (..., n, m), without division."""
    before = np.ones_like(factors)
    after = np.ones_like(factors)
    n = factors.shape[-2]
    for j in range(1, n):
        before[..., j, :] = before[..., j - 1, :] * factors[..., j - 1, :]
        after[..., n - 1 - j, :] = after[..., n - j, :] * factors[..., n - j, :]
    return before * after
