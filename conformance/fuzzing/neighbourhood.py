"""The points next to a row, in many directions and at several scales, and the Jacobians there."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations, product
from typing import final

import numpy as np

from ..compare import Float64Array
from .slopes import EPS
from .witness import Witness

#: How far the neighbours are, in ulps of each entry and of the largest of the row.
ULPS = (3, 24)

#: The step from an entry that is 0, unless an ulp of another is less; and the least step of all.
NEAR_ZERO, LEAST = 1e-30, 1e-300

#: Up to this width every order and every sign of the entries is tried; beyond, a sample.
EXHAUSTIVE = 3
SAMPLE = 160


@final
@dataclass(frozen=True)
class Neighbourhood:
    """Where a witness is asked around a row. eps: of the dtype that the row came in."""

    witness: Witness
    eps: float
    domain: tuple[float, float]

    def jacobians(self, z: Float64Array, directions: Float64Array) -> list[Float64Array]:
        """The witness's Jacobians (K, m, n) around a row z (n,): at 3 and 24 ulps of each entry,
        then of the largest entry where that is something else, then of that in float64.

        Autodiff works in float64: it sees what is smaller than the spacing of a float32.
        """
        groups = self._points(z, directions)
        if not groups:
            return []
        jacobians = self.witness.judge(np.concatenate(groups)).jacobian  # asked about all at once
        return np.split(jacobians, np.cumsum([len(points) for points in groups])[:-1])

    def slopes(self, z: Float64Array) -> Float64Array:
        """Of a function of one number, at z (K,): on both sides, at each scale (scales, 2, K).

        Where a side is outside the domain, the slope at z itself.
        """
        low, high = self.domain
        ulp = np.where(z == 0, NEAR_ZERO, np.maximum(self.eps * np.abs(z), LEAST))
        points = z + np.array([-1.0, 1.0])[:, None] * ulp * np.array(ULPS)[:, None, None]
        points = np.where((points > low) & (points < high), points, z)
        return self.witness.judge(points.reshape(-1, 1)).jacobian.reshape(points.shape)

    def _points(self, z: Float64Array, directions: Float64Array) -> list[Float64Array]:
        low, high = self.domain
        ulp = self.eps * np.abs(z)
        at_zero = max(min(NEAR_ZERO, float(ulp[z != 0].min(initial=NEAR_ZERO))), LEAST)
        own = np.where(z == 0, at_zero, np.maximum(ulp, LEAST))
        shared = np.full_like(z, own.max())
        sizes = [own] if np.array_equal(own, shared) else [own, shared]
        if self.witness.smooth and self.eps > EPS:
            sizes.append(shared * (EPS / self.eps))
        points = [z + directions * k * size for size in sizes for k in ULPS]
        inside = [p[((p > low) & (p < high)).all(axis=1)] for p in points]
        return [p for p in inside if len(p)]


def axes(n: int) -> Float64Array:
    """Along each axis, and all together: (2n + 2, n)."""
    return np.array([*np.eye(n), *-np.eye(n), np.ones(n), -np.ones(n)])


def guided(jacobian: Float64Array) -> Float64Array:
    """The axes, a ramp, and where the Jacobian (m, n) itself points."""
    m, n = jacobian.shape
    ramp = np.arange(1.0, m + 1)
    own = [ramp @ jacobian, -ramp @ jacobian, ramp[::-1] @ jacobian, -ramp[::-1] @ jacobian]
    sizes = [np.abs(d).max() for d in own]
    scaled = [d / s for d, s in zip(own, sizes, strict=True) if 0 < s < np.inf]
    steps = np.arange(1.0, n + 1) / n
    return np.array([*axes(n), steps, -steps, *scaled])


def everywhere(n: int) -> Float64Array:
    """Directions on all sides: every order of the sizes with every sign, or a fixed sample."""
    if n <= EXHAUSTIVE:
        sizes = np.array(list(permutations(np.arange(1.0, n + 1) / n)))
        signs = np.array(list(product((-1.0, 1.0), repeat=n)))
        return (sizes[:, None] * signs).reshape(-1, n)
    random = np.random.default_rng(n)
    beside_the_axes = axes(n) + random.uniform(-1, 1, (2 * n + 2, n)) / 8
    return np.vstack([random.uniform(-1, 1, (SAMPLE, n)), beside_the_axes])
