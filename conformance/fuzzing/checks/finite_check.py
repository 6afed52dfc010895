"""NaN and infinity where the true value is finite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from ..units import Mask, Units
from .number_check import NumberCheck

#: Differences that doubt so many times the slope know nothing of it.
DOUBTED = 1e6


@final
@dataclass
class FiniteCheck(NumberCheck):
    """y and the Jacobian are finite where the true ones are."""

    def check(self, units: Units) -> None:
        """Raise Finding where y or an entry of the Jacobian is not finite, though the truth is."""
        for method, got, true, judged in (
            ("forward", units.y, units.truth.y, units.y_judged),
            (self.method(), units.jacobian, units.truth.jacobian, self._exists(units)),
        ):
            bad = judged & ~np.isfinite(got)
            if bad.any() and units.case.dtype == np.float32:
                rough = self.witness.truth_in_float32(units.z)
                if rough is not None:
                    bad &= np.isfinite(rough.y if method == "forward" else rough.jacobian)
            if bad.any():
                y, J = self.conditioning(units, bad)
                bad &= np.isfinite(y if method == "forward" else J)
            if bad.any():
                message = f"{method} is not finite where the true value is"
                zero = np.zeros(got.shape)
                raise self.finding("finite", message, method, units, bad, got, true, zero)

    def _exists(self, units: Units) -> Mask:
        """The entries that are finite by the witness, or at least bounded all around."""
        # Differences that doubt all vouch for nothing, as beside a pole.
        slopes, doubt = np.abs(units.truth.jacobian), units.truth.doubt
        with np.errstate(all="ignore"):
            judged = units.jacobian_judged & (doubt <= DOUBTED * (1 + slopes))
        lost = ~np.isfinite(units.truth.jacobian).all(axis=(1, 2)) & units.y_judged.all(axis=1)
        hand = np.isfinite(units.jacobian).all(axis=(1, 2))
        for unit in np.flatnonzero(lost & ~hand)[:4]:
            judged[unit] |= self.bounded(units, int(unit))
        return judged
