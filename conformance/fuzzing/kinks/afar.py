"""Kinks where differences are the only witness: the Jacobians some way off say what is possible.

Within a few ulps of a kink every difference straddles it. A way off in a direction, none does; of a
function in smooth pieces the Jacobian there is nearly that of the piece, and so nearly a vertex of
the subdifferential (F. H. Clarke 1975). How nearly: half of the way shows it.
"""

from __future__ import annotations

import numpy as np

from ...compare import Float64Array
from ..slopes.slopes import EPS
from ..witness.witness import Witness
from .hull import distance_to_hull
from .neighbourhood import everywhere, guided
from .subdifferential import parts_of

#: How far the Jacobians are, in terms of the largest entry of the row, and of 1 if that is less: a
#: softmax of large numbers is all corners from afar, and smooth at the size of their differences.
WAY = 2.0**-8

#: A share of the Jacobian by which it must miss the hull, at the least.
MISS = 1e-3

#: Where the pieces are more curved than this share, or differences as unsure, nothing is said.
TOO_CURVED = 0.05

#: Differences that doubt more than this straddle a jump of the function and no kink.
STEEP = 100.0

#: At a kink the slopes on both sides differ as much where one is so many times as near.
CLOSER = 2.0**20

#: Of the directions on all sides, so many must lead off every kink.
CLEAR_SHARE = 0.6


def contradicted(
    witness: Witness,
    z: Float64Array,
    jacobian: Float64Array,
    domain: tuple[float, float],
    eps: float,
) -> bool:
    """Whether a Jacobian (m, n) is far from all that it could be at a kink at z (n,), or a part.

    n is at most 3: of wider ones a sample of directions may miss a piece. False where it is not
    known. eps: of the dtype that z came in.
    """
    if not np.isfinite(jacobian).all():
        return False
    largest = float(np.abs(z).max()) or 1.0
    ways = dict.fromkeys((WAY * largest, WAY * min(largest, 1.0)))
    return all(_contradicted(witness, z, jacobian, domain, eps, way) for way in ways)


def _contradicted(
    witness: Witness,
    z: Float64Array,
    jacobian: Float64Array,
    domain: tuple[float, float],
    eps: float,
    way: float,
) -> bool:
    """The same, seen from so far."""
    directions = np.vstack([everywhere(z.size), guided(jacobian)])
    points = z + directions * way * np.array([1.0, 0.5])[:, None, None]
    low, high = domain
    if not ((points > low) & (points < high)).all():
        return False
    truth, here = witness.truth_at(points.reshape(-1, z.size)), witness.truth_at(z[None])
    whole, half = truth.jacobian.reshape(2, -1, *jacobian.shape)
    size = 1 + float(np.abs(half).max())
    doubt = truth.doubt.reshape(2, -1, jacobian.size).max(axis=(0, 2))
    sure = doubt <= MISS * size  # False for NaN, and along a kink
    bent = np.abs(whole - half)[sure].max(initial=0.0)
    if sure[: len(everywhere(z.size))].mean() < CLEAR_SHARE or bent > TOO_CURVED * size:
        return False
    if not here.doubt.max() <= STEEP * size or not _stays(witness, z, directions, way):
        return False
    allowed, pieces = np.full_like(jacobian, MISS * size + 2 * bent), half[sure]
    parts = parts_of(jacobian, pieces, z, eps) or [list(range(len(jacobian)))]
    return any(
        distance_to_hull(jacobian[rows], pieces[:, rows], allowed[rows]) > 1 for rows in parts
    )


def _stays(witness: Witness, z: Float64Array, directions: Float64Array, way: float) -> bool:
    """Whether what bends within this way of z bends at z itself: what is only steep does not."""
    moves = directions * way * np.array([1.0, 1 / CLOSER])[:, None, None]
    points = z + np.stack([moves, -moves, np.zeros_like(moves)])
    above, below, here = witness.values(points.reshape(-1, z.size)).reshape(3, 2, len(moves[0]), -1)
    bend = np.abs(above + below - 2 * here).max(axis=(1, 2)) / np.array([way, way / CLOSER])
    rounding = 8 * EPS * (1 + float(np.abs(here).max())) * CLOSER / way
    return bool(bend[1] + rounding > bend[0] / 2)
