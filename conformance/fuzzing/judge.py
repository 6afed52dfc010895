"""The judgement of one case: structure, manners and numbers, in this order."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import final

import numpy as np

from ..compare import Float64Array
from . import manners
from .calls import Caller, Results
from .case import FuzzCase
from .finding import Finding
from .finite_check import FiniteCheck
from .forward_check import ForwardCheck
from .jacobian_check import JacobianCheck
from .number_check import NumberCheck
from .observations import Observations
from .rounding import ROUNDINGS, epsilon, jacobian_scale, value_scale
from .target import Target
from .units import Units
from .vjp_check import VjpCheck
from .witness import Truth, Witness

#: A number of rows that hardly any case has.
CALM_ROWS = 7


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
        kinds = (ForwardCheck, FiniteCheck, JacobianCheck, VjpCheck)
        self.checks = [kind(self.call, self.witness, self.seen) for kind in kinds]

    def prime(self, case: FuzzCase) -> None:
        """Let the target see calm rows first: what it keeps of them will show."""
        with contextlib.suppress(Finding):
            self.call("forward", np.full((CALM_ROWS, case.width), self.target.inside, case.dtype))

    def judge(self, case: FuzzCase, *, manners_too: bool = True) -> Finding | None:
        """The first check that fails for this case, None where all hold."""
        self.seen.cases += 1
        self.seen.regimes[case.regime] += 1
        try:
            with np.errstate(all="ignore"):
                self._checks(case, manners_too)
        except Finding as finding:
            if finding.check == "runs" and self._out_of_reach(case):
                self.seen.notes["raises where the true value is not finite"] += 1
                return None
            return finding if finding.case is not None else finding.at(case)
        return None

    def _checks(self, case: FuzzCase, manners_too: bool) -> None:
        m = case.dy.shape[-1]
        results = self.call.results(case, m)
        units = Units.of(case, results, self.witness, elementwise=self.target.elementwise)
        if units.truth.y.shape != units.y.shape:
            want, got = units.truth.y.shape[1:], units.y.shape[1:]
            message = f"forward gives rows of shape {got}, {self.witness.function} of {want}"
            raise Finding("structure", message, "forward", show=("f.forward(z)", None))
        self.seen.live += bool(units.truth.jacobian.any())
        if manners_too:
            manners.check(self.call, case, results, self._tolerances(case, results, units))
        for number_check in self.checks:
            number_check.check(units)

    def _tolerances(
        self, case: FuzzCase, results: Results, units: Units
    ) -> dict[str, Float64Array]:
        """What rounding explains between two results of one method that ought to be equal."""
        eps, lead = epsilon(case.dtype), case.z.shape[:-1]
        hand = Truth(units.y, units.jacobian, units.jacobian)
        scale = np.nan_to_num(jacobian_scale(hand), nan=1.0, posinf=1.0)
        carried = np.einsum("ki,kij->kj", units.cotangents(), scale)
        y = np.abs(results.y.astype(np.float64)) + 1
        whole = y.max(axis=-1, keepdims=True) if y.size else y
        summed = np.einsum("kij,kj->ki", np.abs(units.jacobian), np.abs(units.z))
        summed = np.nan_to_num(summed, nan=0.0, posinf=0.0).reshape(y.shape)
        if units.elementwise:
            slopes = scale.reshape(case.z.shape)
            jacobian = slopes[..., None, :] + 0 * slopes[..., :, None]
        else:
            slopes = np.zeros(case.z.shape)
            jacobian = scale.reshape(*lead, *scale.shape[1:])
        parts = {
            "forward": np.maximum(value_scale(results.y.astype(np.float64)), whole) + summed,
            "derivative": slopes,
            "jacobian": jacobian,
            "vjp": carried.reshape(case.z.shape),
        }
        return {
            name: ROUNDINGS * eps * np.nan_to_num(part, nan=1.0, posinf=1.0)
            for name, part in parts.items()
        }

    def _out_of_reach(self, case: FuzzCase) -> bool:
        """Whether the witness itself finds nothing finite at some row of the case."""
        z = case.z.astype(np.float64)
        try:
            truth = self.witness.judge(z.reshape(-1, 1 if self.target.elementwise else case.width))
        except Finding:  # differences ask the forward that has just failed
            return False
        return not (np.isfinite(truth.y).all() and np.isfinite(truth.jacobian).all())
