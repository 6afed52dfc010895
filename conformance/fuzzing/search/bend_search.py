"""Joints of pieces that fit in value and in slope, as a parabola and its tangent do.

No jump leads there: the slope only bends. Where the joint by hand is not the true one, the slopes
between the two differ by little, and there alone.
"""

from __future__ import annotations

import numpy as np

from ...compare import Float64Array
from ..slopes.slopes import EPS
from .kink_search import FOLLOWED, Probe, around, grid

#: A bend stands out: it is so many times that of its neighbours, and of what rounding makes.
OUTSTANDING = 4.0
ABOVE_ROUNDING = 16.0

#: It stays however near one looks, where a curve becomes straight.
STAYS = 0.125
HALVINGS = 48


def on_a_line(slopes: Probe, domain: tuple[float, float]) -> Float64Array:
    """Points (K, 1) at and around each joint of a function of one number."""
    z = grid(domain)
    a, b = _outstanding(slopes, z)
    found = _bisect(slopes, a, b) if len(a) else np.empty((0, 2, 1))
    return around(found, domain)


def _outstanding(slopes: Probe, z: Float64Array) -> tuple[Float64Array, Float64Array]:
    """The neighbours a, b (K,) of points z at which the slope bends as it does nowhere near."""
    bend, noise = _bends(slopes(z[:, None])[:, 0][None], z[None])
    width = z[2:] - z[:-2]
    bend, noise = bend[0] / width, noise[0] / width  # per width: a curve's own second derivative
    others = np.maximum(bend[:-4], bend[4:])
    share = np.nan_to_num(bend[2:-2] / (OUTSTANDING * (others + noise[2:-2])), nan=0.0)
    chosen = np.argsort(-share, kind="stable")[:FOLLOWED]
    chosen = chosen[share[chosen] > 1] + 2
    return z[chosen], z[chosen + 2]


def _bisect(slopes: Probe, a: Float64Array, b: Float64Array) -> Float64Array:
    """Pairs (K, 2, 1) as close around a joint as rounding allows, out of intervals a, b (K,)."""
    first = last = np.zeros(len(a))
    for k in range(HALVINGS):
        points = a[:, None] + (b - a)[:, None] * np.linspace(0, 1, 5)
        bend, noise = _bends(slopes(points.reshape(-1, 1)).reshape(points.shape), points)
        largest = np.argmax(bend, axis=1)
        size, rounding = (np.take_along_axis(x, largest[:, None], 1)[:, 0] for x in (bend, noise))
        seen = size > OUTSTANDING * rounding  # False for NaN
        rows = np.arange(len(a))
        a = np.where(seen, points[rows, largest], a)
        b = np.where(seen, points[rows, largest + 2], b)
        last = np.where(seen, size, last)
        first = last if k == 0 else first
    stays = (last > STAYS * first) & (first > 0)
    return np.stack([a[stays], b[stays]], axis=1)[:, :, None]


def _bends(slopes: Float64Array, z: Float64Array) -> tuple[Float64Array, Float64Array]:
    """By how much the slope's own slope changes at each inner point of z (K, N), and by rounding.

    Both are (K, N - 2).
    """
    with np.errstate(all="ignore"):
        step = np.diff(z, axis=1)
        rise = np.diff(slopes, axis=1) / step
        rounding = (
            ABOVE_ROUNDING * EPS * (1 + np.abs(slopes[:, :-1]) + np.abs(slopes[:, 1:])) / step
        )
        return np.abs(np.diff(rise, axis=1)), rounding[:, :-1] + rounding[:, 1:]
