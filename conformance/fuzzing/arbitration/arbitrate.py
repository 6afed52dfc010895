"""Whose fault? A third witness where the hand-written Jacobian and autodiff disagree."""

from __future__ import annotations

from enum import Enum

import numpy as np

from ...compare import Float64Array
from ...tolerance import ROUNDINGS
from ..finding import Finding
from ..rounding.allowances import GREY, UNSEEN, epsilon, terms_of_all
from ..slopes.differences import derivatives
from ..subject.calls import Caller
from ..units import Units
from .further import DOUBTFUL, SURE, Further

#: And it stands with what it is this close to, in terms of the difference.
STANDS_WITHIN = 0.02


class Opinion(Enum):
    """HAND or WITNESS is right; the difference is NOTHING to speak of; or it stays UNDECIDED."""

    HAND = "hand"
    WITNESS = "witness"
    NOTHING = "nothing"
    UNDECIDED = "undecided"


def arbitrate(
    further: Further,
    row: int,
    units: Units,
    unit: int,
    tolerance: Float64Array,
    scale: Float64Array,
) -> Opinion:
    """Ask further witnesses about the worst entry of one unit's Jacobian, at this row of theirs."""
    witness = further.witness
    hand, oracle = units.jacobian[unit], units.truth.jacobian[unit]
    with np.errstate(all="ignore"):
        apart = np.where(np.isfinite(oracle), np.abs(hand - oracle), 0)
        i = np.unravel_index(int((apart / tolerance).argmax()), apart.shape)
    grey = GREY[units.case.dtype] if witness.smooth else max(UNSEEN, GREY[units.case.dtype])
    small = bool(apart[i] <= grey * scale[i])
    if small and (units.case.dtype == np.float32 or not witness.smooth):
        return Opinion.NOTHING  # the same formula is judged in float64; differences see no less
    asked = False
    for estimate, error in further.estimates(row):
        asked = True
        opinion = _side(hand[i], oracle[i], estimate[i], error[i])
        if opinion is not Opinion.UNDECIDED:
            return opinion
    if _seen_next_to_0(further, row, hand[i], oracle[i], i):
        return Opinion.WITNESS
    # Where nobody can tell, it may be what is left of terms as large as another output's.
    left = ROUNDINGS * epsilon(units.case.dtype) * terms_of_all(units.truth.jacobian)[unit][i]
    if small or apart[i] <= left:
        return Opinion.NOTHING
    return Opinion.UNDECIDED if asked else Opinion.WITNESS


def differences_stand_with_hand(call: Caller, units: Units, unit: int) -> bool:
    """Whether differences of the forward are sure and stand with the hand-written Jacobian."""
    hand = units.jacobian[unit]
    try:
        z, domain = units.z[unit][None], call.target.domain
        slopes = derivatives(call.values, z, domain)
    except Finding:
        return False
    sure = slopes.error[0] <= DOUBTFUL * (1 + np.abs(hand))
    close = np.abs(hand - slopes.estimate[0]) <= DOUBTFUL * (1 + np.abs(hand))
    return bool((sure & close).all())


def _seen_next_to_0(
    further: Further, row: int, hand: float, oracle: float, i: tuple[np.intp, ...]
) -> bool:
    """Whether steps of the size of z see the oracle's entry i, and by no means the hand-written.

    They may have lost a term beside 1; but not the same as autodiff, which loses none.
    """
    own = further.next_to_0(row) if further.witness.smooth else None
    if own is None:
        return False
    with np.errstate(all="ignore"):
        return _side(hand, oracle, own.estimate[0][i], own.error[0][i]) is Opinion.WITNESS


def _side(hand: float, oracle: float, estimate: float, error: float) -> Opinion:
    apart = abs(hand - oracle)
    if not 2 * SURE * error < apart:
        return Opinion.UNDECIDED
    near = SURE * error + STANDS_WITHIN * apart
    if abs(hand - estimate) <= near:
        return Opinion.HAND
    if abs(oracle - estimate) <= near:
        return Opinion.WITNESS
    return Opinion.UNDECIDED
