"""Many arrays beside what they ought to be, in one pass over all of their entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compare import Float64Array, compare, ratios
from .tolerance import tolerance


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

    With all entries laid end to end, which is several times as fast; where that does not find
    everything in order, ``compare`` goes through them one by one.
    """
    _, got, expected, size, roundings = zip(*comparisons, strict=True)
    dtype, shapes = got[0].dtype, [array.shape for array in got]
    if (
        all(array.dtype == dtype for array in got)
        and [array.shape for array in expected] == shapes
        and [array.shape for array in size] == shapes
    ):
        often = np.repeat(roundings, [array.size for array in got])
        allowed = tolerance(laid_end_to_end(size), dtype, often)
        limit = float(np.finfo(dtype).max)
        all_ratios = ratios(laid_end_to_end(got), laid_end_to_end(expected), allowed, limit)
        worst = float(all_ratios.max())
        if worst <= 1:
            return worst
    return max(
        compare(c.what, c.got, c.expected, tolerance(c.size, dtype, c.roundings))
        for c in comparisons
    )


def laid_end_to_end(arrays: Sequence[NDArray[Any]]) -> Float64Array:
    """All entries of all of them, as float64."""
    return np.concatenate([array.reshape(-1) for array in arrays], dtype=np.float64)
