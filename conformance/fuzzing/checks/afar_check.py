"""Where differences doubt so much that nearly all passes, what is around them says more."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from ..kinks.afar import MISS, contradicted
from ..kinks.neighbourhood import EXHAUSTIVE
from ..kinks.one_axis import beyond_both_sides
from ..rounding.allowances import cancelled, epsilon, terms_of_all
from ..units import Units
from .number_check import NumberCheck

#: Differences that doubt more than this share of the terms let too much pass.
VAGUE = 0.05

#: So many kinks are looked at, and as many in wide rows: each takes some milliseconds.
LOOKS = 100


@final
@dataclass
class AfarCheck(NumberCheck):
    """Where differences are the witness, the Jacobian at a kink is what those around it allow.

    narrow, wide: for each z and Jacobian that was looked at, whether it is not; wide are rows of
    more entries than all directions can be sampled of.
    """

    narrow: dict[bytes, bool] = field(default_factory=dict)
    wide: dict[bytes, bool] = field(default_factory=dict)

    def check(self, units: Units) -> None:
        """Raise Finding where it is not."""
        if self.witness.smooth or units.elementwise:
            return
        vague = units.jacobian_judged & np.isfinite(units.jacobian)
        vague &= units.truth.doubt > VAGUE * terms_of_all(units.truth.jacobian)
        # Of entries an ulp apart a mean, say, is one of them: the formula sees another z.
        vague &= cancelled(units.z, epsilon(units.case.dtype)) < VAGUE
        for unit in map(int, np.flatnonzero(vague.any(axis=(1, 2)))):
            if self._contradicted(units, unit):
                only = np.zeros_like(vague)
                only[unit] = True
                message = self.outside()
                true = units.truth.jacobian
                missed = MISS * (1 + np.abs(true))
                raise replace(self.of_jacobian(units, only, message, true, missed), kink=True)

    def _contradicted(self, units: Units, unit: int) -> bool:
        """Each z and Jacobian is looked at once, so long as there are not too many."""
        z, jacobian, domain = units.z[unit], units.jacobian[unit], self.call.target.domain
        eps, key = epsilon(units.case.dtype), units.key(unit)
        seen = self.wide if z.size > EXHAUSTIVE else self.narrow
        if key not in seen and len(seen) < LOOKS:
            if z.size > EXHAUSTIVE:
                seen[key] = beyond_both_sides(self.witness, z, jacobian, domain)
            else:
                seen[key] = contradicted(self.witness, z, jacobian, domain, eps)
        return seen.get(key, False)
