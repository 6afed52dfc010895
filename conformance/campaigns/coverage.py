"""What the cases of a property were like: dtypes, regimes, architectures, and sizes of errors."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ..cases import NetworkCase
from ..property import Outcome

#: How many cases had which value of a trait, like {"dtype": {"float32": 3, "float64": 5}}.
Coverage = dict[str, dict[str, int]]

LARGE, TINY = 40.0, 1e-6

#: Errors below this power of two of their tolerance are all alike.
SMALLEST_ERROR = -20


def traits(case: Any, outcome: Outcome) -> Iterator[tuple[str, str]]:
    """The traits of a case, each with its value; some come several times, as pairs of layers do."""
    dtype = next((str(array.dtype) for array in _arrays(case)), None)
    if dtype is not None:
        yield "dtype", dtype
    if isinstance(case, NetworkCase):
        names = [type(f).__name__ for f in case.activations]
        yield "layers", f"{len(names)} x {max(len(b) for b in case.biases)}"
        yield from (("pair", f"{f} {g}") for f, g in pairwise(names))
    elif hasattr(case, "z"):
        yield from (("regime", name) for name in _regimes(case.z))
    if outcome.worst is not None and dtype is not None:
        yield f"error {dtype}", _power(outcome.worst)


def counted(seen: Iterable[tuple[str, str]]) -> Coverage:
    """How often each value of each trait came."""
    coverage: Coverage = {}
    for (trait, value), count in Counter(seen).items():
        coverage.setdefault(trait, {})[value] = count
    return coverage


def together(coverages: Iterable[Coverage]) -> Coverage:
    """The counts of all of them, added."""
    total: dict[str, Counter[str]] = {}
    for coverage in coverages:
        for trait, counts in coverage.items():
            total.setdefault(trait, Counter()).update(counts)
    return {trait: dict(counts) for trait, counts in total.items()}


def _arrays(case: Any) -> Iterator[Any]:
    """The arrays that a case holds, and the first of each tuple of arrays."""
    for field in fields(case) if is_dataclass(case) else ():
        value = getattr(case, field.name)
        value = value[0] if isinstance(value, tuple) and value else value
        if isinstance(value, np.ndarray):
            yield value


def _regimes(z: Any) -> Iterator[str]:
    size = np.abs(z)
    if (size == 0).any():
        yield "zeros"
    if (size > LARGE).any():
        yield "large"
    if ((size < TINY) & (size > 0)).any():
        yield "tiny"
    if z.ndim and z.shape[-1] > 1 and (np.diff(np.sort(z, axis=-1), axis=-1) == 0).any():
        yield "ties"


def _power(worst: float) -> str:
    """The power of two that an error over its tolerance is next below; "exact" for none."""
    if not worst > 0:
        return "exact"
    return str(max(math.ceil(math.log2(worst)), SMALLEST_ERROR)) if math.isfinite(worst) else "inf"
