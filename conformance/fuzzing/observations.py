"""What a run notices besides findings: conventions at kinks, doubts about the oracle, counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import final


@final
@dataclass
class Observations:
    """Filled in while cases are judged.

    conventions: how often each choice at a kink was seen. suspects: where the hand-written side
    stands against its oracle, a sentence each. notes: other circumstances, with how often. live:
    cases with a Jacobian that is not all zeros. regimes: cases of each.
    """

    cases: int = 0
    live: int = 0
    conventions: Counter[str] = field(default_factory=Counter)
    suspects: dict[str, str] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)
    regimes: Counter[str] = field(default_factory=Counter)

    def suspect(self, kind: str, sentence: str) -> None:
        """Keep the first sentence of each kind."""
        self.suspects.setdefault(kind, sentence)
