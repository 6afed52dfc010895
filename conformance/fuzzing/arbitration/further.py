"""Further witnesses, for where the hand-written side and the oracle disagree.

Each is asked once about all rows in question: many rows take hardly more time than one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, partial
from typing import final

import numpy as np

from ...compare import Float64Array
from ..finding import Finding
from ..slopes.complex_step import complex_step
from ..slopes.differences import derivatives
from ..slopes.ray import at_own_size
from ..slopes.slopes import Slopes
from ..subject.calls import Caller
from ..witness.witness import Witness

#: A witness may be off by this many times its own error, and settles what is twice as far apart.
SURE = 4.0

#: Differences as unsure as this vouch for no complex step.
DOUBTFUL = 1e-5


@final
class Further:
    """What further witnesses say about the Jacobians at rows z (N, n)."""

    def __init__(self, call: Caller, witness: Witness, z: Float64Array) -> None:
        self.call, self.witness, self.z = call, witness, z

    def estimates(self, i: int) -> Iterator[tuple[Float64Array, Float64Array]]:
        """Estimates of the Jacobian (m, n) at row i, each with its error.

        Differences of the hand-written forward, which has been found right, come first; then the
        complex step, believed where differences do not contradict it; then differences of the
        oracle's forward, which show whether its autodiff contradicts itself.
        """
        own = self._own[i]
        if own is not None:
            yield own.estimate[0], own.error[0]
            step = complex_step(self.call.target.forward, self.z[i, None])
            if step is not None:
                # What is not analytic, as a maximum is not, has differences that are far from sure.
                doubtful = (np.abs(step.estimate - own.estimate) > SURE * own.error) | (
                    own.error > DOUBTFUL * (1 + np.abs(step.estimate))
                )
                yield step.estimate[0], np.where(doubtful, np.inf, step.error)[0]
        theirs = self._theirs[i] if self.witness.smooth else None
        if theirs is not None:
            yield theirs.estimate[0], theirs.error[0]

    def own(self, i: int) -> Slopes | None:
        """Differences of the hand-written forward at row i, None where they are not to be had."""
        return self._own[i]

    def next_to_0(self, i: int) -> Slopes | None:
        """Differences in steps of the size of row i, None where they are not to be had."""
        return self._next_to_0[i]

    @cached_property
    def _own(self) -> list[Slopes | None]:
        return self._each(partial(derivatives, self.call.values))

    @cached_property
    def _theirs(self) -> list[Slopes | None]:
        return self._each(partial(derivatives, self.witness.values))

    @cached_property
    def _next_to_0(self) -> list[Slopes | None]:
        with np.errstate(all="ignore"):
            return self._each(partial(at_own_size, self.call.values))

    def _each(
        self, slopes_of: Callable[[Float64Array, tuple[float, float]], Slopes]
    ) -> list[Slopes | None]:
        """Of each row; None where the forward takes the row, but not those around it."""
        domain = self.call.target.domain
        try:
            slopes = slopes_of(self.z, domain)
        except Finding:
            return [self._one(slopes_of, z) for z in self.z[:, None]]
        estimate, error = slopes.estimate[:, None], slopes.error[:, None]
        return [Slopes(estimate[i], error[i]) for i in range(len(self.z))]

    def _one(
        self, slopes_of: Callable[[Float64Array, tuple[float, float]], Slopes], z: Float64Array
    ) -> Slopes | None:
        try:
            return slopes_of(z, self.call.target.domain)
        except Finding:
            return None
