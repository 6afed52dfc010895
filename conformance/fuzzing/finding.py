"""A finding: one way in which the hand-written side is wrong, with the numbers that show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, final, get_args

import numpy as np
from numpy.typing import NDArray

from ..compare import Float64Array
from .case import FuzzCase

Check = Literal["runs", "structure", "manners", "forward", "finite", "jacobian", "vjp"]

#: Gravest first.
CHECKS: tuple[Check, ...] = get_args(Check)

#: Those of them that compare numbers.
OF_NUMBERS = CHECKS[3:]


@final
@dataclass(eq=False)  # not frozen: Python writes the traceback into what is raised
class Finding(Exception):
    """Raised by the check that fails.

    message: what is wrong, in one sentence. method: of the target. got, expected: whole arrays
    where numbers are compared, with the index of the largest error over its tolerance. undecided:
    the witnesses do not settle who is right. kink: what is expected is one of many that would be
    right. source: of what is expected, where it is not the witness. show: the expressions whose
    difference shows it, in terms of f, z, y and dy; setup: the lines before them. history: lines
    before all else, of what the target has to have seen.
    """

    check: Check
    message: str
    method: str
    case: FuzzCase | None = None
    got: NDArray[Any] | None = None
    expected: Float64Array | None = None
    tolerance: Float64Array | None = None
    index: tuple[int, ...] = ()
    undecided: bool = False
    kink: bool = False
    source: str = ""
    show: tuple[str, str | None] | None = None
    setup: tuple[str, ...] = ()
    history: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        Exception.__init__(self, self.message)

    @property
    def error(self) -> float:
        """The largest error, at ``index``; infinite where something is not finite."""
        if self.got is None or self.expected is None or self.got.shape != self.expected.shape:
            return float("nan")
        with np.errstate(all="ignore"):
            error = abs(float(self.got[self.index]) - float(self.expected[self.index]))
        return error if np.isfinite(error) else float("inf")

    def numbers(self) -> str:
        """The largest error: where it is, what came and what was expected."""
        if self.got is None or self.expected is None:
            return ""
        place = f"[{', '.join(map(str, self.index))}]" if self.index else ""
        name = self.method
        if name == "vjp" and self.check in ("finite", "jacobian"):
            name, place = "jacobian", f"{place}, by the vjp of unit cotangents,"
        got, expected = float(self.got[self.index]), float(self.expected[self.index])
        digits = 10 if f"{got:.10g}" != f"{expected:.10g}" else 17
        true = f"{expected:.{digits}g}" if np.isfinite(expected) else "a finite number"
        text = f"{name}{place} is {got:.{digits}g}, expected {true}"
        if not (np.isfinite(got) and np.isfinite(expected)):
            return text
        allowed = 0.0 if self.tolerance is None else float(self.tolerance[self.index])
        relative = abs(expected) > allowed
        share = f", relative {self.error / abs(expected):.2g}" if relative else ""
        return f"{text}: error {self.error:.2g}{share}, tolerance {allowed:.2g}"

    def at(self, case: FuzzCase) -> Finding:
        """The same finding with the case that shows it."""
        return replace(self, case=case)

    def times(self, factor: float) -> Finding:
        """The same finding with all numbers multiplied."""

        def scaled(array: NDArray[Any] | None) -> NDArray[Any] | None:
            return None if array is None else array * factor

        got, expected, tolerance = map(scaled, (self.got, self.expected, self.tolerance))
        return replace(self, got=got, expected=expected, tolerance=tolerance)


def worst(error: Float64Array, tolerance: Float64Array) -> tuple[int, ...]:
    """The index of the largest error over its tolerance."""
    with np.errstate(all="ignore"):
        ratio = np.where(np.isnan(error), np.inf, np.nan_to_num(error / tolerance, posinf=np.inf))
    return tuple(int(i) for i in np.unravel_index(ratio.argmax(), ratio.shape))


def gravest(findings: Iterable[Finding]) -> Finding | None:
    """The first of the gravest check among those that are decided, or among all if none is."""
    return min(findings, key=lambda f: (f.undecided, CHECKS.index(f.check)), default=None)
