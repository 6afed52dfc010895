"""The points next to a row, in many directions and at several scales, and the Jacobians there."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations, product
from typing import final

import numpy as np
from numpy.typing import NDArray

from ...compare import Float64Array
from ..slopes.slopes import EPS
from ..witness.witness import Witness

#: How far the neighbours are, in ulps of each entry and of the largest of the row.
ULPS = (3, 24)

#: Where y is clipped, rounding moves it by so many ulps, and z by no more than this many.
CLIPPED, CLIPPED_FAR = 4.0, 2.0**16

#: Nothing below this is a kink: autodiff's own rounding jumps too.
LEAST_JUMP = 1e-7

#: The step from an entry that is 0, unless an ulp of another is less; and the least step of all.
NEAR_ZERO, LEAST = 1e-30, 1e-300

#: Up to this width every order and every sign of the entries is tried; beyond, a sample.
EXHAUSTIVE = 3
SAMPLE = 160

#: An entry of a direction that would not move moves by this share of the others.
ASIDE = 0.125

#: Two numbers that differ by no more, of themselves or of 1, are the same but for rounding.
ALIKE = 1e-9


@final
@dataclass(frozen=True)
class Neighbourhood:
    """Where a witness is asked around a row. eps: of the dtype that the row came in."""

    witness: Witness
    eps: float
    domain: tuple[float, float]

    def jacobians(self, z: Float64Array, directions: Float64Array) -> list[Float64Array]:
        """The witness's Jacobians (K, m, n) around a row z (n,): at 3 and 24 ulps of each entry,
        then of the largest entry where that is something else, then of that in float64; and where
        none of this moves some of the witness's y, of 1, as far as the others are what they were.

        Autodiff works in float64: it sees what is smaller than the spacing of a float32. But what
        it adds to 1 is lost where that is smaller than an ulp of 1, in float32 by hand as well.
        """
        groups = self._points(z, directions)
        if not groups:
            return []
        truth = self.witness.truth_at(np.concatenate(groups))  # asked about all at once
        jacobians = np.split(truth.jacobian, np.cumsum([len(points) for points in groups])[:-1])
        moved = np.ptp(truth.y, axis=0) > self._lost(truth.y[0])
        if np.abs(z).max() < 1 and not moved.all():
            for points in self._inside([z + directions * k * self.eps for k in ULPS]):
                further = self.witness.truth_at(points).jacobian
                known = _among(further[:, moved], truth.jacobian[:, moved])
                jacobians.append(np.where(known[:, None, None], further, np.nan))
        return jacobians

    def slopes(self, z: Float64Array, hand: Float64Array) -> Float64Array:
        """Of a function of one number, at z (K,): on both sides, at each scale (scales, 2, K).

        After 3 and 24 ulps the third is of ulps of 1 where the others move y by nothing that a sum
        with 1 keeps. Of a y that is nearly flat it is where y has moved by some ulps: so far from
        the kink rounding may have clipped it. And the fourth is as far as rounding hides in y
        whether its slope is one of these or that by hand (K,), if there is a kink so near. Else
        they are the second again. Where a side is outside the domain, it is the slope at z itself,
        or where that is not finite the one on the other side.
        """
        low, high = self.domain
        ulp = np.where(z == 0, NEAR_ZERO, np.maximum(self.eps * np.abs(z), LEAST))
        sides = np.array([-1.0, 1.0])[:, None]

        def judge(steps: Float64Array) -> tuple[Float64Array, Float64Array]:
            points = z + sides * steps[:, None, :]
            inside = (points > low) & (points < high)
            truth = self.witness.truth_at(np.where(inside, points, z).reshape(-1, 1))
            y, slopes = truth.y.reshape(points.shape), truth.jacobian.reshape(points.shape)
            return y, np.where(inside | np.isfinite(slopes), slopes, slopes[:, ::-1])

        y, slopes = judge(np.stack([k * ulp for k in ULPS]))
        absorbed = (np.abs(z) < 1) & (np.ptp(y, axis=(0, 1)) <= self._lost(y[0, 0]))
        with np.errstate(divide="ignore", invalid="ignore"):
            rounded = CLIPPED * self.eps * np.abs(y[0, 0]) / np.abs(slopes).max(axis=(0, 1))
        far = np.clip(np.nan_to_num(rounded, posinf=0.0), ULPS[-1] * ulp, CLIPPED_FAR * ulp)
        far = np.where(absorbed, ULPS[-1] * self.eps, far)
        last = slopes[-1:]
        if (far > ULPS[-1] * ulp).any():
            _, last = judge(far[None])
        with np.errstate(divide="ignore", invalid="ignore"):
            hidden = CLIPPED * self.eps * np.abs(y[0, 0]) / np.abs(slopes - hand).min(axis=(0, 1))
        hidden = np.clip(np.nan_to_num(hidden, posinf=0.0), ULPS[-1] * ulp, CLIPPED_FAR * ulp)
        _, beyond = judge(hidden[None])
        beyond = np.where(np.ptp(beyond, axis=1) > LEAST_JUMP, beyond, slopes[-1:])
        return np.concatenate([slopes, last, beyond])

    def _lost(self, y: Float64Array) -> Float64Array:
        """A change that rounding hides beside y: none that is there in the witness's float64."""
        return np.abs(y) * (self.eps if self.eps > EPS else 0.0)

    def _points(self, z: Float64Array, directions: Float64Array) -> list[Float64Array]:
        ulp = self.eps * np.abs(z)
        at_zero = max(min(NEAR_ZERO, float(ulp[z != 0].min(initial=NEAR_ZERO))), LEAST)
        own = np.where(z == 0, at_zero, np.maximum(ulp, LEAST))
        shared = np.full_like(z, own.max())
        sizes = [own] if np.array_equal(own, shared) else [own, shared]
        if self.witness.smooth and self.eps > EPS:
            sizes.append(shared * (EPS / self.eps))
        return self._inside([z + directions * k * size for size in sizes for k in ULPS])

    def _inside(self, groups: list[Float64Array]) -> list[Float64Array]:
        low, high = self.domain
        inside = [p[((p > low) & (p < high)).all(axis=1)] for p in groups]
        return [p for p in inside if len(p)]


