"""Derivatives by differences of the forward alone, with an estimate of their own error.

Several tables of differences, at steps of very different sizes, are held against each other.
"""

from __future__ import annotations

import numpy as np

from ..compare import Float64Array
from .one_sided import doubted
from .romberg import central, inward
from .slopes import SMALLEST, Forward, Slopes, room, steps

#: The first step of each table that is tried, in terms of max(|z|, step).
STEPS = (0.25, 2.0**-8, 2.0**-20, 2.0**-32)

#: Where an edge of the domain is closer than this share of z, it leaves room for steps in which y
#: may be lost to rounding: away from it there is more.
CLOSE = 2.0**-10

#: The slope on a side of a kink is taken a small step away: the piece may be curved.
SLACK = 1.001

#: A slope is seen clearly by a table that doubts no more than this share of it.
CLEAR = 1e-3

#: And a step that leaves the curve contradicts it grossly, by this share or more.
GROSS = 1e-2


def derivatives(forward: Forward, z: Float64Array, domain: tuple[float, float]) -> Slopes:
    """The Jacobian of each row z (N, n), from values of ``forward`` inside the domain.

    At a kink the estimate is the mean of both sides, and the error reaches to either.
    """
    with np.errstate(all="ignore"):
        tables = central(forward, z, np.stack([steps(z, domain, size) for size in STEPS]))
        best = _held_together(tables)
        away = _from_the_edge(z, domain)
        if away.any():
            inside = _held_together(
                inward(forward, z, np.stack([size * away for size in STEPS[:-1]]))
            )
            sure = inside.error < CLEAR * np.abs(inside.estimate)
            sure &= np.logical_not(best.error < CLEAR * np.abs(inside.estimate))
            best = Slopes(
                np.where(sure, inside.estimate, best.estimate),
                np.where(sure, inside.error, best.error),
            )
        best = doubted(forward, z, domain, best)
        largest = np.abs(z).max(axis=1)[:, None, None]
        # Of a row so small every step leads far beyond it; a number has two sides all the same.
        too_small = (largest > 0) & (largest < SMALLEST / STEPS[-1]) & (z.shape[1] > 1)
        return Slopes(best.estimate, np.where(too_small, np.inf, SLACK * best.error))


def _held_together(tables: list[Slopes]) -> Slopes:
    """The surest of several tables, from long steps to short ones, as far as they do not differ."""
    best = tables[0]
    for finer in tables[1:]:
        apart = np.abs(finer.estimate - best.estimate)
        contradicted = apart > finer.error + best.error
        # Of two that contradict each other the finer one is right if it sees a slope clearly.
        # Flat is not clear: so are the stairs of rounding.
        clear = contradicted & (finer.error < CLEAR * np.abs(finer.estimate))
        clear &= apart > GROSS * np.abs(finer.estimate)
        better = clear | (finer.error < best.error)
        error = np.where(better, finer.error, best.error)
        # Else neither is believed beyond their difference.
        contradicted &= np.logical_not(clear)
        best = Slopes(
            np.where(better, finer.estimate, best.estimate),
            np.where(contradicted, np.fmax(error, apart), error),
        )
    return best


def _from_the_edge(z: Float64Array, domain: tuple[float, float]) -> Float64Array:
    """For each entry right at an edge of the domain |z|, or the domain's width if that is less,
    with the sign of the way inside; else 0: (N, n).
    """
    low, high = domain
    close = 2 * room(z, domain) < CLOSE * np.abs(z)
    size = np.minimum(np.abs(z), high - low)
    return np.where(close, np.where(z - low < high - z, size, -size), 0.0)
