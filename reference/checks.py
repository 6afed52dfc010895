"""Checks of what a caller hands in. Errors name the argument, what was expected and what came."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

#: float32 or float64.
Array = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]
Indices = NDArray[np.intp]


def real_dtype(dtype: DTypeLike, name: str = "dtype") -> np.dtype[Any]:
    """``dtype`` as a NumPy dtype; TypeError unless it is float32 or float64."""
    found = np.dtype(dtype)
    if found not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise TypeError(f"{name} must be float32 or float64, got {found}")
    return found


def finite_array(value: ArrayLike, name: str, dtype: DTypeLike) -> Array:
    """``value`` as an array of ``dtype``, a copy of the caller's.

    Raises TypeError for anything but real numbers, ValueError for a NaN or an infinity.
    """
    try:
        array = np.asarray(value)
    except ValueError:
        raise TypeError(
            f"{name} must be an array of real numbers, got rows of unequal length"
        ) from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be an array of real numbers, got dtype {array.dtype}")
    with np.errstate(over="ignore"):  # a float64 beyond float32 becomes inf, and is reported here
        array = array.astype(dtype)
    finite = np.isfinite(array)
    if not finite.all():
        index = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(f"{name} must be finite in {array.dtype}, got {array[index]} at {index}")
    return array


def rows(value: ArrayLike, width: int, name: str, dtype: DTypeLike) -> Array:
    """``value`` as a batch (T, width) of at least one row, or as one instance (width,)."""
    array = finite_array(value, name, dtype)
    if array.ndim not in (1, 2) or array.shape[-1] != width:
        raise ValueError(f"{name} must have shape (T, {width}) or ({width},), got {array.shape}")
    if array.shape[0] == 0:
        raise ValueError(f"{name} must have at least one row, got shape {array.shape}")
    return array


def real_number(value: object, name: str) -> float:
    """``value`` as a float; TypeError unless it is a single real number."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name} must be a real number, got {value!r}")
    return float(value)


def whole_number(value: object, name: str, at_least: int) -> int:
    """``value`` as an int; TypeError if it is not one, ValueError below ``at_least``."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < at_least:
        raise ValueError(f"{name} must be at least {at_least}, got {value}")
    return int(value)
