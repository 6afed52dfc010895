"""Single numbers where autodiff is off, and the hand-written side in the same way.

Of where(z == 0, 1, expm1(z) / z) autodiff is 0 at 0, where the derivative is 1/2: the branch that
is taken there is a constant. Who writes the derivative by hand likes to think so too.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from ...compare import Float64Array
from ..arbitration.further import Further
from ..case import FuzzCase
from ..subject.calls import answer
from ..units import Mask, Units
from .lost_check import SOURCE
from .number_check import NumberCheck

#: Such numbers are short: multiples of this share of 1, and no larger than SHORT.
GRID, SHORT = 0.25, 1024.0

#: So many rows are looked at.
LONE_ROWS = 64

#: By this share of 1 + |slope| the Jacobian is off, and at this distance not by half as much.
APART, NEARBY = 1e-2, 2.0**-14

#: By such a share differences may be off: next to a joint they are no surer.
NO_SURER = 1e-3


@final
@dataclass
class LoneCheck(NumberCheck):
    """Where both sides agree at a short row, sure differences of y and the hand-written side itself
    a little away do not say otherwise. looked: for each row and Jacobian the slopes, where they do.
    """

    looked: dict[bytes, Float64Array | None] = field(default_factory=dict)

    def check(self, units: Units) -> None:
        """Raise Finding where they do."""
        if not self.witness.smooth or units.case.dtype != np.float64:
            return
        short = (units.z == GRID * np.round(units.z / GRID)) & (np.abs(units.z) <= SHORT)
        judged = units.seen & units.jacobian_judged.all(axis=(1, 2))
        rows = [int(unit) for unit in np.flatnonzero(short.all(axis=1) & judged)]
        self._look(units, [u for u in rows if units.key(u) not in self.looked])
        for unit in rows:
            slopes = self.looked.get(units.key(unit))
            if slopes is not None:
                got, true = units.jacobian, units.jacobian.copy()
                true[unit] = slopes
                allowed = APART * (1 + np.abs(true))
                bad = self.exceeds(got, true, allowed, units.jacobian_judged)
                method = self.method()
                message = (
                    f"{method} is not the slope of the forward, and at this number alone "
                    f"{self.witness.name} is as wrong"
                )
                finding = self.finding("jacobian", message, method, units, bad, got, true, allowed)
                raise replace(finding, source=SOURCE)

    def _look(self, units: Units, new: list[int]) -> None:
        new = new[: LONE_ROWS - len(self.looked)]
        if not new:
            return
        further = Further(self.call, self.witness, units.z[new])
        for row, unit in enumerate(new):
            own, jacobian = further.own(row), units.jacobian[unit]
            known = None
            if own is not None:
                slopes, size = own.estimate[0], 1 + np.abs(own.estimate[0])
                apart = np.abs(jacobian - slopes)
                wrong = (own.error[0] <= NO_SURER * size) & (apart > APART * size)
                if (wrong & self._seen_nearby(units, unit, slopes, apart / 2)).any():
                    known = slopes
            self.looked[units.key(unit)] = known

    def _seen_nearby(
        self, units: Units, unit: int, slopes: Float64Array, within: Float64Array
    ) -> Mask:
        """Where the hand-written side itself gives about these slopes a little away."""
        z, (low, high) = units.z[unit], self.call.target.domain
        ramp = np.arange(1.0, z.size + 1) / z.size
        in_turn = ramp * (-1.0) ** np.arange(z.size)
        ways = np.stack([ramp, -ramp, in_turn, -in_turn])
        points = z + NEARBY * max(1.0, float(np.abs(z).max())) * ways
        points = points[((points > low) & (points < high)).all(axis=1)]
        if not len(points):
            return np.zeros(slopes.shape, dtype=bool)
        m = slopes.shape[0]
        case = FuzzCase(points, np.ones((len(points), m)), "nearby")
        unknown = np.full((len(points), *slopes.shape), np.nan)
        nearby = answer(lambda: self.call.results(case, m).jacobian, unknown)
        nearby = nearby.reshape(-1, *slopes.shape)
        return np.asarray((np.abs(nearby - slopes) <= within).all(axis=0))
