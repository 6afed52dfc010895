"""Kinks: is a Jacobian in the Clarke subdifferential?

The generalised Jacobian of F. H. Clarke (1975) at z is the convex hull of the limits of Jacobians
near z. Here it is the hull of autodiff's Jacobians a few ulps away, in many directions: so near
that the smooth variation of the function is no larger than rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from ...compare import Float64Array
from ...tolerance import ROUNDINGS
from .hull import FIT_SLACK, distance_to_hull, nearest
from .neighbourhood import EXHAUSTIVE, LEAST_JUMP, ULPS, Neighbourhood, axes, everywhere, guided

#: Jacobians that differ by this many times the tolerance, a few ulps apart, are those of a kink.
KINKED = 1e3

#: A change along a ray, in terms of the Jacobian, up to which it counts as smooth.
SMOOTH, SMOOTH_ULPS = 1e-6, 1e5

#: Where more of the rays than this see another Jacobian further out, it is no kink.
CURVED = 0.6


@final
@dataclass(frozen=True)
class Membership:
    """How far a Jacobian is from the subdifferential at z, over its tolerance: up to 1 is inside.

    kink: whether there is one at z: Jacobians on its sides differ, and on each side are alike.
    """

    distance: float
    kink: bool


def membership(
    near: Neighbourhood, z: Float64Array, jacobian: Float64Array, tolerance: Float64Array
) -> Membership:
    """Whether a Jacobian (m, n) is an element of the subdifferential at the row z (n,).

    Where no Jacobian nearby is finite, none is an element.
    """
    best, differ, uneven = np.inf, False, False
    if not np.isfinite(jacobian).all():
        return Membership(best, kink=False)
    smooth = near.witness.smooth
    for directions in _directions(jacobian, smooth=smooth):
        scales = near.jacobians(z, directions)
        bent = _bent(scales, max(SMOOTH, SMOOTH_ULPS * near.eps))
        uneven = _uneven(scales, tolerance)
        for vertices in map(_finite, scales):
            if not len(vertices):
                continue
            # Where autodiff has no number at z itself, the Jacobians nearby give the scale.
            rounding = ROUNDINGS * near.eps * np.abs(vertices).max(axis=(0, 2))[:, None]
            allowed = np.fmax(tolerance, rounding) + bent
            jump = np.ptp(vertices, axis=0)
            differ |= bool((jump > np.maximum(KINKED * allowed, LEAST_JUMP)).any())
            best = min(best, distance_to_hull(jacobian, vertices, allowed))
            if best <= 1:
                return Membership(best, differ and not uneven)
        if smooth and scales:
            parts = parts_of(jacobian, np.concatenate(scales), z, near.eps)
            if _part_by_part(scales, jacobian, tolerance, parts):
                return Membership(1.0, differ and not uneven)
    if differ and uneven and _beside(jacobian, scales):
        return Membership(0.0, kink=False)
    return Membership(best, differ and not uneven)


def _directions(jacobian: Float64Array, *, smooth: bool) -> Iterator[Float64Array]:
    """A few directions first; then those and others on all sides.

    Differences straddle a kink from all sides alike: of them few directions tell as much.
    """
    few = guided(jacobian)
    yield few
    if smooth:
        yield np.vstack([few, everywhere(jacobian.shape[1])])


def nearest_element(
    near: Neighbourhood, z: Float64Array, jacobian: Float64Array
) -> Float64Array | None:
    """The element of the subdifferential at the row z (n,) next to a Jacobian (m, n) outside of it.

    None where no Jacobian nearby is finite, and of differences, which straddle the kink.
    """
    if not near.witness.smooth:
        return None
    *_, directions = _directions(jacobian, smooth=True)
    scales = near.jacobians(z, directions)[: len(ULPS)]
    vertices = _finite(np.concatenate(scales)) if scales else np.empty((0, *jacobian.shape))
    return nearest(jacobian, vertices) if len(vertices) else None


def slopes_within(
    near: Neighbourhood, z: Float64Array, slopes: Float64Array, tolerance: Float64Array
) -> list[Membership]:
    """The same for many slopes (K,) of a function of one number, at z (K,): an interval each."""
    with np.errstate(all="ignore"):
        sides = near.slopes(z, slopes)
        rounding = ROUNDINGS * near.eps * np.abs(sides).max(axis=1)
        allowed = np.fmax(tolerance, rounding)
        outside = np.maximum(sides.min(axis=1) - slopes, slopes - sides.max(axis=1))
        distance = np.maximum(outside, 0) / (FIT_SLACK * allowed)
        distance = np.where(np.isfinite(distance), distance, np.inf).min(axis=0)
        jump = np.ptp(sides, axis=1)
        differ = (jump > np.maximum(KINKED * allowed, LEAST_JUMP)).any(axis=0)
        # A jump that changes no value on the way to 0 is the rounding of autodiff's own formula.
        differ &= (z == 0) | (jump.max(axis=0) * np.abs(z) > ROUNDINGS * np.finfo(np.float64).eps)
        apart = np.ptp(sides[: len(ULPS)], axis=0)
        even = (apart <= KINKED * allowed.max(axis=0)).all(axis=0)
    kink = differ & even
    return [Membership(float(d), bool(k)) for d, k in zip(distance, kink, strict=True)]


def bounded(near: Neighbourhood, z: Float64Array) -> bool:
    """Whether Jacobians near the row z (n,) are finite, and do not grow towards it."""
    sizes = []
    for jacobians in map(_finite, near.jacobians(z, axes(z.size))[: len(ULPS)]):
        if len(jacobians) < z.size:
            return False
        sizes.append(np.abs(jacobians).max())
    return len(sizes) == len(ULPS) and bool(sizes[0] <= 1.5 * sizes[1])


def _finite(jacobians: Float64Array) -> Float64Array:
    return jacobians[np.isfinite(jacobians).all(axis=(1, 2))]


def _bent(scales: list[Float64Array], smooth: float) -> Float64Array | float:
    """By how much Jacobians (K, m, n) along the same rays change smoothly, from scale to scale."""
    bent: Float64Array | float = 0.0
    for near, far in zip(scales[::2], scales[1::2], strict=False):
        if near.shape == far.shape:
            change = np.nan_to_num(np.abs(near - far), nan=np.inf)
            size = np.nan_to_num(np.abs(near), nan=0.0, posinf=0.0).max(axis=(0, 2))[:, None]
            small = change < smooth * (1 + size)
            bent = np.maximum(bent, np.where(small, change, 0).max(axis=0))
    return bent


def _uneven(scales: list[Float64Array], tolerance: Float64Array) -> bool:
    """Whether the Jacobian varies from ulp to ulp: as a norm's next to its origin, or as noise.

    At a kink it is the same along a ray, however far.
    """
    if len(scales) < len(ULPS) or scales[0].shape != scales[1].shape:
        return False
    with np.errstate(all="ignore"):
        change = np.logical_not(np.abs(scales[0] - scales[1]) <= KINKED * tolerance)
    return bool(change.any(axis=(1, 2)).mean() > CURVED)


def _beside(jacobian: Float64Array, scales: list[Float64Array]) -> bool:
    """Whether a Jacobian is outside the hull by no more than that is wide, in every entry.

    Where the true one varies from ulp to ulp, rounding may put a right one there.
    """
    vertices = _finite(np.concatenate(scales[: len(ULPS)]))
    if not len(vertices):
        return False
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    return bool(((jacobian >= 2 * low - high) & (jacobian <= 2 * high - low)).all())


def parts_of(
    jacobian: Float64Array, nearby: Float64Array, z: Float64Array, eps: float
) -> list[list[int]]:
    """Which rows of a Jacobian (m, n) are judged together where the whole is no element.

    relu'(0) = 0 is a choice for each output: relu(z) and relu(-z) are both off at 0, as they are to
    autodiff, though of the two one would be on beside it. So each row that is 0 is judged by
    itself, and nothing is left to say where there is none. And where many entries tie each row is:
    a sample of all orders proves nothing, and what is wrong there is wrong in small widths too.
    So is each row that may come from several entries where z (n,) has more digits than a kink has:
    sums that tie but for rounding are rounded one way for one output and another for the next.
    nearby: Jacobians (K, m, n). eps: of the dtype of z.
    """
    n = jacobian.shape[1]
    several = (np.nan_to_num(nearby) != 0).any(axis=0).sum(axis=1) > 1
    on = jacobian.any(axis=1) & (n <= EXHAUSTIVE) & (_short(z, eps) | ~several)
    alone, together = np.flatnonzero(~on).tolist(), np.flatnonzero(on).tolist()
    parts = [[i] for i in alone]
    return [*parts, together] if parts and together else parts


def _short(z: Float64Array, eps: float) -> bool:
    """Whether half the digits are enough for every number."""
    fraction = np.frexp(z)[0] / 2.0 ** np.floor(np.log2(eps) / 2)
    return bool((fraction == np.round(fraction)).all())


def _part_by_part(
    scales: list[Float64Array],
    jacobian: Float64Array,
    tolerance: Float64Array,
    parts: list[list[int]],
) -> bool:
    """Whether all parts of the Jacobian are in the hulls of theirs, at one scale."""
    if not parts:
        return False
    for vertices in map(_finite, scales):
        if len(vertices) and all(
            distance_to_hull(jacobian[rows], vertices[:, rows], tolerance[rows]) <= 1
            for rows in parts
        ):
            return True
    return False
