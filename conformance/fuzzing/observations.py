"""What a run notices besides findings: conventions at kinks, doubts about the oracle, counts."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import final

import numpy as np

from .units import Units

#: Slopes are measured against 1: of none larger than the first little is seen. Of none larger than
#: the second, what is squared in float32 underflows.
FLAT, LOST = 1e-6, 1e-16

#: Fewer than this share of what was drawn: a verdict on little.
LITTLE_JUDGED = 0.5


@final
@dataclass
class Observations:
    """Filled in while cases are judged.

    conventions: how often each choice at a kink was seen. suspects: where the hand-written side
    stands against its oracle, a sentence each. notes: other circumstances, with how often. live:
    cases with a Jacobian that is not all zeros. units, judged: rows or numbers that were drawn, and
    of these those of which the witness knows y. steepest: the largest entry of a
    Jacobian. regimes: cases of each.
    """

    cases: int = 0
    live: int = 0
    units: int = 0
    judged: int = 0
    steepest: float = 0.0
    conventions: Counter[str] = field(default_factory=Counter)
    suspects: dict[str, str] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)
    regimes: Counter[str] = field(default_factory=Counter)

    def look_at(self, units: Units) -> None:
        """Count what the witness knows of a case."""
        self.units += len(units.z)
        self.judged += int(units.y_judged.all(axis=1).sum())
        J = units.truth.jacobian
        steepest = float(np.abs(J[np.isfinite(J)]).max(initial=0.0))
        self.live += steepest > 0
        self.steepest = max(self.steepest, steepest)

    def gaps(self, witness: str) -> tuple[str, ...]:
        """A sentence on what was drawn but not judged, where that is most of it; on what is so flat
        that errors are lost, another.
        """
        said = []
        if 0 < self.judged < LITTLE_JUDGED * self.units:
            share = self.judged / self.units
            said.append(f"only {share:.0%} of what was drawn has a finite value by {witness}")
        if 0 < self.steepest <= LOST:
            steepest = f"no slope exceeds {self.steepest:.1g}"
            said.append(f"{steepest}, and all are measured against 1: scale it, to see more")
        return tuple(said)

    def magnification(self) -> float:
        """What makes the steepest slope one of 1/2 to 1, a power of 2; 1 where it need not be."""
        if not LOST < self.steepest < FLAT:
            return 1.0
        return 2.0 ** -math.frexp(self.steepest)[1]

    def suspect(self, kind: str, sentence: str) -> None:
        """Keep the first sentence of each kind."""
        self.suspects.setdefault(kind, sentence)
