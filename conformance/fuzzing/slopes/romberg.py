"""Slopes at steps h, h/2, h/4, ... extrapolated to h = 0, with an estimate of their own error.

The table is L. F. Richardson's (1911) and W. Romberg's (1955), and of its values the one that
changed least is taken (C. J. F. Ridders 1982), where halving the step settles as it ought to.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...compare import Float64Array
from .slopes import EPS, Forward, Slopes, moved, values

#: Steps in one table.
LEVELS = 7

#: An estimate is off by more than it changed, now and then.
SAFETY = 8.0

#: And the error of a whole table by some more.
UNSURE = 1.25

#: Where f is smooth, half the step changes a central slope by a quarter of what the step before it
#: did, and one to a side by half; by 1.4 times as much the slopes may change. Where the curvature
#: jumps inside of the steps it is half for both, and no order of extrapolation is right.
STEADY = 1.4

#: Half the step halves what the slopes on both sides differ by; not so across a kink, nor on the
#: stairs of rounding.
TOGETHER = 0.75


def central(forward: Forward, z: Float64Array, h: Float64Array, terms: float = 1.0) -> list[Slopes]:
    """A table of central differences for each of the steps h (K, N, n) at the rows z (N, n).

    terms: the size, beyond that of y itself, of terms of which y may be a sum.
    """
    levels = _halved(h)
    up, down = moved(z, levels), moved(z, -levels)
    run = np.einsum("...jj->...j", up - down)[..., None]
    above, below = values(forward, np.stack([up, down]))
    y, rounding = _rounding(forward, z, terms)
    rise = above - below
    apart = 2 * np.abs(above + below - 2 * y) / run
    return _tables(rise, run, rounding, z, apart, ratio=4.0)


def inward(forward: Forward, z: Float64Array, h: Float64Array) -> list[Slopes]:
    """The same of differences to one side, that of the sign of h."""
    up = moved(z, _halved(h))
    run = np.einsum("...jj->...j", up - z[:, None, :])[..., None]
    y, rounding = _rounding(forward, z)
    rise = values(forward, up) - y
    return _tables(rise, run, rounding, z, np.zeros(rise.shape), ratio=2.0)


def _halved(h: Float64Array) -> Float64Array:
    return h / 2.0 ** np.arange(LEVELS)[:, None, None, None]


def _tables(
    rise: Float64Array,
    run: Float64Array,
    rounding: Float64Array,
    z: Float64Array,
    apart: Float64Array,
    ratio: float,
) -> list[Slopes]:
    """One by one: what is small stays in the processor's cache."""
    each = range(rise.shape[1])
    return [_table(rise[:, k], run[:, k], rounding, z, apart[:, k], ratio) for k in each]


def _table(
    rise: Float64Array,
    run: Float64Array,
    rounding: Float64Array,
    z: Float64Array,
    apart: Float64Array,
    ratio: float,
) -> Slopes:
    """ratio: by how much half the step changes a slope less. apart: of the slopes on both sides.

    All arrays are (levels, N, n, m) until the end.
    """
    slopes, noise = rise / run, 2 * (rounding + EPS * np.abs(rise)) / np.abs(run)
    estimate, error = _extrapolated(slopes, noise, ratio)
    error = np.fmax(UNSURE * error, _across(slopes, apart, estimate, noise, ratio))
    # Where nothing moves y, it may be lost beside the largest entry of z.
    lost = 2 * EPS * np.abs(z).max(axis=1)[:, None, None] / np.abs(run[0])
    error = np.fmax(error, np.where((rise == 0).all(axis=0), lost, 0))
    return Slopes(np.swapaxes(estimate, -1, -2), np.swapaxes(error, -1, -2))


def _extrapolated(
    slopes: Float64Array, noise: Float64Array, ratio: float
) -> tuple[Float64Array, Float64Array]:
    """The value of each table (levels, ...) that changed least, and how far it may be off."""
    row, moves = slopes, np.abs(np.diff(slopes, axis=0))
    steady = moves[1:] <= STEADY / ratio * moves[:-1] + 2 * noise[2:]
    estimate, error = row[0], np.full(row[0].shape, np.inf)
    settles = np.ones(moves.shape, dtype=bool)
    for order in range(1, LEVELS):
        weight = ratio**order
        finer = (weight * row[1:] - row[:-1]) / (weight - 1)
        if order > 1:
            settles = settles[:-1] & steady[order - 2 :]
        change = SAFETY * _change(row, finer) + noise[order:]
        change = np.where(settles & (change < np.inf), change, np.inf)  # and where it is NaN
        least = change.argmin(axis=0)
        value, doubt = _picked(finer, least), _picked(change, least)
        better = doubt < error
        estimate, error = np.where(better, value, estimate), np.where(better, doubt, error)
        row = finer
    return estimate, error


def _picked(array: Float64Array, rows: NDArray[np.intp]) -> Float64Array:
    """Of each column of (levels, ...) the entry in its own row (...).

    That is take_along_axis, whose own work takes longer than that on these few numbers.
    """
    columns = np.arange(rows.size)
    return array.reshape(len(array), -1)[rows.reshape(-1), columns].reshape(rows.shape)


def _change(row: Float64Array, finer: Float64Array) -> Float64Array:
    """How far each extrapolated value is from those it is made of, and from those beside it."""
    beside = np.zeros((len(finer) + 1, *finer.shape[1:]))
    beside[1:-1] = np.abs(np.diff(finer, axis=0))
    from_row = np.maximum(np.abs(finer - row[:-1]), np.abs(finer - row[1:]))
    return np.maximum(from_row, np.maximum(beside[:-1], beside[1:]))


def _across(
    slopes: Float64Array,
    apart: Float64Array,
    estimate: Float64Array,
    noise: Float64Array,
    ratio: float,
) -> Float64Array:
    """How far off a table is that agrees on what is not the slope at z, 0 where nothing shows it.

    Its longer steps may reach across kinks on either side, which leave a mean that no step changes;
    and what they agree on the shortest one must not contradict.
    """
    kink = (apart[1:] > TOGETHER * apart[:-1] + 4 * noise[1:]).all(axis=0)
    off = np.abs(slopes - estimate)
    short = off[-1] - noise[-1]
    contradicted = short > STEADY / ratio * off[:-1].max(axis=0)
    return np.maximum(np.where(kink, off[-1] + apart[-1] / 2, 0), np.where(contradicted, short, 0))


def _rounding(
    forward: Forward, z: Float64Array, terms: float = 1.0
) -> tuple[Float64Array, Float64Array]:
    """y, and what rounding does inside: as where z is off by an ulp or two. Both (N, 1, m)."""
    in_turn = (-1.0) ** np.arange(z.shape[1])  # what cancels does not cancel then
    ways = np.stack([0 * in_turn, in_turn**2, -(in_turn**2), in_turn, -in_turn])
    y, *moved_y = values(forward, z * (1 + 2 * EPS * ways[:, None, :]))
    apart = np.nan_to_num(np.ptp(moved_y, axis=0))
    return y[:, None, :], np.asarray(EPS * (terms + np.abs(y)) + apart)[:, None, :]
