"""Derivatives by differences of the forward alone, with an estimate of their own error.

Central differences at steps h, h/2, h/4, ... are extrapolated to h = 0 (L. F. Richardson 1911;
W. Romberg 1955), and of the extrapolated values the one that changed least is taken (C. J. F.
Ridders 1982), where halving the step settles as it ought to.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..compare import Float64Array
from .one_sided import doubted
from .slopes import EPS, Forward, Slopes, moved, steps, values

#: Steps in one table, and the first step of each table that is tried, in terms of max(|z|, step).
LEVELS = 7
STEPS = (0.25, 2.0**-8, 2.0**-20, 2.0**-32)

#: An estimate is off by more than it changed, now and then.
SAFETY = 8.0

#: A slope is seen clearly by a table that doubts no more than this share of it.
CLEAR = 1e-3

#: Where f is smooth, half the step changes the slope by a quarter of what the step before it did;
#: where its curvature jumps inside of the steps, by half, and no order of extrapolation is right.
STEADY = 0.35


def derivatives(forward: Forward, z: Float64Array, domain: tuple[float, float]) -> Slopes:
    """The Jacobian of each row z (N, n), from values of ``forward`` inside the domain.

    At a kink the estimate is the mean of both sides, and the error reaches to either.
    """
    with np.errstate(all="ignore"):
        best = _extrapolated(forward, z, steps(z, domain, STEPS[0]))
        for size in STEPS[1:]:
            finer = _extrapolated(forward, z, steps(z, domain, size))
            better = finer.error < best.error
            apart = np.abs(finer.estimate - best.estimate)
            error = np.where(better, finer.error, best.error)
            # Two that contradict each other: neither is believed beyond their difference, unless
            # the finer one sees a slope clearly. Flat is not clear: so are the stairs of rounding.
            contradicted = apart > finer.error + best.error
            contradicted &= np.logical_not(better & (error < CLEAR * np.abs(finer.estimate)))
            best = Slopes(
                np.where(better, finer.estimate, best.estimate),
                np.where(contradicted, np.fmax(error, apart), error),
            )
        return doubted(forward, z, domain, best)


def _extrapolated(forward: Forward, z: Float64Array, h: Float64Array) -> Slopes:
    """Romberg's table, for steps h / 2^k of each entry; all arrays (N, n, m) until the end."""
    # What rounding does inside: y moves as it does where z is off by an ulp or two.
    y = np.abs(values(forward, z))
    ulps = [values(forward, z * (1 + side * 2 * EPS)) for side in (-1, 1)]
    rounding = (EPS * (1 + y) + np.nan_to_num(np.abs(ulps[1] - ulps[0])))[:, None, :]
    row, noise = [], []
    for k in range(LEVELS):
        up, down = moved(z, h / 2**k), moved(z, -h / 2**k)
        run = np.einsum("ijj->ij", up - down)[..., None]
        rise = values(forward, up) - values(forward, down)
        row.append(rise / run)
        noise.append(2 * (rounding + EPS * np.abs(rise)) / run)
    moves = [np.abs(b - a) for a, b in pairwise(row)]
    steady = [b <= STEADY * a + 2 * noise[k + 2] for k, (a, b) in enumerate(pairwise(moves))]
    estimate, error = row[0], np.full(row[0].shape, np.inf)
    for order in range(1, LEVELS):
        weight = 4.0**order
        finer = [(weight * b - a) / (weight - 1) for a, b in pairwise(row)]
        for k, value in enumerate(finer):
            near = [row[k], row[k + 1], finer[max(k - 1, 0)], finer[min(k + 1, len(finer) - 1)]]
            change = np.max([np.abs(value - other) for other in near], axis=0)
            change = SAFETY * change + noise[k + order]
            better = np.logical_and.reduce([change < error, *steady[k : k + order - 1]])
            estimate, error = np.where(better, value, estimate), np.where(better, change, error)
        row = finer
    return Slopes(np.swapaxes(estimate, -1, -2), np.swapaxes(error, -1, -2))
