"""Numbers for pre-activations: each regime is a way in which gradients are known to go wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from reference.checks import Array

from ...compare import Float64Array

Random = np.random.Generator
Shape = tuple[int, ...]

LARGE = (40.0, 100.0, 750.0, 1e3, 1e4)
MEANS = (1e2, 1e4, 1e6)
TINY = (1e-3, 1e-8, 1e-12, 1e-30, 1e-150, 1e-300, 2.0**-1022, 5e-324)

#: In float32 a product of many large numbers overflows though the true result does not.
DECADES_IN_FLOAT32 = 30.0


def _signs(random: Random, shape: Shape) -> Float64Array:
    return random.choice([-1.0, 1.0], shape)


def _some(random: Random, shape: Shape) -> Any:
    """Which entries to treat: one of a row, about half of them, or all."""
    kind = random.integers(3)
    if kind == 0:
        return np.arange(shape[-1]) == random.integers(0, shape[-1], (*shape[:-1], 1))
    return random.random(shape) < (0.5 if kind == 1 else 2)


def _short(random: Random, shape: Shape) -> Float64Array:
    return random.integers(-256, 257, shape) / 64


def _normal(random: Random, shape: Shape) -> Float64Array:
    return random.normal(0, random.choice([0.5, 1.0, 3.0]), shape)


def _large(random: Random, shape: Shape) -> Float64Array:
    large = random.choice(LARGE, shape) * _signs(random, shape)
    return np.where(_some(random, shape), large, _short(random, shape))


def _wide(random: Random, shape: Shape) -> Float64Array:
    """Every size between the smallest and the largest, spread evenly over its logarithm."""
    return _signs(random, shape) * 10.0 ** random.uniform(-4, 4, shape)


def _tiny(random: Random, shape: Shape) -> Float64Array:
    tiny = random.choice(TINY, shape) * _signs(random, shape)
    return np.where(_some(random, shape), tiny, _short(random, shape))


def _zeros(random: Random, shape: Shape) -> Float64Array:
    z = np.where(_some(random, shape), random.choice([0.0, -0.0], shape), _short(random, shape))
    one = np.arange(shape[-1]) == random.integers(0, shape[-1], (*shape[:-1], 1))
    one_hot = np.where(one, random.choice([1.0, 1.0, -2.5]), 0.0)
    return one_hot if random.random() < 0.25 else z


def _ties(random: Random, shape: Shape) -> Float64Array:
    """Two, three or all entries of a row are equal; sometimes they are the largest."""
    z = _short(random, shape)
    n = shape[-1]
    how_many = int(random.choice([2, 3, n]))
    order = random.permuted(np.broadcast_to(np.arange(n), shape), axis=-1)
    tied = order < how_many
    value = (
        z.max(axis=-1, keepdims=True) if random.random() < 0.5 else _short(random, (*shape[:-1], 1))
    )
    return np.where(tied, value, z)


def _whole(random: Random, shape: Shape) -> Float64Array:
    return random.integers(-3, 4, shape) / random.choice([1.0, 2.0])


def _ordered(random: Random, shape: Shape) -> Float64Array:
    """Rows that rise or fall, now and then by one throughout."""
    z = np.sort(_short(random, shape), axis=-1)
    if random.random() < 0.5:
        z = np.arange(shape[-1]) - random.integers(0, shape[-1] + 1, (*shape[:-1], 1)) + 0.0 * z
    return z * _signs(random, (*shape[:-1], 1))


def _one_sign(random: Random, shape: Shape) -> Float64Array:
    return np.abs(_short(random, shape)) * random.choice([-1.0, 1.0])


def _adjacent(random: Random, shape: Shape) -> Float64Array:
    base = np.broadcast_to(_whole(random, (*shape[:-1], 1)), shape)
    towards = random.choice([-np.inf, np.inf], shape)
    return np.where(random.random(shape) < 0.5, np.nextafter(base, towards), base)


def _beside(random: Random, shape: Shape) -> Float64Array:
    """Any small way from a whole number or a half: what is equal there cancels nearby."""
    way = 10.0 ** random.uniform(-12, -1, shape) * _signs(random, shape)
    return np.where(_some(random, shape), _whole(random, shape) + way, _short(random, shape))


def _offset(random: Random, shape: Shape) -> Float64Array:
    """A row's mean is far larger than its differences: what takes E[z^2] - E[z]^2 loses them."""
    shape_of_mean = (*shape[:-1], 1)
    mean = random.choice(MEANS, shape_of_mean) * _signs(random, shape_of_mean)
    return mean + _short(random, shape)


