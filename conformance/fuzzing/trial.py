"""One call of ``fuzz``: from a target to its verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from types import TracebackType
from typing import final

from .case import FuzzCase
from .explain.diagnosis import diagnose
from .explain.reproducer import Origin, reproducer
from .explain.shrink import shrink
from .finding import OF_NUMBERS, Finding, gravest
from .judge import Judge
from .observations import Observations
from .past import CALM_ROWS, Earlier, Nothing, Past, judgement, pasts
from .search.search import search
from .subject.making import copy_of, is_by_place
from .subject.target import NotATarget, Target
from .verdict import Explanation, Outcome, Verdict
from .witness.choice import choose
from .witness.witness import Function, Witness, WitnessError

#: An array of no more numbers is shown whole.
SHOWN_WHOLE = 24

#: So many small cases that have passed are judged again.
AGAIN = 3


@final
@dataclass
class Trial:
    """One call of ``fuzz``."""

    target: Target
    oracle: Function | None
    max_examples: int
    seed: int
    origin: Origin | None
    oracle_origin: Origin | None
    factor: float = 1.0
    witness: Witness | None = None
    judge: Judge | None = None

    def verdict(self) -> Verdict:
        """What ``fuzz`` returns, but for the time that it took."""
        try:
            pristine = self._pristine()
            self.target = copy_of(pristine)  # what is under test may be used elsewhere
            widths = _widths(self.target)
            self.witness = witness = choose(self.target, self.oracle)
            witness.prepare([1] if self.target.elementwise else list(widths))
            self.judge = Judge(self.target, witness)
            findings, passed = search(self.judge, pristine, widths, self.max_examples, self.seed)
        except NotATarget as error:
            return self._in_error("runs", str(error))
        except WitnessError as error:
            return self._in_error("oracle", str(error))
        seen = self.judge.seen
        if not findings and not seen.judged:
            said = f"{witness.name} has no finite value at any z that was drawn"
            return self._in_error("oracle", said)
        first = gravest(findings)
        flat = self.factor == 1 and seen.magnification() != 1
        if flat and (first is None or first.check in OF_NUMBERS):
            self.factor = seen.magnification()
            return self.verdict()  # as it is all errors would be small: once more, magnified
        if first is None:
            return self._ended("oracle suspect" if seen.suspects else "conforms")
        smallest, past = self._smallest(first, pristine, widths)
        return self._explained(smallest, past, findings, passed, pristine)

    def _pristine(self) -> Target:
        """A copy of the target to be copied again, that nothing is asked of."""
        pristine = copy_of(self.target)
        if is_by_place(pristine):
            pristine = pristine.as_by_place()
        return pristine if pristine.factor == self.factor else pristine.times(self.factor)

    def _smallest(
        self, first: Finding, pristine: Target, widths: dict[int, int]
    ) -> tuple[Finding, Past]:
        """The same kind of finding at the smallest case that shows it, and after which past."""
        assert self.witness is not None
        assert first.case is not None
        numbers_too = first.check in OF_NUMBERS
        for past in pasts(first.case, widths):
            judge = judgement(pristine, self.witness, past, numbers_too=numbers_too)
            if judge(first.case) is not None:
                return shrink(first, judge, widths, self.target.domain), past
        return first, Nothing()

    def _explained(
        self,
        finding: Finding,
        past: Past,
        findings: list[Finding],
        passed: list[FuzzCase],
        pristine: Target,
    ) -> Verdict:
        assert self.judge is not None
        assert self.witness is not None
        assert finding.case is not None
        call = Judge(copy_of(pristine), self.witness).call
        likely = diagnose(finding, findings, passed, call, self.witness)
        keeps = Judge(copy_of(pristine), self.witness).judge(finding.case) is None
        if keeps:
            likely = (past.told(), *likely)
            finding = replace(finding, history=past.lines(pristine, finding.case))
        if keeps and not isinstance(past, Earlier):
            calm = f"f.forward(np.full(({CALM_ROWS}, z.shape[-1]), {pristine.inside!r}, z.dtype))"
            finding = replace(finding, setup=(calm, *finding.setup))
        if not keeps and self._wrong_by_now(passed, pristine):
            kept = "the class or its module keeps something"
            likely = (f"a case that was right before is wrong now: {kept}", *likely)
        finding = finding.times(1 / self.factor)
        outcome: Outcome = "undecided" if finding.undecided else "disagrees"
        if finding.check == "runs":
            outcome = "error"
        title = f"{self.target.name}: {finding.message}"
        script = reproducer(finding, pristine, self.witness, title, self.origin, self.oracle_origin)
        case = "\n".join(
            line for line in repr(finding.case).splitlines() if not line.startswith("regime")
        )
        return self._ended(
            outcome,
            Explanation(finding.check, finding.message, finding.numbers(), likely, case, script),
        )

    def _wrong_by_now(self, passed: list[FuzzCase], pristine: Target) -> bool:
        """Whether small cases that have passed fail, though in a new instance."""
        assert self.witness is not None
        fresh = judgement(pristine, self.witness, Nothing(), numbers_too=True)
        small = sorted(passed, key=lambda case: case.z.size)[:AGAIN]
        return any(fresh(case) is not None for case in small)

    def out_of_time(self, timeout: float, trace: TracebackType | None) -> Verdict:
        """The verdict where the time limit struck, at the end of this traceback."""
        doing = self.judge.call.doing if self.judge is not None else self.target.at_work(trace)
        where = f" {doing} was at work" if doing else ""
        message = f"no verdict within {timeout:g} s:{where or ' it had hardly begun'}"
        case = ""
        if self.judge is not None and self.judge.call.arguments:
            z = self.judge.call.arguments[0]
            first = z.reshape(-1, z.shape[-1])[0] if z.ndim else z
            case = (
                f"z = {z!r}" if z.size <= SHOWN_WHOLE else f"z of shape {z.shape}, first {first!r}"
            )
        return self._in_error("runs", message, case)

    def _in_error(self, check: str, message: str, case: str = "") -> Verdict:
        """The verdict where there is nothing to judge."""
        return self._ended("error", Explanation(check, message, "", (), case, ""))

    def _ended(self, outcome: Outcome, explanation: Explanation | None = None) -> Verdict:
        seen = self.judge.seen if self.judge is not None else Observations()
        return Verdict(
            name=self.target.name,
            outcome=outcome,
            witness=self.witness.name if self.witness is not None else "nobody",
            blind=self.witness.blind if self.witness is not None else "",
            cases=seen.cases,
            live=seen.live / seen.cases if seen.cases else 0.0,
            seed=self.seed,
            seconds=0.0,
            conventions=tuple(said for said, _ in seen.conventions.most_common(5)),
            suspects=tuple(seen.suspects.values()),
            notes=(
                *self._magnified(),
                *seen.gaps(self.witness.name if self.witness is not None else "nobody"),
                *(f"{text} ({n} times)" for text, n in seen.notes.items()),
            ),
            explanation=explanation,
        )

    def _magnified(self) -> tuple[str, ...]:
        if self.factor == 1:
            return ()
        exponent = int(math.log2(self.factor))
        return (f"all slopes are small: judged with y and they multiplied by 2**{exponent}",)


def _widths(target: Target) -> dict[int, int]:
    """The widths to draw, and those of y."""
    widths = target.widths()
    return {n: n for n in widths} if target.elementwise else widths
