"""The records of a campaign: frozen, plain, and all that a report needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

#: The version of the format of conformance.json; its first number grows when a reader would break.
SCHEMA_VERSION = "1.0"

Verdict = Literal["conforms", "disagrees", "error"]


@final
@dataclass(frozen=True)
class PropertyRecord:
    """How one property fared.

    id: stable, like "jacobian.Softmax". subject: what it is about, like "Softmax". part: the part
    of the lecture, 1 to 15. cases: how many were judged. live: the share of those in which some
    gradient was not zero, None where no gradient is looked at. worst: the largest error over its
    tolerance; up to 1 conforms, None where nothing is measured in numbers. finding and
    counterexample: what went wrong, and the smallest case that shows it, in literal values.
    notes: counts of interest, like the cases that were judged end to end.
    """

    id: str
    title: str
    subject: str
    part: int
    verdict: Verdict
    cases: int
    live: float | None
    worst: float | None
    seconds: float
    finding: str | None = None
    counterexample: str | None = None
    notes: dict[str, int] | None = None


@final
@dataclass(frozen=True)
class GradientCheck:
    """The gradients of one training step beside autodiff's: largest error over its tolerance."""

    step: int
    worst: float


@final
@dataclass(frozen=True)
class TrainingRecord:
    """One training run on real data, with every k-th step's gradients checked.

    loss: per epoch, on the training set. accuracy: on the held-out instances, 0 to 1.
    """

    id: str
    title: str
    verdict: Verdict
    architecture: str
    training_rows: int
    held_out_rows: int
    step_size: float
    batch_size: int
    seed: int
    loss: tuple[float, ...]
    accuracy: float
    checks: tuple[GradientCheck, ...]
    seconds: float
    finding: str | None = None


@final
@dataclass(frozen=True)
class Provenance:
    """Where a report comes from, enough to run it again.

    versions: of Python and of each package. source: SHA-256 over the source of the three rooms.
    command: the arguments as typed.
    """

    created: str
    command: str
    seed: int
    profile: str
    examples: int
    platform: str
    versions: dict[str, str]
    source: str


@final
@dataclass(frozen=True)
class Report:
    """A whole campaign; it conforms where every record does, and there is one."""

    provenance: Provenance
    properties: tuple[PropertyRecord, ...]
    training: tuple[TrainingRecord, ...]
    schema_version: str = SCHEMA_VERSION

    @property
    def records(self) -> tuple[PropertyRecord | TrainingRecord, ...]:
        """Every record: the properties, then the training runs."""
        return self.properties + self.training

    @property
    def conforms(self) -> bool:
        """True where something was judged, and every property and training run conforms."""
        return bool(self.records) and all(r.verdict == "conforms" for r in self.records)
