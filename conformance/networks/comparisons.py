"""Many arrays beside what they ought to be, in one pass over all of their entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..compare import Float64Array, compare, ratios
from ..tolerance import tolerance


class Comparison(NamedTuple):
    """What is compared, got and expected; the size of the terms of each entry, and how often they
    are rounded.
    """

    what: str
    got: NDArray[Any]
    expected: NDArray[Any]
    size: Float64Array
    roundings: int


def compare_all(comparisons: Sequence[Comparison]) -> float:
    """The largest error over its tolerance, or the Disagreement of the first; of one dtype.

    ``compare`` has the last word: it goes through them one by one where not everything is in order.
    """
    (worst,) = worst_of_each([comparisons])
    if worst <= 1:
        return worst
    return max(
        compare(c.what, c.got, c.expected, tolerance(c.size, c.got.dtype, c.roundings))
        for c in comparisons
    )


def worst_of_each(groups: Sequence[Sequence[Comparison]]) -> list[float]:
    """The largest error over its tolerance in each group, each of which is of one dtype.

    Infinite where not all shapes and dtypes are as they ought to be, or nothing is compared. With
    the entries of all groups laid end to end, which is several times as fast.
    """
    worst = [np.inf] * len(groups)
    chosen: dict[np.dtype[Any], list[int]] = {}
    for i, group in enumerate(groups):
        if _comparable(group):
            chosen.setdefault(group[0].got.dtype, []).append(i)
    for dtype, indices in chosen.items():
        _, got, expected, size, roundings = zip(
            *(c for i in indices for c in groups[i]), strict=True
        )
        often = np.repeat(roundings, [array.size for array in got])
        allowed = tolerance(laid_end_to_end(size), dtype, often)
        limit = float(np.finfo(dtype).max)
        of_entries = ratios(laid_end_to_end(got), laid_end_to_end(expected), allowed, limit)
        entries = [sum(c.got.size for c in groups[i]) for i in indices]
        starts = np.cumsum([0, *entries[:-1]])
        for i, value in zip(indices, np.maximum.reduceat(of_entries, starts), strict=True):
            worst[i] = float(value)
    return worst


def _comparable(group: Sequence[Comparison]) -> bool:
    return bool(group) and all(
        c.got.dtype == group[0].got.dtype and c.got.shape == c.expected.shape == c.size.shape
        for c in group
    )


def laid_end_to_end(arrays: Sequence[NDArray[Any]]) -> Float64Array:
    """All entries of all of them, as float64."""
    return np.concatenate([array.reshape(-1) for array in arrays], dtype=np.float64)
