"""The Jacobian beside autodiff's; at a kink, its place in the subdifferential."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from ...compare import Float64Array
from ...tolerance import ROUNDINGS
from ..arbitration.arbitrate import Opinion, arbitrate, differences_stand_with_hand
from ..arbitration.further import Further
from ..arbitration.hidden import hidden
from ..finding import Finding
from ..kinks.convention import convention
from ..kinks.subdifferential import Membership, membership, nearest_element, slopes_within
from ..rounding.allowances import (
    DIGITS,
    GREY,
    UNSEEN,
    USES,
    cancelled,
    epsilon,
    inherited,
    of_factors,
    terms_of_all,
    terms_of_row,
)
from ..rounding.spread import spread
from ..units import Mask, Units
from .number_check import NumberCheck

#: So much of a slope, or of 1, may be lost in float32 where z is a single number.
LOSS = 2.0**-8


@final
@dataclass
class JacobianCheck(NumberCheck):
    """The Jacobian or derivative is autodiff's, or at a kink in the subdifferential.

    kinks: what was found out about those seen so far.
    """

    kinks: dict[bytes, Membership] = field(default_factory=dict)

    def check(self, units: Units) -> None:
        """Raise Finding unless each Jacobian is autodiff's, or at a kink in its subdifferential."""
        truth, scale = units.truth, self._scale(units)
        judged, lost = units.jacobian_judged & np.isfinite(units.jacobian), self._lost(units)
        tolerance = ROUNDINGS * epsilon(units.case.dtype) * scale + self.floor(units)
        bad = self.exceeds(units.jacobian, truth.jacobian, tolerance + truth.doubt, judged)
        if bad.any():
            tolerance = tolerance + self._explained(units, scale, bad | lost)
            bad = self.exceeds(units.jacobian, truth.jacobian, tolerance + truth.doubt, judged)
            bad &= self._large_enough(units, scale)
        suspicious = self._worst_first(units, scale, bad, lost)
        self._look_at_kinks(units, suspicious, tolerance)
        rough = None
        further = Further(self.call, self.witness, units.z[suspicious])
        for row, unit in enumerate(suspicious):
            kink = self._membership(units, unit, tolerance[unit])
            if kink.distance <= 1:
                self._note(units, unit, kink, lost=bool(lost[unit].any()))
                continue
            if lost[unit].any() and self.bounded(units, unit):
                if not differences_stand_with_hand(self.call, units, unit):
                    raise self._outside(units, unit, tolerance)
                self._note(units, unit, kink, lost=True)
            if not bad[unit].any():
                continue
            if rough is None:
                apart = np.abs(units.jacobian - truth.jacobian) / scale
                rough = truth.doubt + self.own_rounding(units, apart)[1]
                rough = rough + self._spread(units, scale)
            allowed = tolerance + rough
            only = _of_unit(unit, self.exceeds(units.jacobian, truth.jacobian, allowed, bad))
            if only.any():
                opinion = arbitrate(further, row, units, unit, allowed[unit], scale[unit])
                self._settle(opinion, units, unit, only, kink, allowed)

    def _scale(self, units: Units) -> Float64Array:
        """The size of the terms of each entry."""
        return (terms_of_row if self.witness.smooth else terms_of_all)(units.truth.jacobian)

    def _lost(self, units: Units) -> Mask:
        """Where autodiff has no number: those nearby say what it could be.

        Where differences have none they know nothing.
        """
        lost = ~np.isfinite(units.truth.jacobian) & np.isfinite(units.jacobian)
        y_judged = np.asarray(units.y_judged.all(axis=1)).reshape(-1, 1, 1)
        return np.asarray(lost & y_judged & self.witness.smooth)

    def _explained(self, units: Units, scale: Float64Array, asked: Mask) -> Float64Array:
        """What rounding explains beyond the basic tolerance, where it is asked for."""
        eps = epsilon(units.case.dtype)
        # A direction, say, that is lost turns all entries of a row, whichever z decides.
        moved = self.conditioning(units, asked)[1].max(axis=2, keepdims=True)
        return np.asarray(
            USES * moved
            + inherited(self.call, units, scale)
            + USES * cancelled(units.z, eps) * scale
            + of_factors(units.z, eps)[:, None, None]
        )

    def _large_enough(self, units: Units, scale: Float64Array) -> Mask:
        """Errors to speak of: more than the grey share of the terms, and than ten digits of a row.

        In float32 the same formula is judged in float64; and differences see no less.
        """
        truth, float32 = units.truth, units.case.dtype == np.float32
        grey = GREY[units.case.dtype] if float32 else 0.0
        grey = grey if self.witness.smooth else max(grey, UNSEEN)
        with np.errstate(all="ignore"):
            beyond = np.abs(units.jacobian - truth.jacobian) - truth.doubt
        sizes = np.nan_to_num(np.abs(truth.jacobian), posinf=0.0)
        unknown = truth.doubt > 1 + sizes  # there no better size is to be had
        sizes = np.where(unknown, np.abs(units.jacobian), sizes)
        digits = DIGITS * sizes.max(axis=2, keepdims=True)
        return np.asarray((beyond > grey * scale) & (beyond > digits))

    def _worst_first(self, units: Units, scale: Float64Array, bad: Mask, lost: Mask) -> list[int]:
        """The units of which something is bad or lost."""
        with np.errstate(all="ignore"):
            apart = np.abs(units.jacobian - units.truth.jacobian) / scale
        order = np.argsort(-np.where(bad, apart, 0).max(axis=(1, 2)), kind="stable")
        some = np.flatnonzero((bad | lost).any(axis=(1, 2)))
        return [int(unit) for unit in order if unit in some]

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
        every = _of_unit(unit, np.ones(units.jacobian.shape, dtype=bool))
        message = f"{self.outside()}, where {self.witness.name} has no number itself"
        return self._at_kink(units, unit, every, message, tolerance + units.truth.doubt)

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
            opinion = Opinion.WITNESS
        if opinion is Opinion.HAND and self.witness.smooth:
            self._suspect(units, unit)
        if opinion in (Opinion.WITNESS, Opinion.UNDECIDED):
            if kink.kink:
                finding = self._at_kink(units, unit, bad, self.outside(), tolerance)
            else:
                message, true = f"{self.method()} is not {self.witness.name}", units.truth.jacobian
                finding = self.of_jacobian(units, bad, message, true, tolerance)
            raise replace(finding, undecided=opinion is Opinion.UNDECIDED)

    def _at_kink(
        self, units: Units, unit: int, bad: Mask, message: str, tolerance: Float64Array
    ) -> Finding:
        """The finding beside the nearest element of the subdifferential, where that is known."""
        true, source = units.truth.jacobian, ""
        element = nearest_element(self.near(units), units.z[unit], units.jacobian[unit])
        if element is not None:
            true, bad = true.copy(), _of_unit(unit, np.ones_like(bad))
            true[unit] = element
            source = f"the nearest element of the subdifferential of {self.witness.function}"
        finding = self.of_jacobian(units, bad, message, true, tolerance)
        return replace(finding, kink=True, source=source)

    def _look_at_kinks(self, units: Units, suspicious: list[int], tolerance: Float64Array) -> None:
        """Of an elementwise function, all at once."""
        new = [u for u in suspicious if units.key(u) not in self.kinks]
        if not units.elementwise or not new:
            return
        z, slopes, allowed = units.z[new, 0], units.jacobian[new, 0, 0], tolerance[new, 0, 0]
        found = slopes_within(self.near(units), z, slopes, allowed)
        self.kinks |= {units.key(u): kink for u, kink in zip(new, found, strict=True)}

    def _membership(self, units: Units, unit: int, tolerance: Float64Array) -> Membership:
        """Whether the Jacobian is in the subdifferential; each is looked at once."""
        key = units.key(unit)
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
        """Keep what autodiff gives, against which others stand with the hand-written side."""
        error = np.abs(units.jacobian[unit] - units.truth.jacobian[unit])
        i = np.unravel_index(int(np.nanargmax(error)), error.shape)
        got, said = units.jacobian[unit][i], units.truth.jacobian[unit][i]
        sentence = (
            f"{self.witness.name} gives {said:.10g} at z = {units.z[unit]}, "
            f"where differences of the forward stand with the hand-written {got:.10g}"
        )
        self.seen.suspect("number", sentence)


def _of_unit(unit: int, mask: Mask) -> Mask:
    """The same of this unit alone."""
    only = np.zeros_like(mask)
    only[unit] = mask[unit]
    return only
