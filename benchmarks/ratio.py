"""A ratio of two times, taken turn about in one process."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import final

#: Seconds in which the threads of one BLAS, which look for work for a while, leave the processors.
REST = 0.1


@final
@dataclass(frozen=True)
class Ratio:
    """What was measured: ``value`` beside its ``goal``, reached where it is at most that.

    at_least: the goal is a lower bound instead. seconds: the median time of the thing measured.
    against: of what it was compared with. how: what both did.
    """

    name: str
    value: float
    goal: float
    how: str
    at_least: bool = False
    seconds: float | None = None
    against: float | None = None

    @property
    def reached(self) -> bool:
        """Whether the value is as good as its goal."""
        return self.value >= self.goal if self.at_least else self.value <= self.goal


def paired(
    mine: Callable[[], object], other: Callable[[], object], rounds: int
) -> tuple[float, float, float]:
    """The median of the ratios mine / other over so many rounds, and the median seconds of each.

    Both run once beforehand; then they take turns, so that whatever else the machine does weighs
    on both.
    """
    mine(), other()
    pairs = [(_seconds(mine), _seconds(other)) for _ in range(rounds)]
    return (
        median(a / b for a, b in pairs),
        median(a for a, _ in pairs),
        median(b for _, b in pairs),
    )


def _seconds(function: Callable[[], object]) -> float:
    time.sleep(REST)
    start = time.perf_counter()
    function()
    return time.perf_counter() - start
