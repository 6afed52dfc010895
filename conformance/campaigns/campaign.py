"""A campaign: Hypothesis draws cases, the properties judge them, records are kept."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, final

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from ..compare import Disagreement
from ..property import Outcome, Property
from ..record import PropertyRecord, Verdict
from .collector import seldom_collected
from .coverage import counted, traits

#: Cases that are judged together, where a property can do that.
TOGETHER = 256


@final
@dataclass
class _Tally:
    """What the cases of one property came to, up to the first that failed; and that one, shrunk."""

    outcomes: list[Outcome] = field(default_factory=list)
    seen: list[tuple[str, str]] = field(default_factory=list)
    dropped: int = 0
    failing: Any = None
    ratio: float | None = None

    def judge(self, property_: Property, case: Any) -> None:
        """Judge one case; while Hypothesis shrinks, only the last failing case is of interest."""
        try:
            outcome = property_.check(case)
        except hypothesis.errors.UnsatisfiedAssumption:
            self.add(case, None)
        except Exception as error:
            self.failing = case
            self.ratio = error.ratio if isinstance(error, Disagreement) else None
            raise
        else:
            self.add(case, outcome)

    def add(self, case: Any, outcome: Outcome | None) -> None:
        """Count a case that did not fail; None for one that was dropped."""
        if self.failing is not None:
            return
        if outcome is None:
            self.dropped += 1
        else:
            self.outcomes.append(outcome)
            self.seen += traits(case, outcome)

    def worst(self) -> float | None:
        """The largest error over its tolerance, None where none was measured."""
        ratios = [self.ratio, *(o.worst for o in self.outcomes)]
        return max((ratio for ratio in ratios if ratio is not None), default=None)

    def live(self) -> float | None:
        """The share of the cases with a gradient that is not zero."""
        seen = [o.live for o in self.outcomes if o.live is not None]
        return sum(seen) / len(seen) if seen else None

    def notes(self) -> dict[str, int]:
        """How often each note was made."""
        notes = Counter(o.note for o in self.outcomes if o.note is not None)
        return dict(notes) | ({"dropped": self.dropped} if self.dropped else {})


def run(property_: Property, examples: int, seed: int, *, shrink: bool = True) -> PropertyRecord:
    """Try a property on ``examples`` cases; the same seed draws the same cases.

    A failing case is shrunk unless told otherwise, and the record holds it in literal values.
    Where no more cases could be judged than had to be dropped, the verdict is "undecided". Nothing
    is raised but for an interruption: an unexpected exception is a record with the verdict "error".
    """
    started = time.perf_counter()
    verdict: Verdict = "conforms"
    tally, finding = _Tally(), None
    try:
        failed = None
        if property_.check_all is not None:
            with seldom_collected():
                failed = _judge_together(
                    property_.cases, property_.check_all, tally, examples, seed
                )
        if property_.check_all is None or failed is not None:
            tally = _Tally()
            _draw(property_.cases, partial(tally.judge, property_), examples, seed, shrink=shrink)
        if failed is not None:
            raise failed  # though one by one all is well
    except Disagreement as error:
        verdict, finding = "disagrees", str(error)
    except Exception as error:
        verdict, finding = "error", f"{type(error).__name__}: {error}"
    judged = len(tally.outcomes)
    if verdict == "conforms" and judged <= tally.dropped:
        verdict, finding = "undecided", f"{judged} cases were judged, and {tally.dropped} dropped"
    return PropertyRecord(
        id=property_.id,
        title=property_.title,
        subject=property_.subject,
        part=property_.part,
        verdict=verdict,
        cases=len(tally.outcomes),
        live=tally.live(),
        worst=tally.worst(),
        seconds=time.perf_counter() - started,
        finding=finding,
        counterexample=None if tally.failing is None else f"seed = {seed}\n{tally.failing!r}",
        notes=tally.notes(),
        seen=counted(tally.seen),
    )


def _draw(
    cases: SearchStrategy[Any],
    look: Callable[[Any], None],
    examples: int,
    seed: int,
    *,
    shrink: bool = False,
) -> None:
    """Look at each case; what ``look`` raises is raised for the shrunk case."""

    @hypothesis.seed(seed)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=False,
        report_multiple_bugs=False,
        print_blob=False,
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(cases)
    def campaign(case: Any) -> None:
        look(case)

    campaign()


def _judge_together(
    cases: SearchStrategy[Any],
    check_all: Callable[[Sequence[Any]], list[Outcome | None]],
    tally: _Tally,
    examples: int,
    seed: int,
) -> Exception | None:
    """What ``check_all`` raises first, None where all cases hold.

    Whatever it says, the same cases are drawn as one by one, so that they find the same failure.
    """
    waiting: list[Any] = []
    failed: list[Exception] = []

    def judge() -> None:
        if not failed:
            try:
                for case, outcome in zip(waiting, check_all(waiting), strict=True):
                    tally.add(case, outcome)
            except Exception as error:
                failed.append(error)
        waiting.clear()

    def wait(case: Any) -> None:
        waiting.append(case)
        if len(waiting) == TOGETHER:
            judge()

    _draw(cases, wait, examples, seed)
    judge()
    return failed[0] if failed else None
