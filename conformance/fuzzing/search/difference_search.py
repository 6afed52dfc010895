"""Where on a dense line the hand-written slope is furthest from the witness's.

A wrong number, or a narrow band of wrong slopes, has no kink that leads there.
"""

from __future__ import annotations

import numpy as np

from ...compare import Float64Array
from .kink_search import Probe

#: Of the numbers where the two differ, so many are looked at.
FOLLOWED = 24

#: Numbers that people write into programs.
CONSTANTS = (np.pi, np.e, np.sqrt(np.pi), np.sqrt(2.0), np.sqrt(3.0), np.log(2.0), np.log(10.0))


def dense_line(domain: tuple[float, float]) -> Float64Array:
    """Half thousandths up to 8, halves up to 1024, simple fractions, well-known constants; and 256
    numbers at equal distances in a domain that has two ends.
    """
    low, high = domain
    fractions = [k / n for n in (3, 6, 7, 9) for k in range(1, 4 * n)]
    multiples = [k * c / n for c in CONSTANTS for k in (1, 2, 3) for n in (1, 2, 3, 4)]
    inverses = [1 / c for c in CONSTANTS]
    some = np.array([*fractions, *multiples, *inverses])
    points = [np.arange(-16000, 16001) / 2000, np.arange(-2048, 2049) / 2, some, -some]
    if np.isfinite(high - low):
        points.append(np.linspace(low, high, 258))
    line = np.unique(np.concatenate(points))
    return line[(line > low) & (line < high)]


def on_a_line(by_hand: Probe, true: Probe, domain: tuple[float, float]) -> Float64Array:
    """The points (K, 1) where two slopes are furthest apart, in terms of their size."""
    z = dense_line(domain)[:, None]
    with np.errstate(all="ignore"):
        a, b = by_hand(z)[:, 0], true(z)[:, 0]
        apart = np.abs(a - b) / (1 + np.abs(b))
    apart = np.where(np.isnan(a) & np.isfinite(b), np.inf, np.nan_to_num(apart, nan=0.0))
    furthest = np.argsort(-apart, kind="stable")[:FOLLOWED]
    return z[furthest[apart[furthest] > 0]]
