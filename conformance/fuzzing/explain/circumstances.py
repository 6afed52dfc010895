"""Under which circumstances alone it fails: ties, zeros, widths, batches, a dtype."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ...compare import Float64Array
from ..case import FuzzCase

#: Passed cases that must lack a circumstance before it is called one.
WITHOUT = 8

#: What is ordinary ends about here.
ORDINARY = 5.0

#: Regimes in which a gradient is live.
CALM = ("ordinary", "normal", "whole")

#: How far a number is moved away from what may be special, in terms of 1 + |z|.
AWAY = 2.0**-7

Circumstance = Callable[[FuzzCase], bool]


def only_where(
    failed: list[FuzzCase],
    passed: list[FuzzCase],
    wrong: Float64Array,
    fails: Callable[[FuzzCase], bool],
) -> Iterator[str]:
    """The circumstances that every failed case has, and that few of those that passed have.

    wrong: the numbers that are wrong (K,), where single numbers are. fails: whether another case
    fails in the same way; what still does without a circumstance does not depend on it.
    """
    yield from _widths(failed, passed)
    for text, has in (*CIRCUMSTANCES.items(), *_far(failed, wrong), *SIGNS.items()):
        if not all(has(case) for case in failed):
            continue
        having = sum(has(case) for case in passed)
        if len(passed) - having < WITHOUT or having > 0.3 * len(passed):
            continue
        if text not in OTHERWISE or not fails(OTHERWISE[text](failed[0])):
            yield text
            return


def _far(failed: list[FuzzCase], wrong: Float64Array) -> Iterator[tuple[str, Circumstance]]:
    """Beyond a size that all failed cases reach, on one side of 0 or on both."""
    both = bool(wrong.min(initial=0) < 0 < wrong.max(initial=0))
    for name, more, size in (
        ("some z is {}", "less", _lowest),
        ("some z is {}", "more", _highest),
        ("some |z| is {}", "more", _size),
    ):
        least = min(map(size, failed), default=0.0)
        if both and size is not _size:
            continue
        if ORDINARY <= least < np.inf:
            digit = 10.0 ** np.floor(np.log10(least))
            bound = float(np.floor(least / digit) * digit)
            value = f"{-bound if more == 'less' else bound:g} or {more}"
            yield f"seen only where {name.format(value)}", _reaching(size, bound)


def _reaching(size: Callable[[FuzzCase], float], bound: float) -> Circumstance:
    return lambda case: size(case) >= bound


def _widths(failed: list[FuzzCase], passed: list[FuzzCase]) -> Iterator[str]:
    calm = [case for case in passed if case.regime in CALM]  # elsewhere a J may be all zeros
    bad, good = {case.width for case in failed}, {case.width for case in calm}
    if len(passed) < WITHOUT or not good - bad or bad & good:
        return
    smallest = min(bad)
    if len(bad) == 1 and len(good) > 2:
        yield f"only for the width {smallest}"
    elif all(n < smallest for n in good) and smallest > 1:
        yield f"only for widths of {smallest} and more"
    elif all(n % 2 for n in bad) and not any(n % 2 for n in good):
        yield "only for odd widths"
    elif not any(n % 2 for n in bad) and all(n % 2 for n in good):
        yield "only for even widths"


def _has_ties(case: FuzzCase) -> bool:
    if case.width < 2:
        return False
    rows = np.sort(case.z.reshape(-1, case.width), axis=-1)
    return bool((np.diff(rows, axis=-1) == 0).any())


def _lowest(case: FuzzCase) -> float:
    return -float(case.z.min())


def _highest(case: FuzzCase) -> float:
    return float(case.z.max())


def _size(case: FuzzCase) -> float:
    return float(np.abs(case.z.astype(np.float64)).max())


def _smallest(case: FuzzCase) -> float:
    return float(np.abs(case.z.astype(np.float64)).min())


#: The narrower before the wider.
CIRCUMSTANCES: dict[str, Circumstance] = {
    "seen only in float32": lambda case: case.dtype == np.float32,
    "right except at kinks, or next to them": lambda case: case.regime == "kinks",
    "right except where a whole row is 0": lambda case: bool((case.z == 0).all(axis=-1).any()),
    "right except at ties": _has_ties,
    "right except where some z is 0": lambda case: bool((case.z == 0).any()),
    "right except for three axes": lambda case: case.z.ndim == 3,
    "right except for one instance alone": lambda case: case.z.ndim == 1,
    "right except where there are as many rows as entries": lambda case: (
        case.z.ndim == 2 and case.z.shape[0] == case.z.shape[1]
    ),
    "right except for batches of more than one row": lambda case: case.z[..., 0].size > 1,
    "right except for z next to 0": lambda case: _smallest(case) < 1e-3,
}


def _moved(case: FuzzCase) -> FuzzCase:
    """Every number a little off, each by another share: no zeros, no ties, beside every kink."""
    steps = np.arange(1.0, case.z.size + 1).reshape(case.z.shape) / case.z.size
    moved = case.z + (AWAY * (1 + np.abs(case.z)) * steps).astype(case.z.dtype)
    return FuzzCase(moved, case.dy, case.regime)


def _in_float64(case: FuzzCase) -> FuzzCase:
    return FuzzCase(case.z.astype(np.float64), case.dy.astype(np.float64), case.regime)


#: The same case without the circumstance.
OTHERWISE: dict[str, Callable[[FuzzCase], FuzzCase]] = {
    "seen only in float32": _in_float64,
    "right except at kinks, or next to them": _moved,
    "right except where a whole row is 0": _moved,
    "right except at ties": _moved,
    "right except where some z is 0": _moved,
}

#: And those that say least.
SIGNS: dict[str, Circumstance] = {
    "right except where no z is positive": lambda case: bool((case.z <= 0).all()),
    "right except where some z is negative": lambda case: bool((case.z < 0).any()),
}
