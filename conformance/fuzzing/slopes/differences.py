"""Derivatives by differences of the forward alone, with an estimate of their own error.

Several tables of differences, at steps of very different sizes, are held against each other.
"""

from __future__ import annotations

import numpy as np

from ...compare import Float64Array
from .one_sided import doubted
from .ray import along_the_ray
from .romberg import central, inward
from .slopes import SMALLEST, Forward, Slopes, room, steps

#: The first step of each table that is tried, in terms of max(|z|, step).
STEPS = (0.25, 2.0**-8, 2.0**-20, 2.0**-32)

#: So many entries of square Jacobians at once: what is worked out stays in the processor's cache.
ENTRIES_AT_ONCE = 4096

#: Where an edge of the domain is closer than this share of max(|z|, share), it leaves little room:
#: y may be lost to rounding in such steps, and away from it there is more.
CLOSE_TO_EDGE = 2.0**-10

#: The slope on a side of a kink is taken a small step away: the piece may be curved.
STEP_ASIDE = 1.001

#: A slope is seen clearly by a table that doubts no more than this share of it.
CLEAR = 1e-3

#: And by one that doubts no more than this share at all: what is flat in shorter steps is a stair.
SEEN = 0.1

#: And a step that leaves the curve contradicts it grossly, by this share or more.
GROSS = 1e-2


def derivatives(forward: Forward, z: Float64Array, domain: tuple[float, float]) -> Slopes:
    """The Jacobian of each row z (N, n), from values of ``forward`` inside the domain.

    At a kink the estimate is the mean of both sides, and the error reaches to either.
    """
    at_once = max(1, ENTRIES_AT_ONCE // z.shape[1] ** 2)
    blocks = [z[i : i + at_once] for i in range(0, len(z), at_once)] or [z]
    each = [_derivatives(forward, block, domain) for block in blocks]
    return Slopes(
        np.concatenate([slopes.estimate for slopes in each]),
        np.concatenate([slopes.error for slopes in each]),
    )


def _derivatives(forward: Forward, z: Float64Array, domain: tuple[float, float]) -> Slopes:
    """The same of a few rows."""
    with np.errstate(all="ignore"):
        tables = central(forward, z, np.stack([steps(z, domain, size) for size in STEPS]))
        best = _from_the_edge(forward, z, domain, _held_together(tables))
        best = along_the_ray(forward, z, domain, doubted(forward, z, domain, best))
        largest = np.abs(z).max(axis=1)[:, None, None]
        # Of a row so small every step leads far beyond it; a number has two sides all the same.
        too_small = (largest > 0) & (largest < SMALLEST / STEPS[-1]) & (z.shape[1] > 1)
        return Slopes(best.estimate, np.where(too_small, np.inf, STEP_ASIDE * best.error))


def _held_together(tables: list[Slopes]) -> Slopes:
    """The surest of several tables, from long steps to short ones, as far as they do not differ."""
    best = tables[0]
    stairs = np.zeros(best.estimate.shape, dtype=bool)
    for finer in tables[1:]:
        apart = np.abs(finer.estimate - best.estimate)
        contradicted = apart > finer.error + best.error
        # Of two that contradict each other the finer one is right if it sees a slope clearly.
        # Flat is not clear: so are the stairs of rounding, and however short the steps on a stair.
        clear = contradicted & (finer.error < CLEAR * np.abs(finer.estimate))
        clear &= apart > GROSS * np.abs(finer.estimate)
        flat = stairs & (np.abs(finer.estimate) <= finer.error)
        better = clear | (finer.error < best.error) & np.logical_not(flat)
        error = np.where(better, finer.error, best.error)
        # Else neither is believed beyond their difference, and how far the finer may be off.
        contradicted &= np.logical_not(clear)
        seen = best.error < SEEN * np.abs(best.estimate)
        stairs = (stairs | contradicted & seen) & np.logical_not(clear)
        best = Slopes(
            np.where(better, finer.estimate, best.estimate),
            np.where(contradicted, np.fmax(error, apart + finer.error), error),
        )
    return best


def _from_the_edge(
    forward: Forward, z: Float64Array, domain: tuple[float, float], best: Slopes
) -> Slopes:
    """The same, or from an edge of the domain inward where that is surer."""
    away = _away(z, domain)
    if not away.any():
        return best
    inside = _held_together(inward(forward, z, _inward_steps(z, domain) * away))
    size, apart = np.abs(inside.estimate), np.abs(inside.estimate - best.estimate)
    surer = inside.error < best.error
    sure = (inside.error < CLEAR * size) & np.logical_not(best.error < CLEAR * size)
    sure |= surer & (apart <= inside.error + best.error) & (best.error < CLEAR * size)
    # Next to an edge at 0 the steps lead far beyond z: what the slope is there must not differ.
    doubt = inside.error + np.where(best.error < CLEAR, best.error, 0)
    alike = surer & (inside.error < CLEAR * (1 + size)) & (apart <= GROSS * size + doubt)
    # And of a row that is all next to 0 they may see nothing but the one entry that moves.
    small = (np.abs(z).max(axis=1) < CLOSE_TO_EDGE) & (z.shape[1] > 1)
    alike &= np.logical_not(small[:, None, None]) | (best.error < CLEAR * (1 + size))
    sure = np.where((np.abs(z) < CLOSE_TO_EDGE)[:, None, :], alike, sure)
    return Slopes(
        np.where(sure, inside.estimate, best.estimate), np.where(sure, inside.error, best.error)
    )


def _away(z: Float64Array, domain: tuple[float, float]) -> Float64Array:
    """For each entry right at an edge of the domain the sign of the way inside; else 0: (N, n)."""
    low, high = domain
    close = 2 * room(z, domain) < CLOSE_TO_EDGE * np.maximum(np.abs(z), CLOSE_TO_EDGE)
    return np.where(close, np.where(z - low < high - z, 1.0, -1.0), 0.0)


def _inward_steps(z: Float64Array, domain: tuple[float, float]) -> Float64Array:
    """A step for each table, none beyond the other edge: (K, N, n)."""
    low, high = domain
    sizes = np.array(STEPS[:-1])[:, None, None]
    return np.minimum(sizes * np.maximum(np.abs(z), sizes), (high - low) / 4)