def _scales(random: Random, shape: Shape) -> Float64Array:
    """Whole rows of another size: a given one, or any below 1, where a series may take over."""
    rows = (*shape[:-1], 1)
    given = random.choice([1e-300, 1e-8, 1e-3, 1.0, 40.0, 1e4], rows)
    size = np.where(random.random(rows) < 0.5, given, 10.0 ** random.uniform(-8, 0, rows))
    return _short(random, shape) * size


REGIMES: dict[str, Callable[[Random, Shape], Float64Array]] = {
    "ordinary": _short,
    "normal": _normal,
    "whole": _whole,
    "zeros": _zeros,
    "ties": _ties,
    "ordered": _ordered,
    "one sign": _one_sign,
    "large": _large,
    "wide": _wide,
    "tiny": _tiny,
    "adjacent": _adjacent,
    "beside": _beside,
    "offset": _offset,
    "scales": _scales,
}


def numbers(
    random: Random, regime: str, shape: Shape, domain: tuple[float, float], special: Float64Array
) -> Float64Array:
    """z (..., n) of a regime, inside the domain.

    special (K, n): rows for the regime "kinks", which are taken as they are; "edges" are values
    next to those of the domain.
    """
    if regime == "kinks" and len(special):
        return special[random.integers(0, len(special), shape[:-1])]
    if regime == "edges":
        return np.where(
            _some(random, shape), _edges(random, shape, domain), _fit(_short(random, shape), domain)
        )
    return _fit(REGIMES.get(regime, _short)(random, shape), domain)


def graded(domain: tuple[float, float]) -> Float64Array:
    """Numbers (K,) inside the domain that lie nearer and nearer to integers and halves."""
    ways = 10.0 ** -np.linspace(1, 12, 37)  # few of which come out even
    points = (np.arange(-6, 7)[:, None] / 2 + np.concatenate([ways, -ways])).ravel()
    return points[(points > domain[0]) & (points < domain[1])]


def _edges(random: Random, shape: Shape, domain: tuple[float, float]) -> Float64Array:
    """From adjacent to an edge of the domain to a thousandth away; large where there is none."""
    choices = []
    for edge, inwards in zip(domain, (1.0, -1.0), strict=True):
        if np.isfinite(edge):
            size = max(1.0, abs(edge))
            choices.append(np.nextafter(edge, inwards * np.inf))
            choices += [edge + inwards * d * size for d in (1e-12, 1e-9, 1e-6, 1e-3)]
        else:
            choices += [-inwards * large for large in LARGE[:3]]
    return random.choice(np.array(choices), shape)


def _fit(z: Float64Array, domain: tuple[float, float]) -> Float64Array:
    """Numbers that lie outside the domain are moved inside; equal ones stay equal."""
    low, high = domain
    if not (np.isfinite(low) or np.isfinite(high)):
        return z
    if np.isfinite(low) and np.isfinite(high):
        inside = low + (high - low) * (0.05 + 0.9 * np.mod(0.37 * z, 1.0))
    elif np.isfinite(low):
        inside = low + np.where(z == low, 1.0, np.abs(z - low))
    else:
        inside = high - np.where(z == high, 1.0, np.abs(z - high))
    moved = np.where((z > low) & (z < high), z, inside)
    return np.where(
        (moved > low) & (moved < high),
        moved,
        low + (high - low) / 2 if np.isfinite(high - low) else moved,
    )


def in_dtype(z: Float64Array, dtype: Any, domain: tuple[float, float]) -> Array:
    """z in a dtype, still inside the domain."""
    if np.dtype(dtype) == np.float64:
        return z
    largest = 10.0 ** (DECADES_IN_FLOAT32 / z.shape[-1])
    with np.errstate(under="ignore", over="ignore"):
        narrow = np.clip(z, -largest, largest).astype(dtype)
    low, high = (np.asarray(edge, dtype=dtype) for edge in domain)
    inwards = np.where(narrow <= low, np.nextafter(low, high), narrow)
    return np.where(inwards >= high, np.nextafter(high, low), inwards)


def cotangents(random: Random, shape: Shape, dtype: Any) -> Array:
    """dy (..., m): never all equal nor all 0, of ordinary size, small, or up to 1e3."""
    size = random.choice([1.0, 1.0, 1e-3, 250.0])
    dy = random.integers(-256, 257, shape) / 64 * size
    if random.random() < 0.2:
        dy = dy * (random.random(shape) < 0.5)
    if (dy.size > 1 and (dy == dy.flat[0]).all()) or not dy.any():
        dy = np.arange(1.0, dy.size + 1).reshape(shape)
    return np.asarray(dy, dtype=dtype)
