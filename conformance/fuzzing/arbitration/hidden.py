"""Slopes that differ so little, or for so short a way, that no value of the function can tell."""

from __future__ import annotations

import numpy as np

from ...tolerance import ROUNDINGS
from ..case import FuzzCase
from ..rounding.allowances import epsilon
from ..subject.calls import Caller, answer
from ..units import Mask, Units
from ..witness.witness import Witness

#: A value may be off by so many roundings.
VALUE_ROUNDINGS = 8.0

#: Where two curves that touch are alike in y, their slopes differ by no more, in roots of eps.
TOUCH = 4.0


def hidden(call: Caller, witness: Witness, units: Units, unit: int, bad: Mask) -> bool:
    """Whether rounding hides in y which of the two Jacobians is right, where they are bad (m, n).

    From 0 to z the slopes differ by less than some roundings of y. Or they differ for so short a
    way only: of a maximum of two curves that touch, both are y in float64 for a while.
    """
    if not witness.smooth:
        return False
    apart = np.abs(units.jacobian[unit] - units.truth.jacobian[unit])
    y, z = np.abs(units.y[unit])[:, None], np.abs(units.z[unit])
    seen = (z == 0) | (apart * z >= VALUE_ROUNDINGS * epsilon(units.case.dtype) * y)
    if not (bad & seen).any():
        return True
    touching = TOUCH * np.sqrt(epsilon(units.case.dtype)) * (1 + np.abs(units.truth.jacobian[unit]))
    return (
        units.elementwise
        and bool((apart < touching).all())
        and _alike_beside(call, witness, units, unit, float(apart[0, 0]))
    )


def _alike_beside(call: Caller, witness: Witness, units: Units, unit: int, apart: float) -> bool:
    """Whether the slopes are the same again where that has changed y by a rounding."""
    eps = epsilon(units.case.dtype)
    way = eps * abs(float(units.y[unit, 0])) / apart
    points = (units.z[unit] + way * np.array([[-1.0], [1.0]])).astype(units.case.dtype)
    low, high = call.target.domain
    if not ((points > low) & (points < high)).all():
        return False
    beside = FuzzCase(points, np.ones_like(points), "beside")
    hand = answer(lambda: call.results(beside, 1).jacobian, np.full(2, np.nan)).reshape(2)
    true = witness.truth_at(points.astype(np.float64)).jacobian.reshape(2)
    return bool((np.abs(hand - true) <= ROUNDINGS * eps * (1 + np.abs(true))).all())
