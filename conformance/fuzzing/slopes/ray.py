"""Rows below every step of differences: what is linear along a ray from 0 is so next to 0 as well.

A norm, say, or |z|: its Jacobian at t z is that at z, for all t > 0. That a function is like this
is seen further out, and that it still is at z by steps of the size of z. Neither alone would do:
next to 0 a term may be lost beside 1, and what holds further out may end before.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...compare import Float64Array
from .romberg import central
from .slopes import EPS, SMALLEST, Forward, Slopes, room, values

#: Rows whose largest entry is below this are looked at.
SMALL_ROW = 2.0**-24

#: How far out, and the step everywhere in terms of the largest entry.
FURTHER, STEP = (2.0**-22, 2.0**-17), 2.0**-8

#: The slope at z may be off by so many times what the slopes along the ray differ by,
SAFETY = 8.0

#: and by no more than this share of itself.
CLEAR = 1e-3


def along_the_ray(
    forward: Forward, z: Float64Array, domain: tuple[float, float], best: Slopes
) -> Slopes:
    """``best``, or of rows z (N, n) next to 0 the slopes along their rays, where surer."""
    size = np.abs(z).max(axis=1, keepdims=True)
    some = _next_to_0(z, domain)
    for length in FURTHER:
        with np.errstate(divide="ignore", invalid="ignore"):
            some &= (room(z * (length / size), domain) > STEP * length).all(axis=1)
    if not some.any():
        return best
    here, outward = at_own_size(forward, z[some], domain), z[some] / size[some]
    error = here.error
    for length in FURTHER:
        there = _slopes(forward, outward * length, terms=1.0)
        error = np.maximum(error, SAFETY * np.abs(there.estimate - here.estimate) + there.error)
    sure = error < np.minimum(CLEAR * np.abs(here.estimate), best.error[some])
    estimates, errors = best.estimate.copy(), best.error.copy()
    estimates[some] = np.where(sure, here.estimate, estimates[some])
    errors[some] = np.where(sure, error, errors[some])
    return Slopes(estimates, errors)


def at_own_size(forward: Forward, z: Float64Array, domain: tuple[float, float]) -> Slopes:
    """By steps of the size of each row z (N, n), which do not see what is lost beside 1.

    The error is infinite where z is not next to 0, and of a y that does not resolve its ulps.
    """
    slopes = _slopes(forward, z, terms=0.0)
    y = np.stack([values(forward, z * (1 + ulps * EPS)) for ulps in (-2, 0, 2)])
    seen = _next_to_0(z, domain)[:, None, None] & (np.ptp(y, axis=0) > 0)[..., None]
    return Slopes(slopes.estimate, np.where(seen, slopes.error, np.inf))


def _next_to_0(z: Float64Array, domain: tuple[float, float]) -> NDArray[np.bool_]:
    """Which rows are, and have no tie, which is a kink: (N,)."""
    size = np.abs(z).max(axis=1)
    near = (size > SMALLEST / STEP) & (size < SMALL_ROW)
    near &= (room(z, domain) > STEP * size[:, None]).all(axis=1)
    return np.asarray(near & (np.diff(np.sort(np.abs(z), axis=1), axis=1) > 0).all(axis=1))


def _slopes(forward: Forward, z: Float64Array, terms: float) -> Slopes:
    """By steps of the size of each row z (N, n); terms: see ``central``."""
    largest = np.abs(z).max(axis=1, keepdims=True)
    h = np.broadcast_to(np.exp2(np.floor(np.log2(STEP * largest))), z.shape)
    (slopes,) = central(forward, z, h[None], terms)
    return slopes
