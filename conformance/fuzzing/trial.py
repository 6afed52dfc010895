"""One call of ``fuzz``: from a target to its verdict."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import final

from .attempt import Attempt
from .explain.reproducer import Origin
from .finding import OF_NUMBERS, gravest
from .observations import Observations
from .subject.target import NotATarget, Target
from .verdict import Explanation, Outcome, Verdict
from .witness.witness import Function, WitnessError

#: An array of no more numbers is shown whole.
SHOWN_WHOLE = 24


@final
@dataclass
class Trial:
    """One call of ``fuzz``. attempt: the last that was begun, None before the first."""

    target: Target
    oracle: Function | None
    max_examples: int
    seed: int
    origin: Origin | None
    oracle_origin: Origin | None
    attempt: Attempt | None = None

    def verdict(self, factor: float = 1.0) -> Verdict:
        """What ``fuzz`` returns, but for the time that it took; all slopes times the factor."""
        try:
            attempt = self.attempt = Attempt.begin(self.target, self.oracle, factor)
            findings, passed = attempt.search(self.max_examples, self.seed)
        except NotATarget as error:
            return self._in_error("runs", str(error))
        except WitnessError as error:
            return self._in_error("oracle", str(error))
        first, seen = gravest(findings), attempt.judge.seen
        if first is None and not seen.judged:
            said = f"{attempt.witness.name} has no finite value at any z that was drawn"
            return self._in_error("oracle", said)
        of_numbers = first is None or first.check in OF_NUMBERS
        if of_numbers and factor == 1 and seen.magnification() != 1:
            return self.verdict(seen.magnification())  # as it is all errors would be small
        if first is None:
            return self._ended("oracle suspect" if seen.suspects else "conforms")
        return self._ended(
            *attempt.explain(first, findings, passed, self.origin, self.oracle_origin)
        )

    def out_of_time(self, timeout: float, trace: TracebackType | None) -> Verdict:
        """The verdict where the time limit struck, at the end of this traceback."""
        call = self.attempt.judge.call if self.attempt is not None else None
        doing = call.doing if call is not None else self.target.at_work(trace)
        where = f" {doing} was at work" if doing else ""
        message = f"no verdict within {timeout:g} s:{where or ' it had hardly begun'}"
        case = ""
        if call is not None and call.arguments:
            z = call.arguments[0]
            first = z.reshape(-1, z.shape[-1])[0] if z.ndim else z
            case = f"z of shape {z.shape}, first {first!r}"
            if z.size <= SHOWN_WHOLE:
                case = f"z = {z!r}"
        return self._in_error("runs", message, case)

    def _in_error(self, check: str, message: str, case: str = "") -> Verdict:
        """The verdict where there is nothing to judge."""
        return self._ended("error", Explanation(check, message, "", (), case, ""))

    def _ended(self, outcome: Outcome, explanation: Explanation | None = None) -> Verdict:
        attempt = self.attempt
        seen = attempt.judge.seen if attempt is not None else Observations()
        return Verdict(
            name=self.target.name,
            outcome=outcome,
            witness=attempt.witness.name if attempt is not None else "nobody",
            blind=attempt.witness.blind if attempt is not None else "",
            cases=seen.cases,
            live=seen.live / seen.cases if seen.cases else 0.0,
            seed=self.seed,
            seconds=0.0,
            conventions=tuple(said for said, _ in seen.conventions.most_common(5)),
            suspects=tuple(seen.suspects.values()),
            notes=attempt.notes() if attempt is not None else (),
            explanation=explanation,
        )