def _among(jacobians: Float64Array, others: Float64Array) -> NDArray[np.bool_]:
    """Which of the Jacobians (K, m, n) are, but for rounding, one of the others (L, m, n): (K,)."""
    flat, known = jacobians.reshape(len(jacobians), -1), others.reshape(len(others), -1)
    different = np.unique(known, axis=0)
    with np.errstate(invalid="ignore"):
        same = [(np.abs(flat - one) <= ALIKE * (1 + np.abs(one))).all(axis=1) for one in different]
    return np.any(same, axis=0)


def axes(n: int) -> Float64Array:
    """Along each axis, and all together: (2n + 2, n)."""
    return np.array([*np.eye(n), *-np.eye(n), np.ones(n), -np.ones(n)])


def guided(jacobian: Float64Array) -> Float64Array:
    """The axes, a ramp, and where the Jacobian (m, n) itself points.

    Where it points nowhere, as that of |z| may at 0, also a little to either side.
    """
    m, n = jacobian.shape
    ramp = np.arange(1.0, m + 1)
    own = [ramp @ jacobian, -ramp @ jacobian, ramp[::-1] @ jacobian, -ramp[::-1] @ jacobian]
    sizes = [np.abs(d).max() for d in own]
    scaled = [d / s for d, s in zip(own, sizes, strict=True) if 0 < s < np.inf]
    beside = [d + side * (d == 0) for d in scaled if not d.all() for side in (ASIDE, -ASIDE)]
    steps = np.arange(1.0, n + 1) / n
    return np.array([*axes(n), steps, -steps, *scaled, *beside])


def everywhere(n: int) -> Float64Array:
    """Directions on all sides: every order of the sizes with every sign, or a fixed sample."""
    if n <= EXHAUSTIVE:
        sizes = np.array(list(permutations(np.arange(1.0, n + 1) / n)))
        signs = np.array(list(product((-1.0, 1.0), repeat=n)))
        return (sizes[:, None] * signs).reshape(-1, n)
    random = np.random.default_rng(n)
    beside_the_axes = axes(n) + random.uniform(-1, 1, (2 * n + 2, n)) / 8
    return np.vstack([random.uniform(-1, 1, (SAMPLE, n)), beside_the_axes])
