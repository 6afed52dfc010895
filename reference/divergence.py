"""Divergences between an output y and its target d (11-785 F24 lecture 5, slides 2-10, 194-195).

Each is a sum over the units of a row, and each has its derivative by y in its elementary form.
Where a divergence meets the activation that it is made for, the two in one are stable where one
after the other is not: see ``fused.py``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import numpy as np

from .checks import Array, Mask


class Divergence(ABC):
    """div(y, d) of each row, and its derivative by y."""

    @abstractmethod
    def value(self, y: Array, d: Array) -> Array:
        """div(y, d): (..., n), (..., n) -> (...)."""

    @abstractmethod
    def derivative(self, y: Array, d: Array) -> Array:
        """d div / d y_i: (..., n)."""

    def check_target(self, d: Array) -> None:
        """ValueError unless every row of d is a target that the divergence is defined for."""

    def check_output(self, y: Array) -> None:
        """ValueError unless every row of y is an output that the divergence is defined for."""


@final
@dataclass(frozen=True)
class SquaredError(Divergence):
    """div = 1/2 ||y - d||^2, derivative y - d."""

    def value(self, y: Array, d: Array) -> Array:
        """Half the squared distance."""
        return ((y - d) ** 2).sum(axis=-1) / 2

    def derivative(self, y: Array, d: Array) -> Array:
        """y - d."""
        return y - d


@final
@dataclass(frozen=True)
class KLDivergence(Divergence):
    """div = sum_i d_i log(d_i / y_i), derivative -d_i / y_i, for d a distribution and y >= 0.

    A term with d_i = 0 is 0, and so is its derivative, whatever y_i is; with d_i > 0 and y_i = 0 it
    is infinite. For d one-hot at c it is -log y_c.
    """

    def value(self, y: Array, d: Array) -> Array:
        """The relative entropy of d with respect to y, in nats."""
        return (d * log_where(d > 0, d) - d * log_where(d > 0, y)).sum(axis=-1)

    def derivative(self, y: Array, d: Array) -> Array:
        """-d_i / y_i."""
        return -_quotient(d, y)

    def check_target(self, d: Array) -> None:
        """The rows of d must be distributions: d >= 0, and they sum to 1."""
        if (d < 0).any():
            raise ValueError(f"d must be non-negative, got {d.min()}")
        sums = d.sum(axis=-1)
        if not (np.abs(sums - 1) <= 1e-6).all():
            worst = sums.flat[np.abs(sums - 1).argmax()]
            raise ValueError(f"the rows of d must sum to 1, got a row that sums to {worst}")

    def check_output(self, y: Array) -> None:
        """y must be non-negative."""
        if (y < 0).any():
            raise ValueError(f"y must be non-negative for KLDivergence, got {y.min()}")


@final
@dataclass(frozen=True)
class BinaryKLDivergence(Divergence):
    """div = sum_i -d_i log y_i - (1 - d_i) log(1 - y_i), for d and y in [0, 1].

    The derivative is -d_i / y_i + (1 - d_i) / (1 - y_i). Each unit answers a question of its own.
    For soft d this is the KL divergence plus the entropy of d, which does not depend on y.
    """

    def value(self, y: Array, d: Array) -> Array:
        """The sum over the units, in nats."""
        return -(d * log_where(d > 0, y) + (1 - d) * log_where(d < 1, 1 - y)).sum(axis=-1)

    def derivative(self, y: Array, d: Array) -> Array:
        """-d_i / y_i + (1 - d_i) / (1 - y_i)."""
        return _quotient(1 - d, 1 - y) - _quotient(d, y)

    def check_target(self, d: Array) -> None:
        """d must lie in [0, 1]."""
        outside = (d < 0) | (d > 1)
        if outside.any():
            raise ValueError(f"d must lie in [0, 1], got {d[outside].flat[0]}")

    def check_output(self, y: Array) -> None:
        """y must lie in [0, 1]."""
        outside = (y < 0) | (y > 1)
        if outside.any():
            got = y[outside].flat[0]
            raise ValueError(f"y must lie in [0, 1] for BinaryKLDivergence, got {got}")


def check_divergence(divergence: object) -> None:
    """TypeError unless it is a Divergence; a class in place of an instance is a common slip."""
    if not isinstance(divergence, Divergence):
        raise TypeError(f"divergence must be a Divergence, got {divergence!r}")


def log_where(needed: Mask, x: Array) -> Array:
    """log x where needed, 0 elsewhere; log 0 is -inf without a warning."""
    with np.errstate(divide="ignore"):
        return np.log(x, out=np.zeros_like(x), where=needed)


def _quotient(a: Array, b: Array) -> Array:
    """a / b where a > 0, 0 elsewhere; a / 0 is inf without a warning."""
    with np.errstate(divide="ignore", over="ignore"):
        return np.divide(a, b, out=np.zeros_like(b), where=a > 0)
