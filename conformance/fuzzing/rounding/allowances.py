"""How large an error rounding explains, for a function of which nothing is known but its values.

A hand-written Jacobian is a sum of terms of the size of the entries of its row, or of 1 (as in
y (1 - y), 1 - y^2 or diag(y) - y y^T), each with some dozen roundings. So

    tolerance = ROUNDINGS eps (|J_ij| + max_j |J_ij| + 1),

and where that is exceeded, what is added: some spacings of the largest z, which may be a factor of
a term, as in z s (1 - s); by how much the true Jacobian changes when z moves by a few ulps, and by
how much the hand-written one does when y does. In float64 that is far below 1e-8 in an entry of
order 1.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ...compare import Float64Array
from ..subject.calls import Caller, answer
from ..units import Units
from ..witness.witness import Truth, Witness

#: A formula uses z more than once: so often its conditioning counts.
USES = 16.0

#: A term that has the largest z as a factor is off by so many of its spacings.
SPACINGS = 4.0

#: Errors up to this times the scale count only where a further witness convicts: it is what the
#: roundings of a long formula, or of autodiff itself, may come to.
GREY = {np.dtype(np.float64): 1e-10, np.dtype(np.float32): 2e-4}

#: An entry that is right to ten digits of the largest in its row is right: there series are ended.
DIGITS = 1e-10

#: Errors up to this times the scale do not count where differences are the witness: they see no
#: less.
UNSEEN = 1e-8

#: The moves of z, in ulps, for its conditioning: a smooth change grows with the move, a jump not.
MOVES = (4, 64)

#: In so many patterns of signs: all alike, in turn, and the rest at random.
PATTERNS = 4

#: A pole: values of this size that change by this share of themselves within a few ulps.
HUGE, WILD = 1e6, 0.1

#: Moving y shows how much of its rounding a derivative that is given y inherits: so many roundings
#: at the most, of terms that may have y and z as factors. What is more is a branch on y, or divided
#: by what has cancelled.
INHERITED = 2.0**14


def epsilon(dtype: DTypeLike) -> float:
    """The spacing of the dtype at 1."""
    return float(np.finfo(np.dtype(dtype).type).eps)


def terms_of_y(y: Float64Array) -> Float64Array:
    """The size of the terms of each y: (N, m)."""
    return np.abs(y) + 1.0


def terms_of_row(jacobian: Float64Array) -> Float64Array:
    """The size of the terms of each entry of J (N, m, n): of its row, or 1."""
    size = np.where(np.isfinite(jacobian), np.abs(jacobian), 0)
    return np.asarray(size + size.max(axis=2, keepdims=True) + 1.0)


def terms_of_all(jacobian: Float64Array) -> Float64Array:
    """The same where terms may be as large as any entry of J: in differences, and in a vjp."""
    largest = np.nan_to_num(np.abs(jacobian), nan=0, posinf=0).max(axis=(1, 2))
    return np.asarray(terms_of_row(jacobian) + largest[:, None, None])


def of_factors(z: Float64Array, eps: float) -> Float64Array:
    """What a rounding of 1 comes to, times the largest entry of each row z (N, n): (N,)."""
    return np.asarray(SPACINGS * eps * np.abs(z).max(axis=1))


def conditioning(
    witness: Witness, z: Float64Array, truth: Truth, eps: float, domain: tuple[float, float]
) -> tuple[Float64Array, Float64Array]:
    """By how much y (N, m) and J (N, m, n) change where each entry of z (N, n) moves by 4 ulps.

    Where a move of 64 ulps changes no more than 4 times as much, that is a jump and not
    conditioning: 0. Where a move
    leaves the domain they may change by anything: the edge itself is a rounded number.
    """
    low, high = domain
    reach = MOVES[0] * eps * np.abs(z)
    at_edge = np.logical_or(z - reach <= low, z + reach >= high).any(axis=1)
    random = np.random.default_rng(0)
    # All together, in turn against each other as what cancels does, and at random.
    in_turn = np.broadcast_to((-1.0) ** np.arange(z.shape[1]), z.shape)
    others = random.choice([-1.0, 1.0], (PATTERNS - 2, *z.shape))
    signs = np.stack([np.ones(z.shape), in_turn, *others])
    signs[1:] *= random.uniform(0.7, 1, (PATTERNS - 1, *z.shape))
    moves: list[tuple[Float64Array, Float64Array]] = []
    changes: list[list[Any]] = []
    for ulps in MOVES:
        moved = z + signs * ulps * eps * np.abs(z)
        moved = np.where((moved > low) & (moved < high), moved, z)
        near = witness.truth_at(moved.reshape(-1, z.shape[1]))
        with np.errstate(all="ignore"):
            y = near.y.reshape(PATTERNS, *truth.y.shape)
            J = near.jacobian.reshape(PATTERNS, *truth.jacobian.shape)
            apart = np.abs(y - truth.y), np.abs(J - truth.jacobian)
        moves.append((y, J))
        changes.append([np.nan_to_num(c, nan=0, posinf=0).max(axis=0) for c in apart])
    (y_near, J_near), (y_far, J_far) = changes
    # Where a few ulps of z change what is huge by its own size, as beside a pole, it is anything.
    wild_y = (y_near > WILD * np.abs(truth.y)) & (np.abs(truth.y) > HUGE)
    wild_J = (J_near > WILD * np.abs(truth.jacobian)) & (np.abs(truth.jacobian) > HUGE)
    at_edge |= wild_y.any(axis=1) | wild_J.any(axis=(1, 2))
    # So it is where a wave is so short that an ulp of z is another phase; differences miss it in J.
    (y_at_4, J_at_4), (y_at_64, J_at_64) = moves
    short = _wild(J_at_4, J_at_64).any(axis=(1, 2)) | (not witness.smooth)
    at_edge |= short & _wild(y_at_4, y_at_64).any(axis=1)
    # And of a function that jumps within a few ulps differences know no slope.
    if not witness.smooth:
        at_edge |= (y_near > WILD * (1 + np.abs(truth.y))).any(axis=1)
    y_near, J_near = _growing(y_near, y_far), _growing(J_near, J_far)
    y_near[at_edge], J_near[at_edge] = np.inf, np.inf
    return y_near, J_near


def cancelled(z: Float64Array, eps: float) -> Float64Array:
    """By how much a rounding of what is common to a row z (N, n) moves its differences: (N, 1, 1).

    Of a mean of 1e6 and differences of 1 few digits are left in float32, whatever the formula. 0
    for equal entries: a tie is judged as it is.
    """
    largest, spread = np.abs(z).max(axis=1), np.ptp(z, axis=1)
    share = np.divide(eps * largest, spread, out=np.zeros(len(z)), where=spread > 0)
    return np.asarray(share[:, None, None])


def inherited(call: Caller, units: Units, scale: Float64Array) -> Float64Array:
    """8 times the change of the hand-written Jacobian (N, m, n) where y moves by 4 ulps, or to the
    witness's y: the forward may be off by what its terms round to.

    That is no more than INHERITED. But of a subnormal y few digits are left, and nothing is known
    of what a quotient by it comes to.
    """
    method = "derivative" if units.elementwise else "jacobian"
    if getattr(call.target, method) is None:
        return np.zeros_like(units.jacobian)
    case, y, eps = units.case, units.results.y, epsilon(units.case.dtype)
    size = np.abs(y)
    subnormal = (size > 0) & (size < np.finfo(y.dtype).tiny)
    ulps = np.where(subnormal, np.spacing(size), y.dtype.type(MOVES[0] * eps) * size)
    true = units.truth.y.reshape(y.shape).astype(y.dtype)
    change = np.zeros_like(units.jacobian)
    for moved in (y + ulps, y - ulps, np.where(np.isfinite(true), true, y)):
        with np.errstate(all="ignore"):
            question = partial(call, method, case.z.copy(), moved)
            other = np.asarray(answer(question, units.jacobian), dtype=np.float64)
            if other.size == change.size:
                change = np.fmax(change, np.abs(other.reshape(change.shape) - units.jacobian))
    factors = (1 + np.abs(units.y).max(axis=1)) * (1 + np.abs(units.z).max(axis=1))
    most = INHERITED * eps * factors[:, None, None] * scale
    few_digits = subnormal.reshape(*change.shape[:2], 1)
    return np.minimum(8 * change, np.where(few_digits, np.inf, most))


def _wild(near: Float64Array, far: Float64Array) -> Any:
    """Where a move (PATTERNS, ...) sees something else further out, by its own size.

    On either side of a kink or a jump it would be the same.
    """
    with np.errstate(all="ignore"):
        size = 1 + np.maximum(np.abs(near), np.abs(far))
        return (np.abs(near - far) > WILD * size).any(axis=0)


def _growing(near: Float64Array, far: Float64Array) -> Float64Array:
    return np.where(far > 4 * near, near, 0.0)
