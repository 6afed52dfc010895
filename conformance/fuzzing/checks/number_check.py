"""What every check of numbers needs: tolerances, neighbourhoods and the finding itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from ...compare import Float64Array
from ...tolerance import FLOOR
from ..finding import Check, Finding, worst
from ..kinks.neighbourhood import Neighbourhood
from ..kinks.subdifferential import bounded
from ..observations import Observations
from ..rounding.allowances import conditioning, epsilon
from ..subject.calls import BY_UNIT_COTANGENTS, Caller, written
from ..units import Mask, Units
from ..witness.witness import Witness

#: The witness in float32 shows how its own formula rounds; so much of that it may be off by.
OWN_ROUNDING, IN_FLOAT32 = 16.0, 8.0

#: In float64 no rounding of a witness comes to this, in terms of the scale.
OBVIOUS = 1e-3


@dataclass
class NumberCheck(ABC):
    """Compares one kind of numbers of a case with the witness's.

    A difference beyond the basic tolerance is not yet a finding: conditioning, kinks and the
    witness's own rounding may explain it, and in the end ``arbitration`` says who is right.
    """

    call: Caller
    witness: Witness
    seen: Observations

    @abstractmethod
    def check(self, units: Units) -> None:
        """Raise Finding where a number of the case is wrong."""

    def method(self) -> str:
        """The method that gives the target's derivative."""
        target = self.call.target
        return "derivative" if target.elementwise else "jacobian" if target.jacobian else "vjp"

    def outside(self) -> str:
        """The message where no choice at a kink makes it right."""
        return f"{self.method()} is not in the subdifferential of {self.witness.function}"

    def floor(self, units: Units) -> float:
        """A tolerance for what is next to the smallest numbers of the dtype."""
        return FLOOR * float(np.finfo(units.case.dtype).tiny)

    def exceeds(
        self, got: Float64Array, true: Float64Array, tolerance: Float64Array, judged: Mask
    ) -> Mask:
        """Which of the judged entries are further off than allowed; NaN is another check's."""
        with np.errstate(all="ignore"):
            return judged & (np.abs(got - true) > tolerance)

    def near(self, units: Units) -> Neighbourhood:
        """Where the witness is asked around a unit."""
        return Neighbourhood(self.witness, epsilon(units.case.dtype), self.call.target.domain)

    def bounded(self, units: Units, unit: int) -> bool:
        """Whether the true Jacobians near a unit are finite, and do not grow towards it."""
        return bounded(self.near(units), units.z[unit])

    def conditioning(
        self, units: Units, asked: Mask | None = None
    ) -> tuple[Float64Array, Float64Array]:
        """By how much y (N, m) and the Jacobian (N, m, n) change with some ulps of z.

        asked: of which units (N, ...) an entry is of interest, as it takes a while; 0 elsewhere.
        """
        eps, domain = epsilon(units.case.dtype), self.call.target.domain
        if asked is None:
            return conditioning(self.witness, units.z, units.truth, eps, domain)
        some = asked.reshape(len(asked), -1).any(axis=1)
        changes = np.zeros_like(units.truth.y), np.zeros_like(units.truth.jacobian)
        truth = units.truth.of(some)
        for whole, part in zip(
            changes, conditioning(self.witness, units.z[some], truth, eps, domain), strict=True
        ):
            whole[some] = part
        return changes

    def own_rounding(self, units: Units, apart: Float64Array) -> tuple[Float64Array, Float64Array]:
        """By how much the witness's formula rounds, scaled from float32 to float64.

        For a float32 case: IN_FLOAT32 times what the witness itself loses in float32. apart: the
        errors that are judged, in terms of their scale.
        """
        large = bool(np.nanmax(apart, initial=0) > OBVIOUS)
        rough = None
        if units.case.dtype == np.float32 or not large:
            rough = self.witness.truth_in_float32(units.z)
        if rough is None:
            return np.zeros_like(units.truth.y), np.zeros_like(units.truth.jacobian)
        factor = IN_FLOAT32
        if units.case.dtype == np.float64:
            factor = OWN_ROUNDING * epsilon(np.float64) / epsilon(np.float32)
        with np.errstate(all="ignore"):
            losses = [
                factor * np.abs(a - b)
                for a, b in ((rough.y, units.truth.y), (rough.jacobian, units.truth.jacobian))
            ]
        y, jacobian = (np.nan_to_num(loss, nan=0.0, posinf=0.0) for loss in losses)
        return y, jacobian

    def of_jacobian(
        self, units: Units, bad: Mask, message: str, true: Float64Array, tolerance: Float64Array
    ) -> Finding:
        """The finding about the Jacobian, beside what it should be."""
        method = self.method()
        return self.finding(
            "jacobian", message, method, units, bad, units.jacobian, true, tolerance
        )

    def finding(
        self,
        check: Check,
        message: str,
        method: str,
        units: Units,
        bad: Mask,
        got: Float64Array,
        true: Float64Array,
        tolerance: Float64Array,
    ) -> Finding:
        """The finding at the worst of the bad entries, with arrays in the target's shape."""
        with np.errstate(all="ignore"):
            error = np.where(bad, np.abs(got - true), 0)
        error = np.where(bad & ~np.isfinite(error), np.inf, error)
        tiny = float(np.finfo(np.float64).tiny)
        index = worst(units.whole(error), units.whole(np.maximum(tolerance, tiny)))
        return Finding(
            check,
            message,
            method,
            got=units.whole(got),
            expected=units.whole(true),
            tolerance=units.whole(np.broadcast_to(tolerance, got.shape).copy()),
            index=index,
            show=(BY_UNIT_COTANGENTS if method == "vjp" else written(method), None),
        )
