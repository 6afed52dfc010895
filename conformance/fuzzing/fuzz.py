"""``fuzz`` and ``assert_conforms``: is this hand-written derivative right?"""

from __future__ import annotations

import contextlib
import io
import math
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, final

import numpy as np

from ..verdict_log import LISTENERS
from .campaign import search
from .case import FuzzCase
from .diagnosis import diagnose
from .finding import CHECKS, OF_NUMBERS, Finding
from .judge import CALM_ROWS, Judge
from .observations import Observations
from .reproducer import Origin, reproducer
from .shrink import Judgement, shrink
from .target import NotATarget, Target
from .time_limit import TimeIsUp, time_limit
from .verdict import Explanation, Outcome, Verdict
from .witness import Function, Witness, WitnessError, choose

#: An array of no more numbers is shown whole.
SHORT = 24

#: So many small cases that have passed are judged again.
AGAIN = 3


class NonConformance(AssertionError):
    """Raised by ``assert_conforms``; ``verdict`` is the whole verdict, its text the message."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(str(verdict))
        self.verdict = verdict


def assert_conforms(
    target: Any,
    oracle: Function | None = None,
    *,
    max_examples: int = 500,
    seed: int = 0,
    name: str | None = None,
) -> Verdict:
    """The verdict of ``fuzz``; raises NonConformance, an AssertionError, unless it conforms."""
    __tracebackhide__ = True
    verdict = fuzz(target, oracle, max_examples=max_examples, seed=seed, name=name)
    for listener in LISTENERS:
        listener(verdict)
    if not verdict.conforms:
        raise NonConformance(verdict)
    return verdict


def fuzz(
    target: Any,
    oracle: Function | None = None,
    *,
    max_examples: int = 500,
    seed: int = 0,
    name: str | None = None,
    timeout: float | None = None,
    origin: Origin | None = None,
    oracle_origin: Origin | None = None,
) -> Verdict:
    """Judge a hand-written function and its derivative on drawn inputs, and say what is wrong.

    target: a class or an object with forward and derivative, jacobian or vjp, as ScalarActivation
    and VectorActivation have, or a pair of functions (forward, backward); see ``Target.of``.
    oracle: an independent forward in JAX, of one row (n,). Without one, the target's own forward is
    differentiated: by JAX where it is written against the array API, else by extrapolated
    differences. max_examples: cases to judge. The same seed gives the same verdict. timeout:
    seconds after which the verdict is "error" (in the main thread, and not while XLA computes: an
    oracle that never returns is ended by ``backprop fuzz``, which judges in a process of its own).

    Raises TypeError for what is no target, ValueError for numbers out of range; whatever the
    target does is in the verdict.
    """
    if max_examples < 1:
        raise ValueError(f"max_examples must be at least 1, got {max_examples}")
    if timeout is not None and not 0 < timeout < math.inf:
        raise ValueError(f"timeout must be positive and finite, got {timeout}")
    run = _Run(Target.of(target, name), oracle, max_examples, seed, origin, oracle_origin)
    started = time.perf_counter()
    with _quiet() as printed:
        try:
            with time_limit(timeout):
                verdict = run.verdict()
        except TimeIsUp as strike:
            verdict = run.out_of_time(timeout or 0.0, strike.__traceback__)
    seconds = time.perf_counter() - started
    return verdict.after(seconds, _what_was_printed(printed.getvalue()))


@final
@dataclass
class _Run:
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
        pristine = self.target.copy()
        try:
            if pristine.is_by_place():
                pristine = pristine.as_by_place()
            if pristine.factor != self.factor:
                pristine = pristine.times(self.factor)
            self.target = pristine.copy()  # what is under test may be used elsewhere
            widths = _widths(self.target)
            self.witness = witness = choose(self.target, self.oracle)
            witness.prepare([1] if self.target.elementwise else list(widths))
            self.judge = Judge(self.target, witness)
            findings, passed = search(self.judge, pristine, widths, self.max_examples, self.seed)
        except (NotATarget, WitnessError) as error:
            check = "oracle" if isinstance(error, WitnessError) else "runs"
            return self._ended("error", Explanation(check, str(error), "", (), "", ""))
        seen = self.judge.seen
        if not findings and not seen.judged:
            message = f"{witness.name} has no finite value at any z that was drawn"
            return self._ended("error", Explanation("oracle", message, "", (), "", ""))
        first = min(findings, key=lambda f: (CHECKS.index(f.check), f.undecided), default=None)
        flat = self.factor == 1 and seen.magnification() != 1
        if flat and (first is None or first.check in OF_NUMBERS):
            self.factor = seen.magnification()
            return self.verdict()  # as it is all errors would be small: once more, magnified
        if first is None:
            return self._ended("oracle suspect" if seen.suspects else "conforms")
        numbers_too = first.check in OF_NUMBERS
        primed = _fresh(pristine, witness, primed=True, numbers_too=numbers_too)
        unprimed = _fresh(pristine, witness, primed=False, numbers_too=numbers_too)
        assert first.case is not None
        judge = primed if primed(first.case) else unprimed
        smallest = shrink(first, judge, widths, self.target.domain)
        return self._explained(smallest, findings, passed, pristine)

    def _explained(
        self,
        finding: Finding,
        findings: list[Finding],
        passed: list[FuzzCase],
        pristine: Target,
    ) -> Verdict:
        assert self.judge is not None
        assert self.witness is not None
        assert finding.case is not None
        call = Judge(pristine.copy(), self.witness).call
        likely = diagnose(finding, findings, passed, call, self.witness)
        keeps = Judge(pristine.copy(), self.witness).judge(finding.case) is None
        if keeps:
            likely = ("right in a new instance: it keeps something between calls", *likely)
            calm = f"f.forward(np.full(({CALM_ROWS}, z.shape[-1]), {pristine.inside!r}))"
            finding = replace(finding, setup=(calm, *finding.setup))
        elif self._wrong_by_now(passed, pristine):
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
        fresh = _fresh(pristine, self.witness, primed=False, numbers_too=True)
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
            case = f"z = {z!r}" if z.size <= SHORT else f"z of shape {z.shape}, first {first!r}"
        return self._ended("error", Explanation("runs", message, "", (), case, ""))

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
                *seen.gaps(),
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


def _fresh(pristine: Target, witness: Witness, *, primed: bool, numbers_too: bool) -> Judgement:
    """A judgement that knows nothing of earlier cases: every one gets a target of its own.

    primed: which has seen calm rows before.
    """

    def judge(case: FuzzCase) -> Finding | None:
        fresh = Judge(pristine.copy(), witness)
        if primed:
            fresh.prime(case)
        return fresh.judge(case, numbers_too=numbers_too)

    return judge


@contextlib.contextmanager
def _quiet() -> Iterator[io.StringIO]:
    """What the target prints and warns of is kept from the terminal; its text is yielded."""
    printed = io.StringIO()
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        yield printed


def _what_was_printed(text: str) -> tuple[str, ...]:
    lines = text.splitlines()
    if not lines:
        return ()
    return (f"the target prints, {len(lines):,} lines in all; the first: {lines[0][:60]!r}",)
