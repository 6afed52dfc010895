"""Kinks: is a Jacobian in the Clarke subdifferential, and which element of it was chosen?

The generalised Jacobian of F. H. Clarke (1975) at z is the convex hull of the limits of Jacobians
near z. Here it is the hull of autodiff's Jacobians a few ulps away, in many directions: so near
that the smooth variation of the function is no larger than rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations, product
from typing import final

import numpy as np
from scipy.optimize import nnls

from ..compare import Float64Array
from .rounding import ROUNDINGS
from .witness import Witness

#: How far the neighbours are, in ulps of each entry and of the largest of the row.
ULPS = (3, 24)

#: The step away from an entry that is 0, or so close to it that an ulp would be nothing.
NEAR_ZERO = 1e-30

#: Up to this width every order and every sign of the entries is tried; beyond, a sample.
EXHAUSTIVE = 3
SAMPLE = 160

#: Residuals are those of a least-squares fit: this many times the tolerance of an entry.
SLACK = 4.0

#: Jacobians that differ by this many times the tolerance, a few ulps apart, are those of a kink.
KINK = 1e3

#: A change along a ray, in terms of the Jacobian, up to which it counts as smooth.
SMOOTH, SMOOTH_ULPS = 1e-6, 1e5

#: Where more of the rays than this see another Jacobian further out, it is no kink.
CURVED = 0.6


@final
@dataclass(frozen=True)
class Membership:
    """How far a Jacobian is from the subdifferential at z, over its tolerance: up to 1 is inside.

    kink: whether there is one at z, that is, Jacobians nearby that differ.
    """

    distance: float
    kink: bool


def membership(
    witness: Witness,
    z: Float64Array,
    jacobian: Float64Array,
    tolerance: Float64Array,
    eps: float,
    domain: tuple[float, float],
) -> Membership:
    """Whether a Jacobian (m, n) is an element of the subdifferential at the row z (n,).

    eps: of the dtype that z came in. Where no Jacobian nearby is finite, none is an element.
    """
    best, kink = np.inf, False
    if not np.isfinite(jacobian).all():
        return Membership(best, kink)
    for directions in (_guided(jacobian), _everywhere(z.size)):
        scales = [witness.judge(p).jacobian for p in neighbours(z, directions, eps, domain)]
        bent = _bent(scales, max(SMOOTH, SMOOTH_ULPS * eps))
        for near in scales:
            vertices = near[np.isfinite(near).all(axis=(1, 2))]
            if not len(vertices):
                continue
            # Where autodiff has no number at z itself, the Jacobians nearby give the scale.
            rounding = ROUNDINGS * eps * np.abs(vertices).max()
            allowed = np.fmax(tolerance, rounding) + bent
            kink |= bool((np.ptp(vertices, axis=0) > KINK * allowed).any())
            best = min(best, _to_hull(jacobian, vertices, allowed))
            if best <= 1:
                return Membership(best, kink)
    if z.size > EXHAUSTIVE and _row_by_row(witness, z, jacobian, tolerance, eps, domain):
        return Membership(1.0, kink)
    if kink and _ill_conditioned(witness, z, jacobian, tolerance, eps, domain):
        return Membership(0.0, kink=False)
    return Membership(best, kink)


def _bent(scales: list[Float64Array], smooth: float) -> Float64Array | float:
    """By how much Jacobians (K, m, n) along the same rays change smoothly, from scale to scale."""
    bent: Float64Array | float = 0.0
    for near, far in zip(scales[::2], scales[1::2], strict=False):
        if near.shape == far.shape:
            change = np.nan_to_num(np.abs(near - far), nan=np.inf)
            small = change < smooth * (1 + np.abs(near).max())
            bent = np.maximum(bent, np.where(small, change, 0).max(axis=0))
    return bent


def _row_by_row(
    witness: Witness,
    z: Float64Array,
    jacobian: Float64Array,
    tolerance: Float64Array,
    eps: float,
    domain: tuple[float, float],
) -> bool:
    """Whether each row of the Jacobian is in the subdifferential of its own output.

    That is less than to be an element of the whole; but where many entries tie, a sample of all
    orders proves nothing against a Jacobian, and what is wrong there is wrong in small widths too.
    """
    directions = np.vstack([_guided(jacobian), _everywhere(z.size)])
    for near in neighbours(z, directions, eps, domain):
        vertices = witness.judge(near).jacobian
        vertices = vertices[np.isfinite(vertices).all(axis=(1, 2))]
        rows = [
            _to_hull(jacobian[i : i + 1], vertices[:, i : i + 1], tolerance[i : i + 1])
            for i in range(len(jacobian) if len(vertices) else 0)
        ]
        if rows and max(rows) <= 1:
            return True
    return False


def _ill_conditioned(
    witness: Witness,
    z: Float64Array,
    jacobian: Float64Array,
    tolerance: Float64Array,
    eps: float,
    domain: tuple[float, float],
) -> bool:
    """Whether the Jacobian varies from ulp to ulp, as that of a norm does next to its origin.

    At a kink it is the same along a ray, however far; here it is not, and rounding may put a right
    Jacobian outside the hull, by no more than the hull is wide.
    """
    scales = neighbours(z, _everywhere(z.size), eps, domain)[: len(ULPS)]
    if len(scales) < len(ULPS) or len({len(points) for points in scales}) > 1:
        return False
    near, far = (witness.judge(points).jacobian for points in scales)
    with np.errstate(all="ignore"):
        change = np.logical_not(np.abs(near - far) <= KINK * tolerance)
        vertices = np.concatenate([near, far])
        vertices = vertices[np.isfinite(vertices).all(axis=(1, 2))]
        if not len(vertices):
            return False
        low, high = vertices.min(axis=0), vertices.max(axis=0)
        beside = (jacobian >= 2 * low - high) & (jacobian <= 2 * high - low)
    return bool(change.any(axis=(1, 2)).mean() > CURVED and beside.all())


def slopes_within(
    witness: Witness,
    z: Float64Array,
    slopes: Float64Array,
    tolerance: Float64Array,
    eps: float,
    domain: tuple[float, float],
) -> list[Membership]:
    """The same for many slopes (K,) of a function of one number, at z (K,): an interval each."""
    best, kink = np.full(z.shape, np.inf), np.zeros(z.shape, dtype=bool)
    low, high = domain
    for ulps in ULPS:
        step = ulps * np.maximum(eps * np.abs(z), NEAR_ZERO)
        sides = np.stack([z - step, z + step])
        sides = np.where((sides > low) & (sides < high), sides, z)
        with np.errstate(all="ignore"):
            near = witness.judge(sides.reshape(-1, 1)).jacobian.reshape(sides.shape)
            allowed = np.fmax(tolerance, ROUNDINGS * eps * np.abs(near).max(axis=0))
            outside = np.maximum(near.min(axis=0) - slopes, slopes - near.max(axis=0))
            distance = np.maximum(outside, 0) / (SLACK * allowed)
            kink |= np.ptp(near, axis=0) > KINK * allowed
        best = np.fmin(best, np.where(np.isfinite(distance), distance, np.inf))
    return [Membership(float(d), bool(k)) for d, k in zip(best, kink, strict=True)]


def bounded(witness: Witness, z: Float64Array, eps: float, domain: tuple[float, float]) -> bool:
    """Whether Jacobians near the row z (n,) are finite, and do not grow towards it."""
    n = z.size
    directions = np.array([*np.eye(n), *-np.eye(n), np.ones(n), -np.ones(n)])
    sizes = []
    for near in neighbours(z, directions, eps, domain)[: len(ULPS)]:
        jacobian = witness.judge(near).jacobian
        finite = jacobian[np.isfinite(jacobian).all(axis=(1, 2))]
        if len(finite) < n:
            return False
        sizes.append(np.abs(finite).max())
    return len(sizes) == len(ULPS) and bool(sizes[0] <= 1.5 * sizes[1])


def neighbours(
    z: Float64Array, directions: Float64Array, eps: float, domain: tuple[float, float]
) -> list[Float64Array]:
    """Points (K, n) around a row z (n,), a list for each scale; all inside the domain."""
    low, high = domain
    own = np.maximum(eps * np.abs(z), NEAR_ZERO)
    shared = np.full_like(z, max(eps * float(np.abs(z).max()), NEAR_ZERO))
    scales = [k * size for size in (own, shared) for k in ULPS]
    if np.array_equal(own, shared):
        scales = scales[: len(ULPS)]
    points = [z + directions * scale for scale in scales]
    inside = [p[((p > low) & (p < high)).all(axis=1)] for p in points]
    return [p for p in inside if len(p)]


def _guided(jacobian: Float64Array) -> Float64Array:
    """Along each axis, all together, and where the Jacobian itself points."""
    n = jacobian.shape[1]
    ramp = np.arange(1.0, len(jacobian) + 1)
    own = [ramp @ jacobian, -ramp @ jacobian, ramp[::-1] @ jacobian, -ramp[::-1] @ jacobian]
    sizes = [np.abs(d).max() for d in own]
    scaled = [d / s for d, s in zip(own, sizes, strict=True) if 0 < s < np.inf]
    steps = np.arange(1.0, n + 1)
    ramps = [steps / n, -steps / n]
    return np.array([*np.eye(n), *-np.eye(n), np.ones(n), -np.ones(n), *ramps, *scaled])


def _everywhere(n: int) -> Float64Array:
    """Directions on all sides: every order of the sizes with every sign, or a fixed sample."""
    if n <= EXHAUSTIVE:
        sizes = np.array(list(permutations(np.arange(1.0, n + 1) / n)))
        signs = np.array(list(product((-1.0, 1.0), repeat=n)))
        return (sizes[:, None] * signs).reshape(-1, n)
    random = np.random.default_rng(n)
    return np.asarray(random.uniform(-1, 1, (SAMPLE, n)))


def _to_hull(jacobian: Float64Array, vertices: Float64Array, tolerance: Float64Array) -> float:
    """The largest residual, over its tolerance, of the best convex combination of the vertices."""
    finite, wanted = vertices.reshape(-1, jacobian.size), jacobian.ravel()
    allowed = SLACK * tolerance.ravel()
    low, high = finite.min(axis=0), finite.max(axis=0)
    outside = float((np.maximum(np.maximum(low - wanted, wanted - high), 0) / allowed).max())
    if outside > 1 or jacobian.size == 1:
        return outside
    if float((np.abs(finite - wanted) / allowed).max(axis=1).min()) <= 1:
        return 0.0
    distinct = np.unique(finite, axis=0)
    system = np.vstack([distinct.T, np.ones(len(distinct))])
    right = np.append(wanted, 1.0)
    try:
        weights, _ = nnls(system, right, maxiter=20 * len(distinct) + 100)
    except RuntimeError:  # no convergence: nothing is proved against the Jacobian
        return 0.0
    # nnls stops some digits early: the smallest correction of the weights it chose does the rest.
    used = weights > 0
    chosen = system[:, used]
    left = right - chosen @ weights[used]
    exact = weights[used] + np.linalg.lstsq(chosen, left, rcond=None)[0]
    if (exact < -1e-9).any():
        exact = weights[used]
    return float((np.abs(chosen[:-1] @ exact - wanted) / allowed).max())


def convention(z: Float64Array, jacobian: Float64Array, name: str) -> str:
    """The choice at a kink in words, like ``relu'(0) = 1`` or ``first of the tied``."""
    if z.size == 1:
        return f"{name}'({z[0]:.6g}) = {jacobian[0, 0]:.6g}"
    said = []
    for row in jacobian:
        at = np.flatnonzero(row)
        if not len(at):
            continue
        tied = np.flatnonzero(z == z[at[0]])
        if len(tied) < 2 or not set(at) <= set(tied):
            continue
        if len(at) == len(tied) and np.allclose(row[at], row[at[0]]):
            said.append("split evenly among the tied")
        elif len(at) == 1:
            place = {tied[0]: "first of the tied", tied[-1]: "last of the tied"}
            said.append(place.get(at[0], "one of the tied"))
    return said[0] if len(set(said)) == 1 else "an element of the subdifferential"
