"""Whose forward loses digits? One of them is rough where the other one is smooth.

Two values that differ do not say which is wrong. But what a formula loses differs from number to
number: its second differences are as large as its error, and those of a good one next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..compare import Float64Array

#: How far the neighbours are, in terms of z: from many times z, where what is lost may be all of
#: y, down to some ulps.
WAYS = 2.0 ** -np.arange(-6.0, 51.0, 2.0)

#: What differs by more than this, in terms of 1 + |y|, no formula loses: it is another function.
LOST = 1e-6

#: As rough as this share of the difference explains it; as smooth as this share does not.
ROUGH, SMOOTH = 0.25, 1 / 32

#: Rows z (K, n) -> y (K, m).
Values = Callable[[Float64Array], Float64Array]


def stands(by_hand: Values, oracle: Values, z: Float64Array, domain: tuple[float, float]) -> bool:
    """Whether the hand-written y at the row z (n,) is smooth where the oracle's is rough, as seen
    from some way.
    """
    moves = WAYS[:, None] * np.abs(z)
    moves = moves[((z - 2 * moves > domain[0]) & (z + 2 * moves < domain[1])).all(axis=1)]
    points = np.concatenate([z + k * moves for k in range(-2, 3)])
    with np.errstate(all="ignore"):
        mine, other = by_hand(points), oracle(points)
        mine, other = (y.reshape(5, len(moves), -1) for y in (mine, other))
        apart = np.abs(mine - other)[2]
        small = apart <= LOST * (1 + np.abs(mine[2]))
        smooth = _roughness(mine) <= SMOOTH * apart
        rough = _roughness(other) >= ROUGH * apart
    return bool(((small & smooth & rough) | (apart == 0)).any(axis=0).all())


def _roughness(y: Float64Array) -> Float64Array:
    """The largest second difference (K, m) on either side of the middle of y (5, K, m)."""
    left, right = (np.abs(a - 2 * b + y[2]) for a, b in ((y[0], y[1]), (y[4], y[3])))
    return np.maximum(left, right)
