"""The forms in which an activation is written down here: a pair of functions, or a class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from reference import ScalarActivation, VectorActivation
from reference.checks import Array

from ..entry import Entry

EVERYWHERE = (-np.inf, np.inf)


def pair(
    id: str, forward: Callable[..., Any], backward: Callable[..., Any], oracle: Any, about: str
) -> Entry:
    """The plain functions (forward, backward); backward is a derivative, a Jacobian or a vjp."""
    return Entry(id, lambda: (forward, backward), oracle, about)


@final
@dataclass(frozen=True)
class Elementwise(ScalarActivation):
    """y = f(z) and f'(z) = slope(z, y), for z in an open interval."""

    f: Callable[[Array], Array]
    slope: Callable[[Array, Array], Array]
    domain: tuple[float, float] = EVERYWHERE

    def forward(self, z: Array) -> Array:
        """f(z)."""
        return self.f(z)

    def derivative(self, z: Array, y: Array) -> Array:
        """slope(z, y)."""
        return self.slope(z, y)


@final
@dataclass(frozen=True)
class Rows(VectorActivation):
    """y = f(z) of width m = width(n), with the Jacobian matrix(z, y) (..., m, n)."""

    width: Callable[[int], int]
    f: Callable[[Array], Array]
    matrix: Callable[[Array, Array], Array]
    domain: tuple[float, float] = EVERYWHERE

    def output_width(self, n: int) -> int:
        """width(n), which raises ValueError for an n that it does not take."""
        return self.width(n)

    def forward(self, z: Array) -> Array:
        """f(z)."""
        return self.f(z)

    def jacobian(self, z: Array, y: Array) -> Array:
        """matrix(z, y)."""
        return self.matrix(z, y)


def same(n: int) -> int:
    """Every width is taken and kept."""
    return n


def one(n: int) -> int:
    """One output, whatever the width."""
    return 1


def halved(n: int) -> int:
    """n / 2, for even n."""
    return multiple_of(2, n) // 2


def multiple_of(k: int, n: int) -> int:
    """n; ValueError unless k divides it."""
    if n % k:
        raise ValueError(f"z must have a width divisible by {k}, got {n}")
    return n


def at_least(k: int, n: int) -> int:
    """n; ValueError for fewer than k."""
    if n < k:
        raise ValueError(f"z must have width {k} or more, got {n}")
    return n


def at_most(k: int, n: int) -> int:
    """n; ValueError for more than k."""
    if n > k:
        raise ValueError(f"z must have width {k} or less, got {n}")
    return n


def exactly(k: int, n: int) -> int:
    """n; ValueError unless it is k."""
    if n != k:
        raise ValueError(f"z must have width {k}, got {n}")
    return n


def diagonal(slopes: Array) -> Array:
    """diag(slopes): (..., n) -> (..., n, n)."""
    return np.where(np.eye(slopes.shape[-1], dtype=bool), slopes[..., :, None], 0)


def one_hot(index: Any, z: Array) -> Array:
    """Rows that are 1 at the index (..., m), of the width of z: (..., m, n)."""
    return (index[..., None] == np.arange(z.shape[-1])).astype(z.dtype)


def sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z)); exp(-|z|) cannot overflow."""
    decay = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, decay) / (1 + decay)


def softmax(z: Array) -> Array:
    """exp(z_i) / sum_j exp(z_j), with the largest z subtracted first."""
    weights = np.exp(z - z.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)
