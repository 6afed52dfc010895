"""Derivatives by differences of the forward alone, with an estimate of their own error.

Central differences at steps h, h/2, h/4, ... are extrapolated to h = 0 (L. F. Richardson 1911;
W. Romberg 1955), and of the extrapolated values the one that changed least is taken (C. J. F.
Ridders 1982). A function that is analytic and takes complex numbers gives its derivative without
any cancellation besides: Im f(z + ih) / h (W. Squire and G. Trapp 1998).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, final

import numpy as np

from ..compare import Float64Array

Forward = Callable[..., Any]

EPS = float(np.finfo(np.float64).eps)

#: Steps in one table, and the first step of each table that is tried, in terms of max(|z|, step).
LEVELS = 7
STEPS = (0.25, 2.0**-8, 2.0**-20, 2.0**-32)

#: An estimate is off by more than it changed, now and then.
SAFETY = 8.0

#: Where f is smooth, half the step changes the slope by a quarter of what the step before it did;
#: where its curvature jumps inside of the steps, by half, and no order of extrapolation is right.
STEADY = 0.35
SMALLEST = 2.0**-1000
IMAGINARY_STEP = 1e-30

#: A complex step is no surer than this of itself, nor than it is at these many moves of z.
RELATIVE = 1e-10
JITTER, MOVES = 2.0**-20, 16

JUMP_STEP = 2.0**-20

#: Slopes that differ by more than this on the two sides of z, next to it, are those of a kink.
KINK = 1e-4
NEARER = 16.0


@final
@dataclass(frozen=True)
class Slopes:
    """estimate (N, m, n) of the Jacobians of N rows; error: how far off each entry may be."""

    estimate: Float64Array
    error: Float64Array


def derivatives(forward: Forward, z: Float64Array, domain: tuple[float, float]) -> Slopes:
    """The Jacobian of each row z (N, n), from values of ``forward`` inside the domain.

    At a kink the estimate is the mean of both sides, and the error reaches to either.
    """
    with np.errstate(all="ignore"):
        best = _extrapolated(forward, z, _steps(z, domain, STEPS[0]))
        for size in STEPS[1:]:
            other = _extrapolated(forward, z, _steps(z, domain, size))
            better = other.error < best.error
            apart = np.abs(other.estimate - best.estimate)
            error = np.where(better, other.error, best.error)
            # Two that contradict each other: neither is believed beyond their difference.
            contradicted = apart > other.error + best.error
            best = Slopes(
                np.where(better, other.estimate, best.estimate),
                np.where(contradicted, np.fmax(error, apart), error),
            )
        h = _steps(z, domain, JUMP_STEP)
        return _beside(forward, z, h, domain, best)


def _beside(
    forward: Forward, z: Float64Array, h: Float64Array, domain: tuple[float, float], best: Slopes
) -> Slopes:
    """The same estimate, with an error that reaches to the slopes on both sides, next to z."""
    left, right, noise = _sides(forward, z, h)
    kink = np.abs(right - left) > KINK * (1 + np.abs(best.estimate)) + noise
    off = np.maximum(np.abs(left - best.estimate), np.abs(right - best.estimate))
    # Beside a large entry a small one may have a kink that only a step of the row's size shows.
    whole = np.abs(z).max(axis=1, keepdims=True)
    wide = np.maximum(h, JUMP_STEP * np.minimum(whole, _room(z, domain)))
    bend = np.fmax(_bend(forward, z, h, best), _bend(forward, z, wide, best))
    # All steps of a table may be longer than the way to the next kink.
    missed = np.abs((left + right) / 2 - best.estimate) - noise
    # So they are where all of z is tiny and only the proportions of its entries count.
    tiny = np.where(whole > 0, np.maximum(np.minimum(h, JUMP_STEP * whole), SMALLEST), h)
    low, high, noise = _sides(forward, z, tiny)
    steep = np.maximum(np.abs(low), np.abs(high))
    overlooked = steep > 2 * (np.abs(best.estimate) + best.error) + noise
    missed = np.where(overlooked, np.fmax(missed, steep), missed)
    # Slopes beside a kink in several columns need not lie between those along the axes, and an
    # output may bend a little where another one has its kink.
    if z.shape[1] > 1:
        widest = z.shape[1] * np.where(kink, off, 0).max(axis=2, keepdims=True)
        kink = np.asarray(kink.any(axis=(1, 2), keepdims=True))
        off = np.maximum(off, widest)
    error = np.fmax(np.fmax(best.error, bend), np.fmax(missed, np.where(kink, off, 0)))
    best = Slopes(best.estimate, error)
    return _aslant(forward, z, h, best) if z.shape[1] > 1 else best


def _bend(forward: Forward, z: Float64Array, h: Float64Array, best: Slopes) -> Float64Array:
    """How far the slopes beside a kink are off, 0 where there is none.

    However small its slopes are, they stay as they are where the step is smaller.
    """
    left, right, noise = _sides(forward, z, h)
    jump, size = np.abs(right - left), np.abs(left) + np.abs(right)
    nearer = np.abs(np.subtract(*_sides(forward, z, h / NEARER)[:2]))
    off = np.maximum(np.abs(left - best.estimate), np.abs(right - best.estimate))
    return np.where((jump > KINK * size + noise) & (nearer > jump / 2), off, 0)


def _room(z: Float64Array, domain: tuple[float, float]) -> Float64Array:
    """Half of the way to the edges of the domain."""
    return np.minimum(z - domain[0], domain[1] - z) / 2


def _steps(z: Float64Array, domain: tuple[float, float], size: float) -> Float64Array:
    """A power of two for each entry, so small that twice the step stays inside the domain."""
    h = np.minimum(size * np.maximum(np.abs(z), size), _room(z, domain))
    return np.asarray(np.exp2(np.floor(np.log2(np.maximum(h, SMALLEST)))))


def _extrapolated(forward: Forward, z: Float64Array, h: Float64Array) -> Slopes:
    """Romberg's table, for steps h / 2^k of each entry; all arrays (N, n, m) until the end."""
    # What rounding does inside: y moves as it does where z is off by an ulp or two.
    y = np.abs(_values(forward, z))
    ulps = [_values(forward, z * (1 + side * 2 * EPS)) for side in (-1, 1)]
    rounding = (EPS * (1 + y) + np.nan_to_num(np.abs(ulps[1] - ulps[0])))[:, None, :]
    row, noise = [], []
    for k in range(LEVELS):
        up, down = _moved(z, h / 2**k), _moved(z, -h / 2**k)
        run = np.einsum("ijj->ij", up - down)[..., None]
        rise = _values(forward, up) - _values(forward, down)
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


