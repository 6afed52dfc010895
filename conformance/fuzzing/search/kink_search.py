"""Kinks anywhere: a jump of a derivative is bisected down to two adjacent floats."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...compare import Float64Array

#: Values (N, n) -> something that jumps at a kink (N, k): Jacobians, or values.
Probe = Callable[[Float64Array], Float64Array]

#: So many of the largest jumps are followed.
FOLLOWED = 48
HALVINGS = 70

#: A change between adjacent floats that is this large, in terms of the values, is a jump.
JUMP = 1e-7


def grid(domain: tuple[float, float]) -> Float64Array:
    """Points all over the domain, dense where |z| is up to 8, and at every half up to 32."""
    low, high = domain
    line = np.linspace(-8.03, 8.05, 1201)
    decades = 10.0 ** np.linspace(-12, 4, 260)
    points = np.concatenate([line, decades, -decades, np.arange(-64, 65) / 2])
    if np.isfinite(low) and np.isfinite(high):
        points = np.concatenate([points, low + (high - low) * np.linspace(0.0005, 0.9995, 1001)])
    for edge in (low, high):
        if np.isfinite(edge):
            points = np.concatenate([points, edge + decades, edge - decades])
    return np.unique(points[(points > low) & (points < high)])


def on_a_line(probe: Probe, domain: tuple[float, float]) -> Float64Array:
    """The points (K, 1) on both sides of each kink of a function of one number."""
    z = grid(domain)[:, None]
    return around(_bisect(probe, z[:-1], z[1:]), domain)


def between_rows(probe: Probe, n: int, domain: tuple[float, float]) -> Float64Array:
    """Rows (K, n) at kinks that lie on lines through simple and through random rows."""
    random = np.random.default_rng(n)
    ends = []
    for _ in range(6 * n):
        row = random.choice([0.0, 1.0, -1.0, 0.5, 2.0], n)
        start, stop = row.copy(), row.copy()
        j = random.integers(n)
        start[j], stop[j] = -8.0, 8.0
        ends.append((start, stop))
    ends += [tuple(random.uniform(-4, 4, (2, n))) for _ in range(6)]
    starts, stops = (np.array([end[side] for end in ends]) for side in (0, 1))
    t = np.linspace(0, 1, 33)[:, None, None]
    points = starts + t * (stops - starts)
    low, high = domain
    inside = (
        (points[:-1] > low) & (points[:-1] < high) & (points[1:] > low) & (points[1:] < high)
    ).all(axis=-1)
    if not inside.any():
        return np.empty((0, n))
    return around(_bisect(probe, points[:-1][inside], points[1:][inside]), domain)


def _bisect(probe: Probe, a: Float64Array, b: Float64Array) -> Float64Array:
    """Pairs (K, 2, n) of neighbouring points between which the probe jumps, out of pairs a, b."""
    at_a, at_b = probe(a), probe(b)
    size = _jump(at_a, at_b)
    chosen = np.argsort(-size, kind="stable")[:FOLLOWED]
    chosen = chosen[size[chosen] > JUMP]
    a, b, at_a, at_b = a[chosen], b[chosen], at_a[chosen], at_b[chosen]
    for _ in range(HALVINGS if len(a) else 0):
        middle = a + (b - a) / 2
        at_middle = probe(middle)
        left = (_jump(at_a, at_middle) >= _jump(at_middle, at_b))[:, None]
        a, b = np.where(left, a, middle), np.where(left, middle, b)
        at_a, at_b = np.where(left, at_a, at_middle), np.where(left, at_middle, at_b)
    kinks = _jump(at_a, at_b) > JUMP
    return np.stack([a[kinks], b[kinks]], axis=1)


def _jump(a: Float64Array, b: Float64Array) -> Float64Array:
    """The largest change from a to b (N, k), in terms of the values: 1 where one of them is lost.

    What is infinite, or NaN on both sides, is none.
    """
    with np.errstate(all="ignore"):
        size = np.abs(a - b) / (1 + np.minimum(np.abs(a), np.abs(b)))
    size = np.where(np.isnan(a) != np.isnan(b), 1.0, size)
    return np.nan_to_num(size, nan=0.0, posinf=0.0).max(axis=1, initial=0.0)


def around(pairs: Float64Array, domain: tuple[float, float]) -> Float64Array:
    """Both points of each pair, the floats beside them, and the short number that they enclose."""
    if not len(pairs):
        return pairs.reshape(0, pairs.shape[-1])
    a, b = pairs[:, 0], pairs[:, 1]
    with np.errstate(all="ignore"):
        shortened = [np.round(b, digits) for digits in (0, 2, 6)]
        close = [np.isclose(s, b, rtol=1e-12, atol=1e-18).all(axis=1) for s in shortened]
        single = b.astype(np.float32).astype(np.float64)
        beside = np.spacing(np.abs(single).astype(np.float32)).astype(np.float64)
        size = np.maximum(np.abs(b), 1.0)
        further = [b + side * 10.0**-k * size for k in (11, 9, 7, 5) for side in (-1, 1)]
    near = [s[c] for s, c in zip(shortened, close, strict=True)]
    points = [a, b, 2 * a - b, 2 * b - a, single, single - beside, single + beside, *near, *further]
    found = np.unique(np.concatenate(points), axis=0)
    low, high = domain
    return np.asarray(found[((found > low) & (found < high)).all(axis=1)])
