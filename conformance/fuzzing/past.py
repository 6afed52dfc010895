"""What a target has seen before a case: state that it keeps shows only after that."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from reference.checks import Array

from .case import FuzzCase
from .finding import Finding
from .judge import Judge
from .subject.calls import written
from .subject.making import copy_of
from .subject.target import Target
from .witness.witness import Witness

#: A number of rows that hardly any case has.
CALM_ROWS = 7

#: Said in a script before what the target has to have seen.
KEPT = "# it keeps something of these:"

Judgement = Callable[[FuzzCase], Finding | None]


class Past(ABC):
    """What happens to a new instance before the case."""

    @abstractmethod
    def happen(self, judge: Judge, case: FuzzCase) -> None:
        """Let the judge's target see it."""

    def lines(self, target: Target, case: FuzzCase) -> tuple[str, ...]:
        """The same in a script, where it comes before all else."""
        return ()

    def between(self, target: Target) -> tuple[str, ...]:
        """In a script, what comes after y: another forward, of which a later method may keep."""
        rows = f"np.full(({CALM_ROWS}, z.shape[-1]), {target.inside!r}, z.dtype)"
        return (f"f.forward({rows})",)

    def told(self) -> str:
        """What is likely where the case comes right without it."""
        return "right in a new instance: it keeps something between calls"


@final
@dataclass(frozen=True)
class Nothing(Past):
    """A new instance."""

    def happen(self, judge: Judge, case: FuzzCase) -> None:
        """See Past."""


@final
@dataclass(frozen=True)
class CalmForward(Past):
    """Calm rows of the same width went forward."""

    def happen(self, judge: Judge, case: FuzzCase) -> None:
        """See Past."""
        with contextlib.suppress(Finding):
            judge.call("forward", _calm(judge.target, case.width, case.dtype))

    def lines(self, target: Target, case: FuzzCase) -> tuple[str, ...]:
        """See Past."""
        return (KEPT, f"f.forward({_written(target, case.width, case.dtype)})")


@final
@dataclass(frozen=True)
class Earlier(Past):
    """Calm rows of width n went forward, to width m, and backward."""

    n: int
    m: int
    dtype: np.dtype[Any]

    def happen(self, judge: Judge, case: FuzzCase) -> None:
        """See Past."""
        z = _calm(judge.target, self.n, self.dtype)
        with contextlib.suppress(Finding):
            judge.call.results(FuzzCase(z, np.ones((CALM_ROWS, self.m), self.dtype), ""), self.m)

    def lines(self, target: Target, case: FuzzCase) -> tuple[str, ...]:
        """See Past."""
        rows = _written(target, self.n, self.dtype)
        backward = [name for name in ("derivative", "jacobian", "vjp") if getattr(target, name)]
        cotangents = ["dy = np.ones_like(y)"] if "vjp" in backward else []
        return (KEPT, f"z = {rows}", "y = f.forward(z)", *cotangents, *map(written, backward))

    def between(self, target: Target) -> tuple[str, ...]:
        """See Past: nothing, as what was seen first is kept."""
        return ()

    def told(self) -> str:
        """See Past."""
        rows = f"{CALM_ROWS} rows of width {self.n} in {self.dtype.name}"
        return f"right in a new instance, wrong after {rows}: it keeps something between calls"


def pasts(case: FuzzCase, widths: dict[int, int]) -> Iterator[Past]:
    """Those after which the case may be wrong, the usual ones first."""
    yield CalmForward()
    yield Nothing()
    for dtype in (case.dtype, other(case.dtype)):
        for n in dict.fromkeys((case.width, *widths)):
            yield Earlier(n, widths[n], dtype)


def other(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """float32 for float64, and the other way round."""
    return np.dtype(np.float32 if dtype == np.float64 else np.float64)


def _calm(target: Target, n: int, dtype: np.dtype[Any]) -> Array:
    """Rows of width n well inside the domain."""
    return np.full((CALM_ROWS, n), target.inside, dtype)


def _written(target: Target, n: int, dtype: np.dtype[Any]) -> str:
    """The same in Python."""
    return f"np.full(({CALM_ROWS}, {n}), {target.inside!r}, {dtype.name!r})"


def judgement(pristine: Target, witness: Witness, past: Past, *, numbers_too: bool) -> Judgement:
    """A judgement that knows nothing of earlier cases: every one gets a target with this past."""

    def judge(case: FuzzCase) -> Finding | None:
        fresh = Judge(copy_of(pristine), witness)
        past.happen(fresh, case)
        return fresh.judge(case, numbers_too=numbers_too)

    return judge