def _sides(
    forward: Forward, z: Float64Array, h: Float64Array
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """The slopes on both sides of each entry, and by how much rounding may part them: (N, m, n)."""
    y, width = _values(forward, z)[:, None, :], h[..., None]
    right = (_values(forward, _moved(z, h)) - y) / width
    left = (y - _values(forward, _moved(z, -h))) / width
    noise = 8 * EPS * np.abs(y) / width
    left, right, noise = (np.swapaxes(a, -1, -2) for a in (left, right, noise))
    return left, right, noise


def _aslant(forward: Forward, z: Float64Array, h: Float64Array, along: Slopes) -> Slopes:
    """The same estimate, with what it does not explain where all entries move at once as an error.

    No single entry changes the median of three that tie: there is a kink, and no axis shows it.
    """
    n, least = z.shape[1], h.min(axis=1, keepdims=True)
    ramp, y = np.arange(1.0, n + 1) / n, _values(forward, z)
    size = np.abs(along.estimate).sum(axis=-1)
    error = along.error
    for d in (ramp, -ramp, ramp[::-1], -ramp[::-1], np.cos(n * ramp * np.pi), np.ones(n)):
        slope = (_values(forward, z + least * d) - y) / least
        apart = np.abs(slope - along.estimate @ d) - error @ np.abs(d)
        noise = 8 * EPS * (1 + np.abs(y)) / least
        kink = (apart > KINK * (1 + size) + noise)[..., None]
        error = np.where(kink, np.maximum(error, n * n * apart[..., None]), error)
    return Slopes(along.estimate, error)


def _moved(z: Float64Array, h: Float64Array) -> Float64Array:
    """z with one entry moved at a time: (N, n, n), the first n says which."""
    return z[:, None, :] + h[:, :, None] * np.eye(z.shape[1])


def complex_step(forward: Forward, z: Float64Array) -> Slopes | None:
    """Im f(z + ih e_j) / h for each row z (N, n); None where f takes no complex numbers.

    It is the derivative of an analytic f alone, so it is never believed by itself. The step cancels
    nothing, but f may: what does not change evenly where z moves by some millionths is noise.
    """
    moved = z * (1 + JITTER * np.arange(-MOVES, MOVES + 1.0)[:, None, None])
    points = moved[:, :, None, :] + 1j * IMAGINARY_STEP * np.eye(z.shape[1])
    try:
        with np.errstate(all="ignore"):
            y = np.asarray(forward(points.reshape(-1, *points.shape[2:])))
    except Exception:
        return None
    if not np.iscomplexobj(y) or y.ndim != 3:
        return None
    slopes = np.swapaxes(y.imag / IMAGINARY_STEP, -1, -2).reshape(*moved.shape[:2], -1, z.shape[1])
    estimate, noise = slopes[MOVES], np.abs(np.diff(slopes, n=2, axis=0)).max(axis=0)
    return Slopes(estimate, SAFETY * noise + RELATIVE * np.abs(estimate))


def _values(forward: Forward, points: Float64Array) -> Float64Array:
    """The forward of points (..., n) as one batch of rows: (..., m)."""
    y = np.asarray(forward(points.reshape(-1, points.shape[-1])), dtype=np.float64)
    return y.reshape(*points.shape[:-1], y.shape[-1])
