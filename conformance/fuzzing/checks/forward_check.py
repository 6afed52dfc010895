"""The forward beside the witness's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from ...compare import Float64Array
from ...tolerance import ROUNDINGS
from ..finding import Finding
from ..kinks.neighbourhood import axes
from ..rounding.allowances import GREY, SPACINGS, USES, epsilon, of_factors, terms_of_y
from ..rounding.roughness import oracle_is_rougher
from ..subject.calls import answer
from ..units import Units
from .number_check import NumberCheck

#: Bits of a float32, and powers of 2 between which numbers that use them all lie: those of a grid
#: lie between two.
BITS, BINADES = 24, 3

#: The square of what is less has lost digits, or all of them.
SQUARES = 2.0**-485


@final
@dataclass
class ForwardCheck(NumberCheck):
    """y equals the witness's y, where both are finite, and is no less precise than z."""

    def check(self, units: Units) -> None:
        """Raise Finding unless y is the witness's, where both are finite."""
        truth, eps = units.truth, epsilon(units.case.dtype)
        self._as_precise_as_z(units)
        if not self.witness.smooth:
            self._same_in_every_place(units)  # differences know no other forward
            return
        tolerance = self.floor(units) + ROUNDINGS * eps * terms_of_y(truth.y)
        bad = self.exceeds(units.y, truth.y, tolerance, units.y_judged)
        grey = GREY[units.case.dtype] * terms_of_y(truth.y)
        bad &= np.abs(units.y - truth.y) > grey
        if bad.any():
            # An FFT, say, is as exact as the largest of what it adds up.
            largest = np.nan_to_num(np.abs(truth.y), posinf=0).max(axis=1)
            terms = SPACINGS * eps * largest + of_factors(units.z, eps)
            tolerance = tolerance + terms[:, None] + USES * self.conditioning(units, bad)[0]
            bad &= self.exceeds(units.y, truth.y, tolerance, units.y_judged)
        if bad.any():  # for this a further program is compiled
            tolerance = (
                tolerance
                + self.own_rounding(units, np.abs(units.y - truth.y) / terms_of_y(truth.y))[0]
            )
            bad &= self.exceeds(units.y, truth.y, tolerance, units.y_judged)
        if bad.any() and units.case.dtype == np.float32:
            tolerance = tolerance + self._squares(units)
            bad &= self.exceeds(units.y, truth.y, tolerance, units.y_judged)
        for unit in np.flatnonzero(bad.any(axis=1)):
            if self._beside_a_jump(units, int(unit), tolerance[unit]):
                bad[unit] = False
        for k in map(int, np.flatnonzero(bad.any(axis=1))):
            if self._underflows(units, k, tolerance[k]):
                self._suspect(units, k, "where squares are next to nothing")
            elif self._stands(units, k):
                self._suspect(units, k, "and is rough around it where that is smooth")
            else:
                break
            bad[k] = False
        if bad.any():
            name = self.call.target.name
            message = f"the forward of {name} is not {self.witness.function}"
            raise self.finding(
                "forward", message, "forward", units, bad, units.y, truth.y, tolerance
            )

    def _squares(self, units: Units) -> Float64Array:
        """How squares of z may round in float32, where the same z comes right in float64."""
        y, truth = self._by_hand(units.z), units.truth.y
        right = np.abs(y - truth) <= GREY[np.dtype(np.float64)] * terms_of_y(truth)
        squares = (np.abs(units.z).max(axis=1) ** 2)[:, None]
        return np.where(right, SPACINGS * epsilon(np.float32) * squares, 0)

    def _as_precise_as_z(self, units: Units) -> None:
        """Of numbers in float64 come others than those of float32: else no slope can be seen."""
        if units.case.dtype != np.float64:
            return
        fine = (units.z != units.z.astype(np.float32)).all(axis=1)
        y = units.y[fine & np.isfinite(units.y).all(axis=1)]
        mantissas, exponents = np.frexp(y)
        whole = np.unique(exponents[mantissas * 2.0**BITS % 2 == 1])
        if len(whole) >= BINADES and np.array_equal(y, y.astype(np.float32)):
            message = "forward must compute in float64, but gives numbers of float32 for such z"
            show = ("f.forward(z)", "f.forward(z).astype(np.float32)")
            raise Finding("forward", message, "forward", show=show)

    def _stands(self, units: Units, unit: int) -> bool:
        """Whether the oracle's own formula loses what the two differ by."""
        if units.case.dtype == np.float32:
            return False
        z, domain = units.z[unit], self.call.target.domain
        return oracle_is_rougher(self._by_hand, self.witness.values, z, domain)

    def _by_hand(self, z: Float64Array) -> Float64Array:
        """The forward of rows (N, n) that were not drawn; NaN where it fails there."""
        nothing = np.full((len(z), 1), np.nan)
        return np.asarray(answer(lambda: self.call.values(z), nothing), dtype=np.float64)

    def _underflows(self, units: Units, unit: int, tolerance: Float64Array) -> bool:
        """Whether the oracle may have lost squares of what is next to 0: with that magnified both
        sides agree, and to the hand-written side it makes no difference.
        """
        z, (low, high) = units.z[unit], self.call.target.domain
        tiny = (z != 0) & (np.abs(z) < SQUARES)
        if units.case.dtype == np.float32 or not tiny.any():
            return False
        largest = float(np.abs(z[tiny]).max())
        magnified = np.where(tiny, z * 2.0 ** -np.floor(np.log2(largest)), z)[None]
        if not ((magnified > low) & (magnified < high)).all():
            return False
        hand, true = self._by_hand(magnified)[0], self.witness.values(magnified)[0]
        apart = np.maximum(np.abs(hand - true), np.abs(hand - units.y[unit]))
        return bool((apart <= tolerance).all())

    def _suspect(self, units: Units, unit: int, why: str) -> None:
        i = int(np.argmax(np.abs(units.y[unit] - units.truth.y[unit])))
        sentence = (
            f"{self.witness.function} gives {units.truth.y[unit, i]:.10g} at z = {units.z[unit]}, "
            f"and the hand-written side {units.y[unit, i]:.10g}, {why}"
        )
        self.seen.suspect("forward", sentence)

    def _same_in_every_place(self, units: Units) -> None:
        """Of an elementwise function: each number becomes in a row what it becomes alone."""
        if not units.elementwise or units.case.dtype != np.float64:
            return
        tolerance = ROUNDINGS * epsilon(np.float64) * terms_of_y(units.truth.y)
        bad = self.exceeds(units.y, units.truth.y, tolerance, units.y_judged)
        if bad.any():
            message = "forward must make the same of a number in every place of a row"
            got, true = units.y, units.truth.y
            raise self.finding("forward", message, "forward", units, bad, got, true, tolerance)

    def _beside_a_jump(self, units: Units, unit: int, tolerance: Float64Array) -> bool:
        """Whether y is what the witness gives a few ulps away: either side of a jump is right."""
        z, eps = units.z[unit], epsilon(units.case.dtype)
        for ulps in (1, 3, 24):
            y = self.witness.values(z + ulps * eps * np.abs(z) * axes(z.size))
            if (np.abs(y - units.y[unit]) <= tolerance).all(axis=1).any():
                return True
        return False
