"""A case by units: what is judged on its own, beside what the witness says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from ..compare import Float64Array
from .case import FuzzCase
from .subject.calls import Results
from .witness.witness import Truth, Witness

#: Of two values below the root of the smallest normal number, that differ by this share of the
#: larger, one has underflown on the way.
UNDERFLOWN = 1e-3

Mask = NDArray[np.bool_]

#: Of a value this close to the dtype's largest, the terms may overflow though it does not.
HEADROOM = 2.0**8


@final
@dataclass
class Units:
    """The single entries of an elementwise function, the rows of any other.

    z (N, n), the witness's truth, and the hand-written y (N, m) and jacobian (N, m, n). seen (N,):
    where no entry of z is subnormal. y_judged, jacobian_judged: which entries of the truth are
    known, and within the range of the dtype. underflown (N,): where y has lost its digits on one
    side alone.
    """

    case: FuzzCase
    elementwise: bool
    z: Float64Array
    truth: Truth
    y: Float64Array
    jacobian: Float64Array
    results: Results
    seen: Mask = field(init=False)
    y_judged: Mask = field(init=False)
    jacobian_judged: Mask = field(init=False)
    underflown: Mask = field(init=False)

    def __post_init__(self) -> None:
        limit = self.limit
        # Of a subnormal few digits are left, and XLA takes it for 0: it has no opinion there.
        tiny = float(np.finfo(self.case.dtype).tiny)
        subnormal = np.asarray((self.z != 0) & (np.abs(self.z) < tiny))
        self.seen = np.logical_not(subnormal.any(axis=1))
        self.y_judged = np.logical_and(np.abs(self.truth.y) < limit, self.seen[:, None])
        rows = np.asarray(self.y_judged.all(axis=1)).reshape(-1, 1, 1)
        self.jacobian_judged = (np.abs(self.truth.jacobian) < limit) & rows
        self.jacobian_judged &= np.isfinite(self.truth.doubt)
        # Where squares underflow on one side alone, the two are not held against each other.
        size = np.maximum(np.abs(self.y), np.abs(self.truth.y))
        lost = (size < tiny**0.5) & (np.abs(self.y - self.truth.y) > UNDERFLOWN * size)
        self.underflown = np.asarray(lost.any(axis=1))
        self.jacobian_judged &= np.logical_not(self.underflown).reshape(-1, 1, 1)

    @property
    def limit(self) -> float:
        """No number of this size is judged."""
        return float(np.finfo(self.case.dtype).max) / HEADROOM

    @classmethod
    def of(cls, case: FuzzCase, results: Results, witness: Witness, *, elementwise: bool) -> Units:
        """Split a case into units and ask the witness about them."""
        z = rows(case, elementwise=elementwise)
        y, jacobian = results.y.astype(np.float64), results.jacobian.astype(np.float64)
        if elementwise:
            assert results.slopes is not None
            slopes = results.slopes.astype(np.float64).reshape(-1, 1, 1)
            y, jacobian = y.reshape(-1, 1), slopes
        else:
            y = y.reshape(-1, y.shape[-1])
            jacobian = jacobian.reshape(-1, *jacobian.shape[-2:])
        return cls(case, elementwise, z, witness.truth_at(z), y, jacobian, results)

    def at(self, unit: int, index: tuple[int, ...] = ()) -> tuple[int, ...]:
        """The index in the whole array of an index within a unit."""
        if self.elementwise:
            return tuple(int(i) for i in np.unravel_index(unit, self.case.z.shape))
        lead = np.unravel_index(unit, self.case.z.shape[:-1]) if self.case.z.ndim > 1 else ()
        return (*(int(i) for i in lead), *index)

    def key(self, unit: int) -> bytes:
        """Its z and Jacobian by themselves: what is found out about a unit holds for its equals."""
        z, jacobian = self.z[unit], self.jacobian[unit]
        return z.tobytes() + jacobian.tobytes() + self.case.dtype.char.encode()

    def whole(self, array: Float64Array) -> Float64Array:
        """Values of y or of the Jacobian by units, in the shape that the target gives them."""
        lead = self.case.z.shape if self.elementwise else self.case.z.shape[:-1]
        return array.reshape(lead if self.elementwise else (*lead, *array.shape[1:]))

    def cotangents(self) -> Any:
        """|dy| by units: (N, m)."""
        dy = np.abs(self.case.dy.astype(np.float64))
        return dy.reshape(-1, 1) if self.elementwise else dy.reshape(-1, dy.shape[-1])


def rows(case: FuzzCase, *, elementwise: bool) -> Float64Array:
    """The z of a case by units: (N, n), or (N, 1) for single entries."""
    return case.z.astype(np.float64).reshape(-1, 1 if elementwise else case.width)
