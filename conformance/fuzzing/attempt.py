"""A target ready to be judged, and what becomes of a finding: its smallest case, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import final

from .case import FuzzCase
from .explain.diagnosis import diagnose
from .explain.reproducer import Origin, reproducer
from .explain.shrink import shrink
from .finding import OF_NUMBERS, Finding
from .judge import Judge
from .past import Nothing, Past, judgement, pasts
from .search.search import search
from .subject.making import copy_of, is_by_place
from .subject.target import Target
from .verdict import Explanation, Outcome
from .witness.choice import choose
from .witness.witness import Function, Witness

#: So many small cases that have passed are judged again.
AGAIN = 3


@final
@dataclass(frozen=True)
class Attempt:
    """A target with its witness and its judge, all slopes multiplied by the same factor.

    pristine: what is copied and asked nothing. widths: the output width of each width to draw.
    """

    pristine: Target
    widths: dict[int, int]
    judge: Judge

    @classmethod
    def begin(cls, subject: Target, oracle: Function | None, factor: float = 1.0) -> Attempt:
        """Raises NotATarget for what takes no width, WitnessError for an oracle that fails."""
        pristine = copy_of(subject)
        if is_by_place(pristine):
            pristine = pristine.as_by_place()
        if factor != 1:
            pristine = pristine.times(factor)
        target = copy_of(pristine)  # what is under test may be used elsewhere
        widths = target.widths()
        if target.elementwise:
            widths = {n: n for n in widths}
        witness = choose(target, oracle)
        witness.prepare([1] if target.elementwise else list(widths))
        return cls(pristine, widths, Judge(target, witness))

    @property
    def witness(self) -> Witness:
        """Who says what is true."""
        return self.judge.witness

    def search(self, max_examples: int, seed: int) -> tuple[list[Finding], list[FuzzCase]]:
        """Findings, and the cases that passed."""
        return search(self.judge, self.pristine, self.widths, max_examples, seed)

    def smallest(self, first: Finding) -> tuple[Finding, Past]:
        """The same kind of finding at the smallest case that shows it, and after which past."""
        assert first.case is not None
        numbers_too = first.check in OF_NUMBERS
        for past in pasts(first.case, self.widths):
            judge = judgement(self.pristine, self.witness, past, numbers_too=numbers_too)
            if judge(first.case) is not None:
                return shrink(first, judge, self.widths, self.pristine.domain), past
        return first, Nothing()

    def explain(
        self,
        first: Finding,
        findings: list[Finding],
        passed: list[FuzzCase],
        origin: Origin | None,
        oracle_origin: Origin | None,
    ) -> tuple[Outcome, Explanation]:
        """What the first finding comes to, told at its smallest case."""
        finding, past = self.smallest(first)
        assert finding.case is not None
        pristine, witness = self.pristine, self.witness
        call = Judge(copy_of(pristine), witness).call
        likely = diagnose(finding, findings, passed, call, witness)
        keeps = Judge(copy_of(pristine), witness).judge(finding.case) is None
        if keeps:
            likely = (past.told(), *likely)
            history = past.lines(pristine, finding.case)
            setup = (*past.between(pristine), *finding.setup)
            finding = replace(finding, history=history, setup=setup)
        elif self._wrong_by_now(passed):
            kept = "the class or its module keeps something"
            likely = (f"a case that was right before is wrong now: {kept}", *likely)
        finding = finding.times(1 / pristine.factor)
        outcome: Outcome = "undecided" if finding.undecided else "disagrees"
        if finding.check == "runs":
            outcome = "error"
        title = f"{pristine.name}: {finding.message}"
        script = reproducer(finding, pristine, witness, title, origin, oracle_origin)
        lines = [line for line in repr(finding.case).splitlines() if not line.startswith("regime")]
        numbers, case = finding.numbers(), "\n".join(lines)
        return outcome, Explanation(finding.check, finding.message, numbers, likely, case, script)

    def _wrong_by_now(self, passed: list[FuzzCase]) -> bool:
        """Whether small cases that have passed fail, though in a new instance."""
        fresh = judgement(self.pristine, self.witness, Nothing(), numbers_too=True)
        small = sorted(passed, key=lambda case: case.z.size)[:AGAIN]
        return any(fresh(case) is not None for case in small)

    def notes(self) -> tuple[str, ...]:
        """The circumstances that a verdict mentions."""
        seen, factor = self.judge.seen, self.pristine.factor
        notes = [*seen.gaps(self.witness.name)]
        if factor != 1:
            power = f"2**{int(math.log2(factor))}"
            notes.insert(0, f"all slopes are small: judged with y and they multiplied by {power}")
        return (*notes, *(f"{text} ({n} times)" for text, n in seen.notes.items()))
