"""Whose forward loses digits? One of them is rough where the other one is smooth.

Two values that differ do not say which is wrong. But what a formula loses differs from number to
number: its second differences are as large as its error, and those of a good one next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...compare import Float64Array

#: How far the neighbours are, in terms of z: from many times z, where what is lost may be all of
#: y, down to some ulps.
WAYS = 2.0 ** -np.arange(-6.0, 51.0, 2.0)

#: Second differences are taken at z and around it, in terms of the way: at a kink or a jump few of
#: them are large, where digits are lost many.
AROUND = 1.37 * np.arange(-6, 7)
SHARE_OF_LARGE = 0.4

#: As rough as this share of the difference explains it; as smooth as this share does not.
ROUGH, SMOOTH = 0.1, 1 / 32

#: Rows z (K, n) -> y (K, m).
Values = Callable[[Float64Array], Float64Array]


def oracle_is_rougher(
    by_hand: Values, oracle: Values, z: Float64Array, domain: tuple[float, float]
) -> bool:
    """Whether the hand-written y at the row z (n,) is smooth where the oracle's is rough, as seen
    from some way.
    """
    steps = AROUND[:, None] + np.array([-1.0, 0.0, 1.0])
    points = z + WAYS[:, None, None, None] * np.abs(z) * steps[:, :, None]
    inside = ((points > domain[0]) & (points < domain[1])).all(axis=(1, 2, 3))
    shape, flat = points[inside].shape[:3], points[inside].reshape(-1, z.size)
    with np.errstate(all="ignore"):
        apart = np.abs(by_hand(z[None]) - oracle(z[None]))[0]
        mine, other = (_roughness(f(flat).reshape(*shape, -1)) for f in (by_hand, oracle))
        smooth = (mine <= SMOOTH * apart).all(axis=1)
        rough = (other >= ROUGH * apart).mean(axis=1) >= SHARE_OF_LARGE
    return bool(((smooth & rough) | (apart == 0)).any(axis=0).all())


def _roughness(y: Float64Array) -> Float64Array:
    """The second differences (K, centres, m) of y (K, centres, 3, m)."""
    return np.abs(y[:, :, 0] - 2 * y[:, :, 1] + y[:, :, 2])
