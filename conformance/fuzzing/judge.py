"""The judgement of one case: first what each method gives at all, then manners, then numbers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import final

import numpy as np

from .case import FuzzCase
from .checks import manners
from .checks.afar_check import AfarCheck
from .checks.finite_check import FiniteCheck
from .checks.forward_check import ForwardCheck
from .checks.jacobian_check import JacobianCheck
from .checks.lone_check import LoneCheck
from .checks.lost_check import LostCheck
from .checks.number_check import NumberCheck
from .checks.tolerances import Tolerances
from .checks.vjp_check import VjpCheck
from .finding import Finding
from .observations import Observations
from .subject.calls import Caller
from .subject.target import Target
from .units import Units, rows
from .witness.witness import Witness


@final
@dataclass
class Judge:
    """Judges cases of one target; ``seen`` collects what is noticed on the way."""

    target: Target
    witness: Witness
    seen: Observations = field(default_factory=Observations)
    call: Caller = field(init=False)
    checks: list[NumberCheck] = field(init=False)

    def __post_init__(self) -> None:
        self.call = Caller(self.target)
        kinds = (
            ForwardCheck,
            FiniteCheck,
            JacobianCheck,
            AfarCheck,
            LostCheck,
            LoneCheck,
            VjpCheck,
        )
        self.checks = [kind(self.call, self.witness, self.seen) for kind in kinds]

    def foresee(self, cases: Iterable[FuzzCase]) -> None:
        """Let the witness see cases beforehand, all at once."""
        elementwise = self.target.elementwise
        with contextlib.suppress(Finding):  # the case that it is will show it
            self.witness.foresee(rows(case, elementwise=elementwise) for case in cases)

    def judge(
        self, case: FuzzCase, *, manners_too: bool = True, numbers_too: bool = True
    ) -> Finding | None:
        """The first check that fails for this case, None where all hold that are asked for."""
        self.seen.cases += 1
        self.seen.regimes[case.regime] += 1
        try:
            with np.errstate(all="ignore"):
                self._checks(case, manners_too, numbers_too)
        except Finding as finding:
            if finding.check == "runs" and self._out_of_reach(case):
                self.seen.notes["raises where the true value is not finite"] += 1
                return None
            return finding if finding.case is not None else finding.at(case)
        return None

    def _checks(self, case: FuzzCase, manners_too: bool, numbers_too: bool) -> None:
        m = case.dy.shape[-1]
        results = self.call.results(case, m)
        units = Units.of(case, results, self.witness, elementwise=self.target.elementwise)
        if units.truth.y.shape != units.y.shape:
            want, got = units.truth.y.shape[1:], units.y.shape[1:]
            message = f"forward gives rows of shape {got}, {self.witness.function} of {want}"
            raise Finding("structure", message, "forward", show=("f.forward(z)", None))
        self.seen.look_at(units)
        if manners_too:
            tolerances = Tolerances(units, self.call, self.checks[0].conditioning)
            manners.check(self.call, case, results, tolerances)
        for number_check in self.checks if numbers_too else ():
            number_check.check(units)

    def _out_of_reach(self, case: FuzzCase) -> bool:
        """Whether the witness itself finds nothing finite at some row of the case."""
        try:
            truth = self.witness.truth_at(rows(case, elementwise=self.target.elementwise))
        except Finding:  # differences ask the forward that has just failed
            return False
        return not (np.isfinite(truth.y).all() and np.isfinite(truth.jacobian).all())
