"""A property: a claim about the hand-written backprop, the cases that try it, how to judge one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

from hypothesis.strategies import SearchStrategy


@final
@dataclass(frozen=True)
class Outcome:
    """How one case went: the largest error over its tolerance, and whether a gradient was live.

    None where nothing is measured. ``note`` names a circumstance that the campaign counts.
    """

    worst: float | None = None
    live: bool | None = None
    note: str | None = None


@final
@dataclass(frozen=True)
class Property:
    """``check`` judges a case drawn from ``cases``; it raises Disagreement where the claim fails.

    id: stable, "what.Subject". part: the part of the lecture (1 to 15) that it covers.
    check_all: the same for many cases, where that takes less time than one by one: the outcome of
    each, None for what ``check`` drops. Raises what ``check`` raises for one of them.
    """

    id: str
    title: str
    part: int
    cases: SearchStrategy[Any]
    check: Callable[[Any], Outcome]
    check_all: Callable[[Sequence[Any]], list[Outcome | None]] | None = None

    @property
    def subject(self) -> str:
        """What the property is about: the end of its id."""
        return self.id.partition(".")[2]
