"""Differences of the hand-written forward: the witness where there is no other."""

from __future__ import annotations

from typing import final

import numpy as np

from ...compare import Float64Array
from ..case import FuzzCase
from ..finding import Finding
from ..slopes.differences import derivatives
from ..subject.calls import Caller
from ..subject.target import Target
from .witness import Truth, Witness


@final
class Differences(Witness):
    """Extrapolated differences of the hand-written forward itself."""

    smooth = False

    def __init__(self, target: Target) -> None:
        self.call, self.domain, self.foreseen = Caller(target), target.domain, {}
        self.function = "the forward"
        self.name = "extrapolated differences of the forward itself"
        self.blind = (
            "mistakes in the forward, errors below about 1e-8 (next to a joint 1e-6), slopes that "
            "change within 1e-9 of z, and in rows wider than three most of what is chosen at a tie"
        )

    def ask(self, z: Float64Array) -> Truth:
        """See Witness."""
        y = self.values(z)
        slopes = derivatives(self._forward, z, self.domain)
        return Truth(y, slopes.estimate, slopes.error)

    def values(self, z: Float64Array) -> Float64Array:
        """See Witness: no slope is worked out."""
        return self._forward(z.copy())

    def _forward(self, z: Float64Array) -> Float64Array:
        """Rows (N, m). Raises Finding where the forward fails, or gives other than N rows."""
        try:
            return self.call.values(z).astype(np.float64)
        except Finding as finding:
            m = self.call.target.output_width(z.shape[1])
            raise finding.at(FuzzCase(z, np.ones((len(z), m)), "witness")) from None
