"""The Jacobian beside autodiff's; at a kink, its place in the subdifferential."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from ...compare import Float64Array
from ...tolerance import ROUNDINGS
from ..arbitration.arbitrate import Opinion, arbitrate, stands
from ..arbitration.further import Further
from ..arbitration.hidden import hidden
from ..finding import Finding
from ..kinks.afar import MISS, VAGUE, contradicted
from ..kinks.convention import convention
from ..kinks.neighbourhood import EXHAUSTIVE
from ..kinks.one_axis import beyond_both_sides
from ..kinks.subdifferential import Membership, membership, nearest_element, slopes_within
from ..rounding.allowances import (
    DIGITS,
    GREY,
    UNSEEN,
    USES,
    cancelled,
    epsilon,
    inherited,
    jacobian_scale,
    of_factors,
    whole_scale,
)
from ..rounding.spread import spread
from ..units import Mask, Units
from .number_check import NumberCheck

#: So much of a slope, or of 1, may be lost in float32 where z is a single number.
LOSS = 2.0**-8

#: So many kinks that only differences see are looked at: each takes some milliseconds.
LOOKS = 100


@final
@dataclass
class JacobianCheck(NumberCheck):
    """The Jacobian or derivative is autodiff's, or at a kink in the subdifferential.

    kinks: what was found out about those seen so far; afar: and about those that only differences
    have seen, whether what is around them contradicts the Jacobian; across: the same of wide rows.
    """

    kinks: dict[bytes, Membership] = field(default_factory=dict)
    afar: dict[bytes, bool] = field(default_factory=dict)
    across: dict[bytes, bool] = field(default_factory=dict)

    def check(self, units: Units) -> None:
        """Raise Finding unless each Jacobian is autodiff's, or at a kink in its subdifferential."""
        truth, eps = units.truth, epsilon(units.case.dtype)
        scale = (jacobian_scale if self.witness.smooth else whole_scale)(truth)
        tolerance = self.floor(units) + ROUNDINGS * eps * scale + truth.doubt
        judged = units.jacobian_judged & np.isfinite(units.jacobian)
        # Where autodiff has no number, those nearby say what it could be; where differences have
        # none they know nothing.
        lost = ~np.isfinite(truth.jacobian) & np.isfinite(units.jacobian) & self.witness.smooth
        lost &= np.asarray(units.y_judged.all(axis=1)).reshape(-1, 1, 1)
        bad = self.exceeds(units.jacobian, truth.jacobian, tolerance, judged)
        if bad.any():
            # A direction, say, that is lost turns all entries of a row, whichever z decides.
            moved = self.conditioning(units, bad | lost)[1].max(axis=2, keepdims=True)
            tolerance = tolerance + USES * moved
            tolerance = tolerance + inherited(self.call, units, scale)
            tolerance = tolerance + USES * cancelled(units.z, eps) * scale
            tolerance = tolerance + of_factors(units.z, eps)[:, None, None]
            bad = self.exceeds(units.jacobian, truth.jacobian, tolerance, judged)
            beyond = np.abs(units.jacobian - truth.jacobian) - truth.doubt
            bad &= beyond > self._grey(units) * scale
            sizes = np.nan_to_num(np.abs(truth.jacobian), posinf=0.0)
            unknown = truth.doubt > 1 + sizes  # there no better size is to be had
            sizes = np.where(unknown, np.abs(units.jacobian), sizes)
            bad &= beyond > DIGITS * sizes.max(axis=2, keepdims=True)
        self._look_from_afar(units, scale, judged & np.logical_not(bad))
        with np.errstate(all="ignore"):
            error = np.where(bad, np.abs(units.jacobian - truth.jacobian) / scale, 0)
        order = np.argsort(-error.max(axis=(1, 2)), kind="stable")
        doubtful = np.flatnonzero(np.logical_or(bad, lost).any(axis=(1, 2)))
        suspicious = [int(unit) for unit in order if unit in doubtful]
        undoubted = tolerance - truth.doubt
        self._look_at_kinks(units, suspicious, undoubted)
        rough = None
        further = Further(self.call, self.witness, units.z[suspicious])
        for row, unit in enumerate(suspicious):
            kink = self._membership(units, unit, undoubted[unit])
            if kink.distance <= 1:
                self._note(units, unit, kink, lost=bool(lost[unit].any()))
                continue
            if lost[unit].any() and self.bounded(units, unit):
                if not stands(self.call, units, unit):
                    raise self._outside(units, unit, tolerance)
                self._note(units, unit, kink, lost=True)
            only = np.zeros_like(bad)
            only[unit] = bad[unit]
            if rough is None and only.any():
                rough = self.own_rounding(units)[1] + self._spread(units, scale)
            if rough is not None:
                allowed = tolerance + rough
                only = self.exceeds(units.jacobian, truth.jacobian, allowed, only)
                if only.any():
                    opinion = arbitrate(further, row, units, unit, allowed[unit], scale[unit])
                    self._settle(opinion, units, unit, only, kink, allowed)

    def _grey(self, units: Units) -> float:
        """A share of the terms up to which nothing is said beyond doubt, whoever is right.

        In float32 the same formula is judged in float64; and differences see no less.
        """
        grey = GREY[units.case.dtype] if units.case.dtype == np.float32 else 0.0
        return grey if self.witness.smooth else max(grey, UNSEEN)

    def _spread(self, units: Units, scale: Float64Array) -> Float64Array:
        """How the hand-written side rounds in float32; the same formula is judged in float64.

        Of a single number no more than a little of its slope may be lost.
        """
        if units.case.dtype == np.float64:
            return np.zeros_like(units.jacobian)
        name = "derivative" if units.elementwise else "jacobian"
        moved = spread(self.call, units.case, units.results)[name].reshape(units.jacobian.shape)
        return np.minimum(moved, LOSS * scale) if units.elementwise else moved

    def _outside(self, units: Units, unit: int, tolerance: Float64Array) -> Finding:
        """Autodiff has no number at the unit, but those nearby say what it could be."""
        method, only = self.method(), np.zeros(units.jacobian.shape, dtype=bool)
        only[unit] = True
        function = self.witness.function
        message = (
            f"{method} is not in the subdifferential of {function}, where {self.witness.name} "
            "has no number itself"
        )
        got, true, source = units.jacobian, units.truth.jacobian, ""
        element = nearest_element(self.near(units), units.z[unit], got[unit])
        if element is not None:
            true, source = true.copy(), f"the nearest element of the subdifferential of {function}"
            true[unit] = element
        finding = self.finding(
            "jacobian", message, method, units, only, got, true, tolerance, kink=True
        )
        return replace(finding, source=source)

    def _settle(
        self,
        opinion: Opinion,
        units: Units,
        unit: int,
        bad: Mask,
        kink: Membership,
        tolerance: Float64Array,
    ) -> None:
        """Raise Finding unless the hand-written Jacobian of the unit is right after all."""
        if opinion is Opinion.UNDECIDED and hidden(self.call, self.witness, units, unit, bad[unit]):
            opinion = Opinion.NOTHING
        if opinion is Opinion.UNDECIDED and (kink.kink or not self.witness.smooth):
            # At a kink differences cannot tell, the subdifferential does. And where differences
            # are the witness itself, what is beyond their doubt is wrong.
            opinion = Opinion.ORACLE
        if opinion is Opinion.HAND and self.witness.smooth:
            self._suspect(units, unit)
        if opinion in (Opinion.ORACLE, Opinion.UNDECIDED):
            method, undecided = self.method(), opinion is Opinion.UNDECIDED
            got, true, source = units.jacobian, units.truth.jacobian, ""
            message = f"{method} is not {self.witness.name}"
            if kink.kink:
                subdifferential = f"the subdifferential of {self.witness.function}"
                message = f"{method} is not in {subdifferential}"
                element = nearest_element(self.near(units), units.z[unit], got[unit])
                if element is not None:
                    true, source = true.copy(), f"the nearest element of {subdifferential}"
                    true[unit], bad[unit] = element, True
            finding = self.finding(
                "jacobian",
                message,
                method,
                units,
                bad,
                got,
                true,
                tolerance,
                undecided=undecided,
                kink=kink.kink,
            )
            raise replace(finding, source=source) if source else finding

    def _look_from_afar(self, units: Units, scale: Float64Array, passed: Mask) -> None:
        """Where differences doubt so much that nearly anything passes, look at what is around."""
        if self.witness.smooth or units.elementwise:
            return
        vague = passed & (units.truth.doubt > VAGUE * scale)
        # Of entries an ulp apart a mean, say, is one of them: the formula sees another z.
        vague &= cancelled(units.z, epsilon(units.case.dtype)) < VAGUE
        for unit in map(int, np.flatnonzero(vague.any(axis=(1, 2)))):
            key, domain = self._key(units, unit), self.call.target.domain
            z, jacobian, eps = units.z[unit], units.jacobian[unit], epsilon(units.case.dtype)
            wide = z.size > EXHAUSTIVE
            seen = self.across if wide else self.afar
            if key not in seen and len(seen) < LOOKS and wide:
                seen[key] = beyond_both_sides(self.witness, z, jacobian, domain)
            elif key not in seen and len(seen) < LOOKS:
                seen[key] = contradicted(self.witness, z, jacobian, domain, eps)
            if seen.get(key):
                method, only = self.method(), np.zeros(vague.shape, dtype=bool)
                only[unit] = True
                message = f"{method} is not in the subdifferential of {self.witness.function}"
                got, true = units.jacobian, units.truth.jacobian
                missed = MISS * (1 + np.abs(true))
                raise self.finding(
                    "jacobian", message, method, units, only, got, true, missed, kink=True
                )

    def _look_at_kinks(self, units: Units, suspicious: list[int], tolerance: Float64Array) -> None:
        """Of an elementwise function, all at once."""
        new = [u for u in suspicious if self._key(units, u) not in self.kinks]
        if not units.elementwise or not new:
            return
        z, slopes, allowed = units.z[new, 0], units.jacobian[new, 0, 0], tolerance[new, 0, 0]
        found = slopes_within(self.near(units), z, slopes, allowed)
        self.kinks |= {self._key(units, u): kink for u, kink in zip(new, found, strict=True)}

    def _membership(self, units: Units, unit: int, tolerance: Float64Array) -> Membership:
        """Whether the Jacobian is in the subdifferential; each is looked at once."""
        key = self._key(units, unit)
        if key not in self.kinks:
            z, jacobian = units.z[unit], units.jacobian[unit]
            self.kinks[key] = membership(self.near(units), z, jacobian, tolerance)
        return self.kinks[key]

    def _note(self, units: Units, unit: int, kink: Membership, *, lost: bool) -> None:
        """Keep the convention that was seen, or where autodiff gave no number."""
        z = units.z[unit]
        if kink.kink:
            said = convention(z, units.jacobian[unit], self.call.target.name)
            self.seen.conventions[said] += 1
        if lost:
            self.seen.suspect("nan", f"{self.witness.name} is not finite at z = {z}")

    def _suspect(self, units: Units, unit: int) -> None:
        error = np.abs(units.jacobian[unit] - units.truth.jacobian[unit])
        i = np.unravel_index(int(np.nanargmax(error)), error.shape)
        got, said = units.jacobian[unit][i], units.truth.jacobian[unit][i]
        sentence = (
            f"{self.witness.name} gives {said:.10g} at z = {units.z[unit]}, "
            f"where differences of the forward stand with the hand-written {got:.10g}"
        )
        self.seen.suspect("number", sentence)

    def _key(self, units: Units, unit: int) -> bytes:
        z, jacobian = units.z[unit], units.jacobian[unit]
        return z.tobytes() + jacobian.tobytes() + units.case.dtype.char.encode()
