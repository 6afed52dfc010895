"""The numbers of a case beside the witness's: forward, finiteness, Jacobian and vjp.

A difference beyond the basic tolerance is not yet a finding: conditioning, kinks and the witness's
own rounding may explain it, and in the end ``arbitration`` says who is right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

import numpy as np

from ..compare import Float64Array
from ..tolerance import FLOOR
from .arbitration import Opinion, arbitrate, stands
from .calls import Caller, written
from .finding import Check, Finding, worst
from .observations import Observations
from .rounding import (
    GREY,
    ROUNDINGS,
    conditioning,
    epsilon,
    inherited,
    jacobian_scale,
    value_scale,
)
from .subdifferential import Membership, bounded, convention, membership, slopes_within
from .units import HEADROOM, Mask, Units
from .witness import Truth, Witness

#: A formula uses z more than once: so often its conditioning counts.
USES = 16.0

#: The witness in float32 shows how its own formula rounds; so much of that it may be off by.
OWN_ROUNDING = 16.0

#: At a kink differences give the middle, and doubt half of the jump: a slope of one side passes.
DOUBT = 1.25

#: In float64 no rounding of a witness comes to this, in terms of the scale.
OBVIOUS = 1e-3


@final
@dataclass
class Numbers:
    """Judges the numbers of one case after the other, and remembers the kinks it has seen."""

    call: Caller
    witness: Witness
    seen: Observations
    kinks: dict[bytes, Membership] = field(default_factory=dict)

    def forward(self, units: Units) -> None:
        """Raise Finding unless y is the witness's, where both are finite."""
        truth, eps = units.truth, epsilon(units.case.dtype)
        if not self.witness.smooth:
            return  # differences know no other forward
        tolerance = self._floor(units) + ROUNDINGS * eps * value_scale(truth.y)
        bad = self._exceeds(units.y, truth.y, tolerance, units.y_judged)
        if not bad.any():
            return
        tolerance = tolerance + USES * self._conditioning(units)[0] + self._own_rounding(units)[0]
        bad = self._exceeds(units.y, truth.y, tolerance, units.y_judged)
        for unit in np.flatnonzero(bad.any(axis=1)):
            if self._beside_a_jump(units, int(unit), tolerance[unit]):
                bad[unit] = False
        grey = GREY[units.case.dtype] * value_scale(truth.y)
        bad &= np.abs(units.y - truth.y) > grey
        if bad.any():
            name = self.call.target.name
            message = f"the forward of {name} is not {self.witness.function}"
            raise self._finding(
                "forward", message, "forward", units, bad, units.y, truth.y, tolerance
            )

    def finite(self, units: Units) -> None:
        """Raise Finding where y or an entry of the Jacobian is not finite, though the truth is."""
        for method, got, true, judged in (
            ("forward", units.y, units.truth.y, units.y_judged),
            (self._method(), units.jacobian, units.truth.jacobian, self._jacobian_exists(units)),
        ):
            bad = judged & ~np.isfinite(got)
            if bad.any() and units.case.dtype == np.float32:
                rough = self.witness.judge_in_float32(units.z)
                if rough is not None:
                    bad &= np.isfinite(rough.y if method == "forward" else rough.jacobian)
            if bad.any():
                y, J = self._conditioning(units)
                bad &= np.isfinite(y if method == "forward" else J)
            if bad.any():
                message = f"{method} is not finite where the true value is"
                zero = np.zeros(got.shape)
                raise self._finding("finite", message, method, units, bad, got, true, zero)

    def jacobian(self, units: Units) -> None:
        """Raise Finding unless each Jacobian is autodiff's, or at a kink in its subdifferential."""
        truth, eps = units.truth, epsilon(units.case.dtype)
        scale = jacobian_scale(truth)
        tolerance = self._floor(units) + ROUNDINGS * eps * scale + DOUBT * truth.doubt
        judged = units.jacobian_judged & np.isfinite(units.jacobian)
        bad = self._exceeds(units.jacobian, truth.jacobian, tolerance, judged)
        if bad.any():
            tolerance = tolerance + USES * self._conditioning(units)[1]
            tolerance = tolerance + inherited(self.call, units, scale)
            bad = self._exceeds(units.jacobian, truth.jacobian, tolerance, judged)
        lost = ~np.isfinite(truth.jacobian) & np.isfinite(units.jacobian)
        lost &= np.asarray(units.y_judged.all(axis=1)).reshape(-1, 1, 1)
        with np.errstate(all="ignore"):
            error = np.where(bad, np.abs(units.jacobian - truth.jacobian) / scale, 0)
        order = np.argsort(-error.max(axis=(1, 2)), kind="stable")
        doubtful = np.flatnonzero(np.logical_or(bad, lost).any(axis=(1, 2)))
        suspicious = [int(unit) for unit in order if unit in doubtful]
        self._look_at_kinks(units, suspicious, tolerance)
        rough = None
        for unit in suspicious:
            kink = self._membership(units, unit, tolerance[unit])
            if kink.distance <= 1:
                self._note(units, unit, kink, lost=bool(lost[unit].any()))
                continue
            if lost[unit].any() and self._bounded(units, unit):
                if not stands(self.call, units, unit):
                    raise self._outside(units, unit, tolerance)
                self._note(units, unit, kink, lost=True)
            only = np.zeros_like(bad)
            only[unit] = bad[unit]
            if rough is None and only.any():
                rough = self._own_rounding(units)[1]
            if rough is not None:
                allowed = tolerance + rough
                only = self._exceeds(units.jacobian, truth.jacobian, allowed, only)
                if only.any():
                    self._settle(units, unit, only, kink, allowed, scale)

    def _outside(self, units: Units, unit: int, tolerance: Float64Array) -> Finding:
        """Autodiff has no number at the unit, but those nearby say what it could be."""
        method, only = self._method(), np.zeros(units.jacobian.shape, dtype=bool)
        only[unit] = True
        message = (
            f"{method} is not in the subdifferential of {self.witness.function}, "
            "though nearby all is bounded"
        )
        got, true = units.jacobian, units.truth.jacobian
        return self._finding("jacobian", message, method, units, only, got, true, tolerance)

    def _settle(
        self,
        units: Units,
        unit: int,
        bad: Mask,
        kink: Membership,
        tolerance: Float64Array,
        scale: Float64Array,
    ) -> None:
        """Raise Finding unless the hand-written Jacobian of the unit is right after all."""
        opinion = arbitrate(self.call, self.witness, units, unit, tolerance[unit], scale[unit])
        if opinion is Opinion.UNDECIDED and kink.kink:
            opinion = Opinion.ORACLE  # at a kink differences cannot tell, the subdifferential does
        if opinion is Opinion.HAND:
            self._suspect(units, unit)
        if opinion in (Opinion.ORACLE, Opinion.UNDECIDED):
            method, undecided = self._method(), opinion is Opinion.UNDECIDED
            got, true = units.jacobian, units.truth.jacobian
            message = f"{method} is not {self.witness.name}"
            if kink.kink:
                message = f"{method} is not in the subdifferential of {self.witness.function}"
            raise self._finding(
                "jacobian", message, method, units, bad, got, true, tolerance, undecided=undecided
            )

    def vjp(self, units: Units) -> None:
        """Raise Finding unless the vjp is the cotangent times the Jacobian, for each row."""
        results, case = units.results, units.case
        eps = epsilon(case.dtype)
        no_other = self.call.target.jacobian is None and results.slopes is None
        self._diagonal(units)
        if results.dz is None or no_other:
            return
        J, dy = results.jacobian.astype(np.float64), case.dy.astype(np.float64)
        hand = Truth(units.y, units.jacobian, np.zeros_like(units.jacobian))
        with np.errstate(all="ignore"):
            scale = jacobian_scale(hand)
            expected = np.einsum("...i,...ij->...j", dy, J)
            if results.slopes is not None:
                expected = dy * results.slopes.astype(np.float64)
            size = np.einsum("ki,kij->kj", units.cotangents(), scale).reshape(case.z.shape)
            tolerance = ROUNDINGS * eps * size + self._floor(units)
            judged = (np.abs(size) < np.finfo(case.dtype).max / HEADROOM) & np.isfinite(expected)
        got = results.dz.astype(np.float64)
        bad = judged & ~(np.abs(got - expected) <= tolerance)
        if bad.any():
            more = USES * self._conditioning(units)[1] + inherited(self.call, units, scale)
            more = more + self._own_rounding(units)[1]
            tolerance = tolerance + np.einsum("ki,kij->kj", units.cotangents(), more).reshape(
                case.z.shape
            )
            grey = GREY[case.dtype] * size
            bad = judged & ~(np.abs(got - expected) <= np.maximum(tolerance, grey))
        if bad.any():
            error = np.where(bad, np.abs(got - expected), 0)
            product = "np.einsum('...i,...ij->...j', dy, f.jacobian(z, y))"
            if results.slopes is not None:
                product = "dy * f.derivative(z, y)"
            raise Finding(
                "vjp",
                "vjp is not dy @ jacobian"
                if results.slopes is None
                else "vjp is not dy * derivative",
                "vjp",
                got=results.dz,
                expected=expected,
                tolerance=tolerance,
                index=worst(error, tolerance),
                show=(written("vjp"), product),
            )

    def _diagonal(self, units: Units) -> None:
        """Raise Finding unless jacobian = diag(derivative), where both are written by hand."""
        results, n = units.results, units.case.width
        if results.slopes is None or self.call.target.jacobian is None:
            return
        slopes, got = (a.astype(np.float64) for a in (results.slopes, results.jacobian))
        expected = np.where(np.eye(n, dtype=bool), slopes[..., :, None], 0)
        tolerance = self._floor(units) + ROUNDINGS * epsilon(units.case.dtype) * np.abs(expected)
        error = np.where(np.isfinite(expected), np.abs(got - expected), 0)
        if not (error <= tolerance).all():
            raise Finding(
                "jacobian",
                "jacobian is not diag(derivative)",
                "jacobian",
                got=results.jacobian,
                expected=expected,
                tolerance=tolerance,
                index=worst(error, tolerance),
                show=(written("jacobian"), "np.eye(z.shape[-1]) * f.derivative(z, y)[..., None]"),
            )

    def _method(self) -> str:
        target = self.call.target
        return "derivative" if target.elementwise else "jacobian" if target.jacobian else "vjp"

    def _floor(self, units: Units) -> float:
        return FLOOR * float(np.finfo(units.case.dtype).tiny)

    def _exceeds(
        self, got: Float64Array, true: Float64Array, tolerance: Float64Array, judged: Mask
    ) -> Mask:
        """Which of the judged entries are further off than allowed; NaN is another check's."""
        with np.errstate(all="ignore"):
            return judged & (np.abs(got - true) > tolerance)

    def _conditioning(self, units: Units) -> tuple[Float64Array, Float64Array]:
        eps = epsilon(units.case.dtype)
        return conditioning(self.witness, units.z, units.truth, eps, self.call.target.domain)

    def _own_rounding(self, units: Units) -> tuple[Float64Array, Float64Array]:
        """By how much the witness's formula rounds, scaled from float32 to float64.

        For a float32 case: an eighth more than what the witness itself loses in float32.
        """
        with np.errstate(all="ignore"):
            apart = np.abs(units.jacobian - units.truth.jacobian) / jacobian_scale(units.truth)
        large = bool(np.nanmax(apart, initial=0) > OBVIOUS)
        rough = None
        if units.case.dtype == np.float32 or not large:
            rough = self.witness.judge_in_float32(units.z)
        if rough is None:
            return np.zeros_like(units.truth.y), np.zeros_like(units.truth.jacobian)
        factor = 8.0
        if units.case.dtype == np.float64:
            factor = OWN_ROUNDING * epsilon(np.float64) / epsilon(np.float32)
        with np.errstate(all="ignore"):
            losses = [
                factor * np.abs(a - b)
                for a, b in ((rough.y, units.truth.y), (rough.jacobian, units.truth.jacobian))
            ]
        y, jacobian = (np.nan_to_num(loss, nan=0.0, posinf=0.0) for loss in losses)
        return y, jacobian

    def _beside_a_jump(self, units: Units, unit: int, tolerance: Float64Array) -> bool:
        """Whether y is what the witness gives a few ulps away: either side of a jump is right."""
        z, eps = units.z[unit], epsilon(units.case.dtype)
        signs = np.vstack([np.eye(z.size), -np.eye(z.size), np.ones(z.size), -np.ones(z.size)])
        for ulps in (1, 3, 24):
            y = self.witness.judge(z + ulps * eps * np.abs(z) * signs).y
            if (np.abs(y - units.y[unit]) <= tolerance).all(axis=1).any():
                return True
        return False

    def _look_at_kinks(self, units: Units, suspicious: list[int], tolerance: Float64Array) -> None:
        """Of an elementwise function, all at once."""
        new = [u for u in suspicious if self._key(units, u) not in self.kinks]
        if not units.elementwise or not new:
            return
        z, slopes, allowed = units.z[new, 0], units.jacobian[new, 0, 0], tolerance[new, 0, 0]
        eps, domain = epsilon(units.case.dtype), self.call.target.domain
        found = slopes_within(self.witness, z, slopes, allowed, eps, domain)
        self.kinks |= {self._key(units, u): kink for u, kink in zip(new, found, strict=True)}

    def _membership(self, units: Units, unit: int, tolerance: Float64Array) -> Membership:
        """Whether the Jacobian is in the subdifferential; each is looked at once."""
        key = self._key(units, unit)
        if key not in self.kinks:
            eps, domain = epsilon(units.case.dtype), self.call.target.domain
            z, jacobian = units.z[unit], units.jacobian[unit]
            self.kinks[key] = membership(self.witness, z, jacobian, tolerance, eps, domain)
        return self.kinks[key]

    def _note(self, units: Units, unit: int, kink: Membership, *, lost: bool) -> None:
        """Keep the convention that was seen, or where autodiff gave no number."""
        z = units.z[unit]
        if kink.kink:
            said = convention(z, units.jacobian[unit], self.call.target.name)
            self.seen.conventions[said] += 1
        if lost:
            self.seen.suspect("nan", f"{self.witness.name} is not finite at z = {z}")

    def _key(self, units: Units, unit: int) -> bytes:
        z, jacobian = units.z[unit], units.jacobian[unit]
        return z.tobytes() + jacobian.tobytes() + units.case.dtype.char.encode()

    def _jacobian_exists(self, units: Units) -> Mask:
        """The entries that are finite by the witness, or at least bounded all around."""
        judged = units.jacobian_judged.copy()
        lost = ~np.isfinite(units.truth.jacobian).all(axis=(1, 2)) & units.y_judged.all(axis=1)
        hand = np.isfinite(units.jacobian).all(axis=(1, 2))
        for unit in np.flatnonzero(lost & ~hand)[:4]:
            judged[unit] |= self._bounded(units, int(unit))
        return judged

    def _bounded(self, units: Units, unit: int) -> bool:
        eps, domain = epsilon(units.case.dtype), self.call.target.domain
        return bounded(self.witness, units.z[unit], eps, domain)

    def _suspect(self, units: Units, unit: int) -> None:
        error = np.abs(units.jacobian[unit] - units.truth.jacobian[unit])
        i = np.unravel_index(int(np.nanargmax(error)), error.shape)
        got, said = units.jacobian[unit][i], units.truth.jacobian[unit][i]
        sentence = (
            f"{self.witness.name} gives {said:.6g} at z = {units.z[unit]}, "
            f"where differences of the forward stand with the hand-written {got:.6g}"
        )
        self.seen.suspect("number", sentence)

    def _finding(
        self,
        check: Check,
        message: str,
        method: str,
        units: Units,
        bad: Mask,
        got: Float64Array,
        true: Float64Array,
        tolerance: Float64Array,
        *,
        undecided: bool = False,
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
            undecided=undecided,
            show=(written(method), None),
        )
