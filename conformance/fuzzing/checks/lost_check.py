"""Where the oracle is lost: the Jacobian beside the slopes of the forward that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from ...compare import Float64Array
from ...tolerance import ROUNDINGS
from ..arbitration.further import DOUBTFUL, SURE
from ..finding import Check, Finding
from ..rounding.allowances import epsilon
from ..slopes.differences import derivatives
from ..slopes.slopes import Slopes
from ..units import Units
from .number_check import NumberCheck

#: Of so many units of a case differences are taken.
UNITS_ASKED = 32

#: By this share of 1 + |slope| a Jacobian may be off, beyond what differences doubt and what is
#: left of terms as large as any slope.
CLOSE_TO_SLOPE = {np.dtype(np.float64): 1e-5, np.dtype(np.float32): 1e-3}

SOURCE = "extrapolated differences of the forward"


@final
@dataclass
class LostCheck(NumberCheck):
    """Where autodiff overflows or gives NaN, though y is finite, sure differences of y judge; and
    where y itself underflows on one side alone.
    """

    def check(self, units: Units) -> None:
        """Raise Finding where autodiff has no number, and the Jacobian is not the slope of y."""
        truth = units.truth
        known = np.isfinite(truth.y).all(axis=1) & np.isfinite(truth.jacobian).all(axis=(1, 2))
        known &= np.logical_not(units.underflown)
        some = np.isfinite(units.y).all(axis=1) & units.seen & np.logical_not(known)
        lost = np.flatnonzero(some)[:UNITS_ASKED]
        slopes = self._slopes(units.z[lost]) if len(lost) and self.witness.smooth else None
        if slopes is None:
            return
        size = 1 + np.abs(slopes.estimate)
        sure = (slopes.error <= DOUBTFUL * size) & (size < units.limit)
        largest = np.nan_to_num(np.abs(slopes.estimate)).max(axis=(1, 2), keepdims=True)
        rounding = ROUNDINGS * epsilon(units.case.dtype) * largest
        allowed = SURE * slopes.error + CLOSE_TO_SLOPE[units.case.dtype] * size + rounding
        got, true = units.jacobian, np.zeros_like(units.jacobian)
        tolerance, bad = np.zeros_like(got), np.zeros(got.shape, dtype=bool)
        true[lost], tolerance[lost] = slopes.estimate, allowed
        with np.errstate(all="ignore"):
            bad[lost] = sure & np.logical_not(np.abs(got[lost] - slopes.estimate) <= allowed)
        if bad.any():
            check: Check = "jacobian" if np.isfinite(got[bad]).all() else "finite"
            function, where = self.witness.function, bad.any(axis=(1, 2))
            lacks = f"{function} has no number to hold it against"
            if units.underflown[where].all():
                lacks = f"y underflows on one side, in it or in {function}"
            message = f"{self.method()} is not the slope of the forward, where {lacks}"
            finding = self.finding(check, message, self.method(), units, bad, got, true, tolerance)
            raise replace(finding, source=SOURCE)
        silent = np.logical_not(units.underflown[lost])
        for i in np.flatnonzero(silent & sure.all(axis=(1, 2)))[:1]:
            sentence = f"{self.witness.name} is not finite at z = {units.z[lost[i]]}"
            self.seen.suspect("nan", f"{sentence}, where {SOURCE} stand with the hand-written side")

    def _slopes(self, z: Float64Array) -> Slopes | None:
        """Of the rows z; None for a forward that takes them, but not those around them."""
        domain = self.call.target.domain
        try:
            return derivatives(self.call.values, z, domain)
        except Finding:
            return None
