"""Kinks along one axis, in rows too wide for samples of all directions.

Where y bends at z_j, and does so wherever the other entries are moved, the kink is a plane across
the axis of z_j: whatever else the function does, dy_i/dz_j is between the slopes on its two sides
(F. H. Clarke 1975).
"""

from __future__ import annotations

import numpy as np

from ...compare import Float64Array
from ..slopes.slopes import EPS
from ..witness.witness import Witness

#: How far z_j moves, in terms of the largest entry of the row, and of 1 if that is less; and once
#: more by so little that what is steep but smooth has no other slope there.
STEPS = (2.0**-8, 2.0**-28)

#: The other entries move by this, in so many ways, the first of which is not at all.
OTHERS_MOVE, WAYS = 2.0**-8, 8

#: Slopes that differ by this share of their size are not the same.
NOT_THE_SAME = 0.05

#: An entry is outside by this share of what the slopes on both sides differ by.
WIDER = 0.25


def beyond_both_sides(
    witness: Witness, z: Float64Array, jacobian: Float64Array, domain: tuple[float, float]
) -> bool:
    """Whether an entry of the Jacobian (m, n) at z (n,) is outside of its slopes on both sides.

    False where a step leaves the domain, and for entries whose slopes depend on the others.
    """
    largest = float(np.abs(z).max()) or 1.0
    outside = np.ones(jacobian.shape, dtype=bool)
    for size in dict.fromkeys((largest, min(largest, 1.0))):
        others = _moved_aside(z, OTHERS_MOVE * size)
        for step in STEPS:
            moves = np.eye(z.size) * step * size
            points = np.stack([others - moves, others, others + moves])
            if not ((points > domain[0]) & (points < domain[1])).all():
                return False
            y = witness.values(points.reshape(-1, z.size)).reshape(*points.shape[:3], -1)
            sides = np.diff(y, axis=0) / (step * size)  # (2, WAYS, n, m)
            rounding = 8 * EPS * (1 + np.abs(y).max()) / (step * size)
            same = rounding + NOT_THE_SAME * (1 + np.abs(sides).max())
            low, high = sides[:, 0].min(axis=0).T, sides[:, 0].max(axis=0).T
            beyond = same + WIDER * (high - low)
            alike = (np.ptp(sides, axis=1) <= same).all(axis=0).T
            outside &= alike & ((jacobian < low - beyond) | (jacobian > high + beyond))
    return bool(outside.any())


def _moved_aside(z: Float64Array, size: float) -> Float64Array:
    """All entries but the one that moves, at random but for the first way: (WAYS, n, n)."""
    ways = np.random.default_rng(z.size).uniform(-size, size, (WAYS, z.size, z.size))
    ways[0] = 0
    return np.asarray(z + ways * (1 - np.eye(z.size)))
