"""Whose fault? A third witness where the hand-written Jacobian and autodiff disagree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from enum import Enum

import numpy as np

from ..compare import Float64Array
from ..tolerance import ROUNDINGS
from .calls import Caller
from .complex_step import complex_step
from .differences import derivatives
from .finding import Finding
from .ray import at_own_size
from .rounding import GREY, UNSEEN, epsilon, whole_scale
from .slopes import Slopes
from .units import Units
from .witness import Witness

#: A witness may be off by this many times its own error, and settles what is twice as far apart.
SURE = 4.0

#: And it stands with what it is this close to, in terms of the difference.
NEAR = 0.02

#: Differences as unsure as this vouch for no complex step.
DOUBTFUL = 1e-5


class Opinion(Enum):
    """HAND or ORACLE is right; the difference is NOTHING to speak of; or it stays UNDECIDED."""

    HAND = "hand"
    ORACLE = "oracle"
    NOTHING = "nothing"
    UNDECIDED = "undecided"


def arbitrate(
    call: Caller,
    witness: Witness,
    units: Units,
    unit: int,
    tolerance: Float64Array,
    scale: Float64Array,
    own: Slopes | None,
) -> Opinion:
    """Ask further witnesses about the worst entry of one unit's Jacobian.

    Differences of the hand-written forward, which has been found right, come first: ``own``. Then
    the complex step, believed where differences do not contradict it; then differences of the
    oracle's forward, which show whether its autodiff contradicts itself.
    """
    z = units.z[unit][None]
    hand, oracle = units.jacobian[unit], units.truth.jacobian[unit]
    with np.errstate(all="ignore"):
        apart = np.where(np.isfinite(oracle), np.abs(hand - oracle), 0)
        i = np.unravel_index(int((apart / tolerance).argmax()), apart.shape)
    grey = GREY[units.case.dtype] if witness.smooth else max(UNSEEN, GREY[units.case.dtype])
    small = bool(apart[i] <= grey * scale[i])
    if small and (units.case.dtype == np.float32 or not witness.smooth):
        return Opinion.NOTHING  # the same formula is judged in float64; differences see no less
    asked = False
    for estimate, error in _estimates(call, witness, z, own):
        asked = True
        opinion = _side(hand[i], oracle[i], estimate[i], error[i])
        if opinion is not Opinion.UNDECIDED:
            return opinion
    if _seen_next_to_0(call, witness, z, hand[i], oracle[i], i):
        return Opinion.ORACLE
    # Where nobody can tell, it may be what is left of terms as large as another output's.
    left = ROUNDINGS * epsilon(units.case.dtype) * whole_scale(units.truth)[unit][i]
    if small or apart[i] <= left:
        return Opinion.NOTHING
    return Opinion.UNDECIDED if asked else Opinion.ORACLE


def own_slopes(call: Caller, z: Float64Array) -> list[Slopes | None]:
    """Differences of the hand-written forward at each of the rows z (N, n): (1, m, n) each.

    None for a forward that takes these rows, but not those around them. Many rows take hardly more
    time than one.
    """
    try:
        slopes = derivatives(lambda points: call("forward", points), z, call.target.domain)
    except Finding:
        return [None] * len(z)
    return [Slopes(slopes.estimate[i, None], slopes.error[i, None]) for i in range(len(z))]


def stands(call: Caller, units: Units, unit: int) -> bool:
    """Whether differences of the forward are sure and stand with the hand-written Jacobian."""
    hand = units.jacobian[unit]
    try:
        z, domain = units.z[unit][None], call.target.domain
        slopes = derivatives(lambda points: call("forward", points), z, domain)
    except Finding:
        return False
    sure = slopes.error[0] <= DOUBTFUL * (1 + np.abs(hand))
    close = np.abs(hand - slopes.estimate[0]) <= DOUBTFUL * (1 + np.abs(hand))
    return bool((sure & close).all())


def _estimates(
    call: Caller, witness: Witness, z: Float64Array, own: Slopes | None
) -> Iterator[tuple[Float64Array, Float64Array]]:
    """Estimates of the Jacobian (m, n) of the one row z (1, n), each with its error."""
    if own is not None:
        yield own.estimate[0], own.error[0]
        step = complex_step(call.target.forward, z)
        if step is not None:
            # What is not analytic, as a maximum is not, has differences that are far from sure.
            doubtful = (np.abs(step.estimate - own.estimate) > SURE * own.error) | (
                own.error > DOUBTFUL * (1 + np.abs(step.estimate))
            )
            yield step.estimate[0], np.where(doubtful, np.inf, step.error)[0]
    if not witness.smooth:
        return  # its forward is the hand-written one
    slopes = derivatives(witness.values, z, call.target.domain)
    yield slopes.estimate[0], slopes.error[0]


def _seen_next_to_0(
    call: Caller,
    witness: Witness,
    z: Float64Array,
    hand: float,
    oracle: float,
    i: tuple[np.intp, ...],
) -> bool:
    """Whether steps of the size of z see the oracle's entry i, and by no means the hand-written.

    They may have lost a term beside 1; but not the same as autodiff, which loses none.
    """
    if not witness.smooth:
        return False
    with suppress(Finding), np.errstate(all="ignore"):
        own = at_own_size(lambda points: call("forward", points), z, call.target.domain)
        return _side(hand, oracle, own.estimate[0][i], own.error[0][i]) is Opinion.ORACLE
    return False


def _side(hand: float, oracle: float, estimate: float, error: float) -> Opinion:
    apart = abs(hand - oracle)
    if not 2 * SURE * error < apart:
        return Opinion.UNDECIDED
    near = SURE * error + NEAR * apart
    if abs(hand - estimate) <= near:
        return Opinion.HAND
    if abs(oracle - estimate) <= near:
        return Opinion.ORACLE
    return Opinion.UNDECIDED
