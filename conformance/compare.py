"""Two arrays side by side: structure before numbers, then the largest error over its tolerance."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float64Array = NDArray[np.float64]


class Disagreement(AssertionError):
    """The hand-written side and the expected one differ by more than rounding explains.

    ``ratio`` is the largest error over its tolerance, None where it is not about a number.
    """

    def __init__(self, message: str, ratio: float | None = None) -> None:
        super().__init__(message)
        self.ratio = ratio


def compare(what: str, got: NDArray[Any], expected: ArrayLike, tolerance: ArrayLike) -> float:
    """The largest |got - expected| / tolerance over all entries, from 0 to 1.

    Raises Disagreement where the shapes differ, where ``got`` is not finite though the expected
    value is, or where an error is larger than its tolerance: with the worst entry's index, both
    values and the tolerance. Entries whose expected value is not finite, or beyond the range of
    ``got``'s dtype, are not compared.
    """
    expected = np.asarray(expected, dtype=np.float64)
    if np.shape(got) != expected.shape:
        raise Disagreement(f"{what} must have shape {expected.shape}, got {np.shape(got)}")
    if got.size == 0:
        return 0.0
    wide = np.asarray(got, dtype=np.float64)
    tolerance = np.broadcast_to(np.asarray(tolerance, dtype=np.float64), expected.shape)
    ratio = ratios(wide, expected, tolerance, float(np.finfo(got.dtype).max))
    index = np.unravel_index(ratio.argmax(), ratio.shape)
    if ratio[index] > 1:
        explanation = _explain(what, index, wide, expected, tolerance)
        raise Disagreement(explanation, float(ratio[index]))
    return float(ratio[index])


def require(condition: bool, message: str) -> None:
    """Raise Disagreement with the message unless the condition holds."""
    if not condition:
        raise Disagreement(message)


def ratios(
    got: Float64Array, expected: Float64Array, tolerance: Float64Array, limit: float
) -> Float64Array:
    """|got - expected| / tolerance: 0 where the expected value is not finite, or beyond limit."""
    judged = np.abs(expected) + tolerance < limit  # False for NaN
    error = np.abs(np.where(judged, got - np.where(judged, expected, 0), 0))
    error = np.where(np.isnan(error), np.inf, error)
    with np.errstate(over="ignore"):  # a ratio beyond every number is infinite
        return np.where(
            error == 0, 0, error / np.where(tolerance > 0, tolerance, np.finfo(float).tiny)
        )


def _explain(
    what: str,
    index: tuple[Any, ...],
    got: Float64Array,
    expected: Float64Array,
    tolerance: Float64Array,
) -> str:
    place = f"[{', '.join(str(int(i)) for i in index)}]" if index else ""
    if not np.isfinite(got[index]):
        return f"{what}{place} is {got[index]} where {expected[index]:.17g} was expected"
    error = abs(got[index] - expected[index])
    relative = f", relative {error / abs(expected[index]):.2g}" if expected[index] else ""
    return (
        f"{what}{place} is {got[index]:.17g}, expected {expected[index]:.17g}: "
        f"error {error:.2g}{relative}, tolerance {tolerance[index]:.2g}"
    )
