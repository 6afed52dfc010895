"""Does a factor, the same everywhere or following from z, y or the width, explain the error?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from ...compare import Float64Array
from ..case import FuzzCase
from ..finding import Finding
from ..subject.calls import Caller
from .patterns import CLOSE

#: Entries smaller than this tell nothing.
SMALL = 1e-6


@final
@dataclass(frozen=True)
class Evidence:
    """Entries (K,) that are wrong: got and expected, with the z, y, width and rows of each.

    z and y are NaN where an entry belongs to no single z. largest: of what the target gives where
    it is right. dead: whether the arrays that are wrong are all zero. beyond: how many entries are
    wrong where next to nothing is expected: no factor makes them.
    """

    got: Float64Array
    expected: Float64Array
    z: Float64Array
    y: Float64Array
    width: Float64Array
    rows: Float64Array
    largest: float
    dead: bool
    beyond: int

    @property
    def no_factor(self) -> bool:
        """Whether a factor would explain less than half of what is wrong."""
        return self.beyond > self.got.size


def evidence(findings: list[Finding], passed: list[FuzzCase], call: Caller) -> Evidence:
    """Every entry of the findings that is wrong, finite and not next to nothing."""
    columns: list[list[Float64Array]] = []
    beyond, largest = 0, _largest(findings[0].method, passed, call)
    for finding in findings:
        case = finding.case
        assert case is not None
        got, expected = (np.asarray(a, dtype=np.float64) for a in (finding.got, finding.expected))
        z = y = np.full(got.shape, np.nan)
        value = np.asarray(call("forward", case.z.copy()), dtype=np.float64)
        if got.shape == case.z.shape == value.shape:
            z, y = case.z.astype(np.float64), value
        tolerance = np.zeros(got.shape) if finding.tolerance is None else finding.tolerance
        finite = np.isfinite(got) & np.isfinite(expected)
        tells = finite & (np.abs(got - expected) > tolerance)
        right = finite & ~tells & (tolerance <= CLOSE * np.abs(expected))
        largest = max(largest, float(np.abs(got[right]).max(initial=0)))
        beyond += int((tells & (np.abs(expected) <= SMALL * np.abs(got))).sum())
        tells &= np.abs(expected) > SMALL
        width = np.full(got.shape, float(case.width))
        rows = np.full(got.shape, float(case.z[..., 0].size))
        columns.append([a[tells] for a in (got, expected, z, y, width, rows)])
    got, expected, z, y, width, rows = map(np.concatenate, zip(*columns, strict=True))
    dead = all(not np.any(f.got) or f.method == "derivative" for f in findings)
    return Evidence(got, expected, z, y, width, rows, largest, dead, beyond)


def _largest(method: str, passed: list[FuzzCase], call: Caller) -> float:
    """The largest number that the method gives in cases that passed."""
    largest = 0.0
    for case in passed:
        y = np.asarray(call("forward", case.z.copy()))
        arguments = {"forward": (), "vjp": (y, case.dy.copy())}.get(method, (y,))
        result = np.abs(np.asarray(call(method, case.z.copy(), *arguments), dtype=np.float64))
        largest = max(largest, float(result[np.isfinite(result)].max(initial=0)))
    return largest


def factor(e: Evidence) -> Iterator[str]:
    """The first of the known factors that explains every entry."""
    if not e.got.size:
        if e.beyond:
            yield "not zero where it should be"
        return
    if e.dead and not e.got.any() and not e.beyond:
        yield (
            "zero where it should not be" if e.largest > SMALL else "it is zero: no gradient flows"
        )
        return
    ratio = e.got / e.expected
    for text, value, varies in _known(e):
        if varies is None and e.no_factor:
            continue
        if (varies is None or np.ptp(varies) > 0) and _same(ratio, value):
            yield text if varies is not None or e.largest <= SMALL else f"{text}, where it is wrong"
            return
    bound, offset = np.abs(e.got).max(), e.got - e.expected
    if _same(e.got, np.abs(e.expected)) and not e.no_factor:
        yield "the sign is lost: this is the absolute value"
    elif (
        max(e.largest, SMALL) <= bound < np.abs(e.expected).max()
        and np.ptp(np.abs(e.expected)) > 0
        and _same(e.got, np.clip(e.expected, -bound, bound))
    ):
        yield f"clipped to [-{bound:.6g}, {bound:.6g}]"
    elif e.got.size > 1 and np.ptp(e.expected) > 0 and _same(ratio, ratio[0]) and not e.no_factor:
        yield from _constant(float(ratio[0]), e)
    elif e.got.size > 1 and np.ptp(e.expected) > 0 and _same(offset, offset[0]):
        where = "where it is wrong" if e.largest > SMALL else "everywhere: a term too many or few"
        yield f"off by {offset[0]:.6g}, {where}"


def _constant(ratio: float, e: Evidence) -> Iterator[str]:
    """What a factor that is the same for all that is wrong means: is anything right?"""
    if ratio == 0 and not e.beyond:
        yield "zero where it should not be"
    elif ratio != 0 and abs(ratio - 1) > CLOSE:
        where = "where it is wrong" if e.largest > SMALL else "everywhere: a constant factor"
        yield f"{ratio:.6g} times what it should be, {where}"


def _known(e: Evidence) -> Iterator[tuple[str, Float64Array | float, Float64Array | None]]:
    """Text, factor, and what must vary among the entries for the text to mean anything."""
    yield "the sign is wrong", -1.0, None
    yield "exactly half of what it should be", 0.5, None
    yield "exactly twice what it should be", 2.0, None
    yield "too large by the width: so many times as there are entries in a row", e.width, e.width
    yield "too small by the width: divided by the number of entries in a row", 1 / e.width, e.width
    yield "too large by the batch: so many times as there are rows", e.rows, e.rows
    yield "too small by the batch: divided by the number of rows", 1 / e.rows, e.rows
    yield "a factor y too many", e.y, e.y
    yield "a factor z too many", e.z, e.z
    yield "a factor y is missing", 1 / e.y, e.y
    yield "a factor z is missing", 1 / e.z, e.z
    yield "a factor 1 - y is missing", 1 / (1 - e.y), e.y
    yield "the square of what it should be", e.expected, e.expected
    yield "one over what it should be", e.expected**-2, e.expected


def _same(a: Float64Array, b: Float64Array | float) -> bool:
    return bool((np.isfinite(b) & (np.abs(a - b) <= CLOSE * np.abs(b))).all())
