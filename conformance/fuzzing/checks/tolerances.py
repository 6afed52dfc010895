"""What rounding explains between two results of one method that ought to be equal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from ...compare import Float64Array
from ...tolerance import ROUNDINGS
from ..rounding.allowances import GREY, USES, cancelled, epsilon, terms_of_row, terms_of_y
from ..rounding.spread import ByMethod, spread
from ..subject.calls import Caller
from ..units import Units


@final
@dataclass(frozen=True)
class Tolerances:
    """Of each method, in the shape of its result.

    conditioning: by how much y (N, m) and the Jacobian (N, m, n) change with some ulps of z; it
    takes a while, and is asked only where the first tolerances are exceeded. call: the target.
    """

    units: Units
    call: Caller
    conditioning: Callable[[Units], tuple[Float64Array, Float64Array]]

    @cached_property
    def usual(self) -> ByMethod:
        """Roundings of terms of the size of y and of the Jacobian."""
        units, y = self.units, self.units.results.y.astype(np.float64)
        largest = np.abs(y).max(axis=-1, keepdims=True, initial=0) + 1
        summed = np.einsum("kij,kj->ki", np.abs(units.jacobian), np.abs(units.z)).reshape(y.shape)
        summed = np.nan_to_num(summed, nan=0.0, posinf=0.0)
        scale = np.nan_to_num(terms_of_row(units.jacobian), nan=1.0, posinf=1.0)
        sizes = {"forward": np.maximum(terms_of_y(y), largest) + summed, **self._methods(scale)}
        eps = epsilon(units.case.dtype)
        return {
            name: ROUNDINGS * eps * np.nan_to_num(size, nan=1.0, posinf=1.0)
            for name, size in sizes.items()
        }

    @cached_property
    def reordered(self) -> ByMethod:
        """For sums in another order as well, as over a column: as if z were some ulps away.

        What differences doubt hides that from them; what is a jump to the witness may be what a
        variance of equal numbers comes to by hand; and what a long formula loses is no matter here.
        """
        units, truth = self.units, self.units.truth
        eps, grey = epsilon(units.case.dtype), GREY[units.case.dtype]
        y, jacobian = self.conditioning(units)
        scale, size = terms_of_row(truth.jacobian), np.nan_to_num(terms_of_y(truth.y), posinf=0.0)
        jacobian = USES * (jacobian + truth.doubt + cancelled(units.z, eps) * scale) + grey * scale
        y = (USES * y + grey * size).reshape(units.results.y.shape)
        more = {"forward": y, **self._methods(jacobian)}
        by_hand = spread(self.call, units.case, units.results)
        return {name: self.usual[name] + more[name] + moved for name, moved in by_hand.items()}

    def _methods(self, jacobian: Float64Array) -> ByMethod:
        """The sizes of derivative, jacobian and vjp where the Jacobian has these (N, m, n)."""
        units, shape = self.units, self.units.case.z.shape
        carried = np.einsum("ki,kij->kj", units.cotangents(), jacobian).reshape(shape)
        slopes = jacobian.reshape(shape) if units.elementwise else np.zeros(shape)
        whole = np.broadcast_to(slopes[..., None, :], (*shape, shape[-1]))
        if not units.elementwise:
            whole = units.whole(jacobian)
        return {"derivative": slopes, "jacobian": whole, "vjp": carried}
