"""Derivatives by differences of the forward alone, with an estimate of their own error.

Central differences at steps h, h/2, h/4, ... are extrapolated to h = 0 (L. F. Richardson 1911;
W. Romberg 1955), and of the extrapolated values the one that changed least is taken (C. J. F.
Ridders 1982), where halving the step settles as it ought to.
"""

from __future__ import annotations

import numpy as np

from ..compare import Float64Array
from .one_sided import doubted
from .slopes import EPS, SMALLEST, Forward, Slopes, moved, steps, values

#: Steps in one table, and the first step of each table that is tried, in terms of max(|z|, step).
LEVELS = 7
STEPS = (0.25, 2.0**-8, 2.0**-20, 2.0**-32)

#: An estimate is off by more than it changed, now and then.
SAFETY = 8.0

#: The slope on a side of a kink is taken a small step away: the piece may be curved.
SLACK = 1.001

#: And the error of a whole table by some more.
UNSURE = 1.25

#: A slope is seen clearly by a table that doubts no more than this share of it.
CLEAR = 1e-3

#: And a step that leaves the curve contradicts it grossly, by this share or more.
GROSS = 1e-2

#: Where f is smooth, half the step changes the slope by a quarter of what the step before it did;
#: where its curvature jumps inside of the steps, by half, and no order of extrapolation is right.
STEADY = 0.35

#: Half the step halves what the slopes on both sides differ by; not so across a kink, nor on the
#: stairs of rounding.
TOGETHER = 0.75


def derivatives(forward: Forward, z: Float64Array, domain: tuple[float, float]) -> Slopes:
    """The Jacobian of each row z (N, n), from values of ``forward`` inside the domain.

    At a kink the estimate is the mean of both sides, and the error reaches to either.
    """
    with np.errstate(all="ignore"):
        first, *rest = _tables(forward, z, np.stack([steps(z, domain, size) for size in STEPS]))
        best = first
        for finer in rest:
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
        best = doubted(forward, z, domain, best)
        largest = np.abs(z).max(axis=1)[:, None, None]
        # Of a row so small every step leads far beyond it; a number has two sides all the same.
        too_small = (largest > 0) & (largest < SMALLEST / STEPS[-1]) & (z.shape[1] > 1)
        return Slopes(best.estimate, np.where(too_small, np.inf, SLACK * best.error))


def _tables(forward: Forward, z: Float64Array, h: Float64Array) -> list[Slopes]:
    """Romberg's table for each of the steps h (K, N, n) at the rows z (N, n).

    All arrays are (levels, K, N, n, m) until the end.
    """
    levels = h / 2.0 ** np.arange(LEVELS)[:, None, None, None]
    up, down = moved(z, levels), moved(z, -levels)
    run = np.einsum("...jj->...j", up - down)[..., None]
    above, below = values(forward, np.stack([up, down]))
    rise = above - below
    y, rounding = _rounding(forward, z)
    noise = 2 * (rounding + EPS * np.abs(rise)) / run
    row = slopes = rise / run
    moves = np.abs(np.diff(row, axis=0))
    steady = moves[1:] <= STEADY * moves[:-1] + 2 * noise[2:]
    estimate, error = row[0], np.full(row[0].shape, np.inf)
    settles = np.ones(moves.shape, dtype=bool)
    for order in range(1, LEVELS):
        weight = 4.0**order
        finer = (weight * row[1:] - row[:-1]) / (weight - 1)
        if order > 1:
            settles = settles[:-1] & steady[order - 2 :]
        change = SAFETY * _change(row, finer) + noise[order:]
        change = np.where(settles & (change < np.inf), change, np.inf)  # and where it is NaN
        least = change.argmin(axis=0)[None]
        value, doubt = (np.take_along_axis(a, least, axis=0)[0] for a in (finer, change))
        better = doubt < error
        estimate, error = np.where(better, value, estimate), np.where(better, doubt, error)
        row = finer
    error = np.fmax(
        UNSURE * error, _across(slopes, 2 * (above + below - 2 * y) / run, estimate, noise)
    )
    # Where nothing moves y, it may be lost beside the largest entry of z.
    lost = 2 * EPS * np.abs(z).max(axis=1)[:, None, None] / run[0]
    error = np.fmax(error, np.where((rise == 0).all(axis=0), lost, 0))
    sides = (np.swapaxes(a, -1, -2) for a in (estimate, error))
    return [Slopes(*table) for table in zip(*sides, strict=True)]


def _across(
    slopes: Float64Array, apart: Float64Array, estimate: Float64Array, noise: Float64Array
) -> Float64Array:
    """How far off a table is that agrees on what is not the slope at z, 0 where nothing shows it.

    slopes, apart, noise (levels, ...): the central differences, those of both sides from each other.
    Its longer steps may reach across kinks on either side, which leave a mean that no step changes;
    and what they agree on the shortest one must not contradict.
    """
    apart = np.abs(apart)
    kink = (apart[1:] > TOGETHER * apart[:-1] + 4 * noise[1:]).all(axis=0)
    off = np.abs(slopes - estimate)
    short = off[-1] - noise[-1]
    contradicted = short > STEADY * off[:-1].max(axis=0)
    return np.maximum(np.where(kink, apart[-1] / 2, 0), np.where(contradicted, short, 0))


def _rounding(forward: Forward, z: Float64Array) -> tuple[Float64Array, Float64Array]:
    """y, and what rounding does inside: as where z is off by an ulp or two. Both (N, 1, m)."""
    in_turn = (-1.0) ** np.arange(z.shape[1])  # what cancels does not cancel then
    ways = np.stack([0 * in_turn, in_turn**2, -(in_turn**2), in_turn, -in_turn])
    y, *moved_y = values(forward, z * (1 + 2 * EPS * ways[:, None, :]))
    apart = np.nan_to_num(np.ptp(moved_y, axis=0))
    return y[:, None, :], np.asarray(EPS * (1 + np.abs(y)) + apart)[:, None, :]


def _change(row: Float64Array, finer: Float64Array) -> Float64Array:
    """How far each extrapolated value is from those it is made of, and from those beside it."""
    beside = np.zeros((len(finer) + 1, *finer.shape[1:]))
    beside[1:-1] = np.abs(np.diff(finer, axis=0))
    from_row = np.maximum(np.abs(finer - row[:-1]), np.abs(finer - row[1:]))
    return np.maximum(from_row, np.maximum(beside[:-1], beside[1:]))
