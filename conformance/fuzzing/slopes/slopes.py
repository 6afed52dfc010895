"""Slopes with their errors, and the points and values that every estimate of them is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ...compare import Float64Array

Forward = Callable[..., Any]

EPS = float(np.finfo(np.float64).eps)

#: No step is smaller.
SMALLEST = 2.0**-1000


@final
@dataclass(frozen=True)
class Slopes:
    """estimate (N, m, n) of the Jacobians of N rows; error: how far off each entry may be."""

    estimate: Float64Array
    error: Float64Array


def steps(z: Float64Array, domain: tuple[float, float], size: float) -> Float64Array:
    """A power of two for each entry, so small that twice the step stays inside the domain.

    0 where there is no room for the smallest.
    """
    h = np.minimum(size * np.maximum(np.abs(z), size), room(z, domain))
    h = np.where(room(z, domain) < SMALLEST, 0, np.maximum(h, SMALLEST))
    return np.where(h > 0, np.exp2(np.floor(np.log2(np.maximum(h, SMALLEST)))), 0.0)


def room(z: Float64Array, domain: tuple[float, float]) -> Float64Array:
    """Half of the way to the edges of the domain."""
    return np.minimum(z - domain[0], domain[1] - z) / 2


def moved(z: Float64Array, h: Float64Array) -> Float64Array:
    """z (N, n) with one entry moved at a time by h (..., N, n): (..., N, n, n), the first n says
    which.
    """
    return np.asarray(z[:, None, :] + h[..., None] * np.eye(z.shape[1]))


def values(forward: Forward, points: Float64Array) -> Float64Array:
    """The forward of points (..., n) as one batch of rows: (..., m)."""
    y = np.asarray(forward(points.reshape(-1, points.shape[-1])), dtype=np.float64)
    return y.reshape(*points.shape[:-1], y.shape[-1])
