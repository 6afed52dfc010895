"""The smallest counterexample: fewest rows, smallest width, shortest numbers that still fail.

Hypothesis draws the cases; what makes one of these smaller is known here better than there: drop a
row, drop an entry, shorten a number. A few hundred tries do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from ..case import FuzzCase
from ..finding import Finding
from ..past import Judgement

#: Cases tried at the most.
TRIES = 400

#: What a number is replaced by, if it is not as simple: 0 and these, of both signs.
SIZES = (1.0, 2.0, 0.5, 3.0, 5.0, 10.0, 20.0, 40.0, 100.0, 1e3)
SIMPLE = (0.0, *(sign * size for size in SIZES for sign in (1.0, -1.0)))


def shrink(
    finding: Finding, judge: Judgement, widths: dict[int, int], domain: tuple[float, float]
) -> Finding:
    """The smallest case that was found to fail, in the same check of the same method.

    widths: the output width of each width that the target takes.
    """
    assert finding.case is not None
    # Judged anew, with every check, another one may fail first: from then on it is that.
    search = _Search(judge(finding.case) or finding, judge, domain)
    search.moved = True
    while search.moved and search.tries < TRIES:
        search.moved = False
        search.descend(_fewer_rows)
        search.descend(lambda case: _narrower(case, widths))
        search.descend(_plainer)
        search.shorten("z")
        if finding.check in ("vjp", "manners"):
            search.shorten("dy")
    return search.best


@final
@dataclass
class _Search:
    """The smallest finding so far, and the cases tried on the way to it."""

    best: Finding
    judge: Judgement
    domain: tuple[float, float]
    tries: int = 0
    moved: bool = False

    @property
    def case(self) -> FuzzCase:
        assert self.best.case is not None
        return self.best.case

    def fails(self, case: FuzzCase) -> bool:
        """Whether a smaller case fails like the best so far; if it does it is the best."""
        low, high = self.domain
        if self.tries >= TRIES or not ((case.z > low) & (case.z < high)).all():
            return False
        self.tries += 1
        found = self.judge(case)
        if found is None or not _same(found, self.best):
            return False
        self.best, self.moved = found, True
        return True

    def descend(self, smaller: Callable[[FuzzCase], Iterator[FuzzCase]]) -> None:
        """Go to the first smaller case that fails, as long as there is one."""
        while any(self.fails(case) for case in smaller(self.case)):
            pass

    def shorten(self, name: str) -> None:
        """Replace each number of z or of dy by the simplest that still fails."""
        for i in range(getattr(self.case, name).size):
            any(self.fails(case) for case in _shorter(self.case, name, i))


def _same(a: Finding, b: Finding) -> bool:
    return (a.check, a.method, a.undecided) == (b.check, b.method, b.undecided)


def _plainer(case: FuzzCase) -> Iterator[FuzzCase]:
    """In float64, with cotangents 1, 2, 3, ..., and with every number rounded."""
    z, dy, regime = case.z, case.dy, case.regime
    if case.dtype == np.float32:
        yield FuzzCase(z.astype(np.float64), dy.astype(np.float64), regime)
    ramp = np.arange(1.0, dy.shape[-1] + 1) * np.ones(dy.shape)
    if not np.array_equal(dy, ramp):
        yield FuzzCase(z, ramp.astype(case.dtype), regime)
    for digits in (0, 1, 2):
        rounded = np.array([_rounded(x, digits) for x in z.flat], z.dtype).reshape(z.shape)
        if sum(map(_length, rounded.flat)) < sum(map(_length, z.flat)):
            yield FuzzCase(rounded, dy, regime)


def _fewer_rows(case: FuzzCase) -> Iterator[FuzzCase]:
    z, dy, regime = case.z, case.dy, case.regime
    if z.ndim == 1:
        return
    rows_z, rows_dy = z.reshape(-1, z.shape[-1]), dy.reshape(-1, dy.shape[-1])
    for i in range(len(rows_z)):
        yield FuzzCase(rows_z[i].copy(), rows_dy[i].copy(), regime)
    count = len(rows_z)
    parts = [slice(0, 1)] if z.shape != (1, z.shape[-1]) else []
    parts += [slice(i, i + 2) for i in range(count - 1) if count > 2 or z.ndim > 2]
    parts += [slice(0, count // 2), slice(count // 2, count)] if count > 3 else []
    parts += [slice(0, count - 1)] if count > 2 else []
    for part in parts:
        yield FuzzCase(rows_z[part].copy(), rows_dy[part].copy(), regime)
    if z.ndim > 2:
        yield FuzzCase(rows_z.copy(), rows_dy.copy(), regime)
        if z.shape[0] > 1:
            yield FuzzCase(z[:1].copy(), dy[:1].copy(), regime)
        if z.shape[1] > 1:
            yield FuzzCase(z[:, :1].copy(), dy[:, :1].copy(), regime)


def _narrower(case: FuzzCase, widths: dict[int, int]) -> Iterator[FuzzCase]:
    """With some columns: those next to each other, or the largest; and fewer rows of a square."""
    n = case.width
    largest = np.argsort(-np.abs(case.z).reshape(-1, n).max(axis=0), kind="stable")
    for k in sorted(k for k in widths if k < n):
        starts = dict.fromkeys((0, n - k, (n - k) // 2))
        some = [(case.z[..., start : start + k], case.dy) for start in starts]
        some.append((case.z[..., np.sort(largest[:k])], case.dy))
        if case.z.shape == (n, n):
            some.append((case.z[:k, :k], case.dy[:k]))
        for z, of_rows in some:
            dy = np.resize(np.arange(1.0, widths[k] + 1), (*z.shape[:-1], widths[k]))
            yield FuzzCase(z.copy(), dy.astype(case.dtype), case.regime)
            if widths[k] <= case.dy.shape[-1]:
                yield FuzzCase(z.copy(), of_rows[..., : widths[k]].copy(), case.regime)


def _shorter(case: FuzzCase, name: str, i: int) -> Iterator[FuzzCase]:
    """The i-th number of z or dy replaced by a simpler one, the simplest first.

    Numbers that equal it are replaced along with it before they are left: a tie stays a tie.
    """
    array = getattr(case, name)
    number = array.flat[i]
    equal, alone = array == number, np.arange(array.size).reshape(array.shape) == i
    candidates = [*SIMPLE, *(_rounded(number, digits) for digits in (0, 1, 2, 3, 5))]
    for candidate in dict.fromkeys(candidates):
        if _rank(candidate) < _rank(number):
            for chosen in (equal, alone) if equal.sum() > 1 else (alone,):
                simpler = np.where(chosen, array.dtype.type(candidate), array)
                yield replace(case, **{name: simpler})


def _rounded(number: Any, digits: int) -> float:
    """To so many significant digits; 0 stands for whole numbers."""
    return float(np.round(number)) if digits == 0 else float(f"{number:.{digits}g}")


def _length(number: Any) -> int:
    return len(repr(float(number)))


def _rank(number: Any) -> tuple[int, int]:
    """Simple numbers first, in their order; then the shorter, as written."""
    value = float(number)
    place = SIMPLE.index(value) if value in SIMPLE and not _negative_zero(value) else len(SIMPLE)
    return (place, _length(value))


def _negative_zero(value: float) -> bool:
    return value == 0 and bool(np.signbit(value))
