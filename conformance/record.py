"""The records of a campaign: frozen, plain, and all that a report needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, final

#: The version of the format of conformance.json; its first number grows when a reader would break.
SCHEMA_VERSION = "1.4"

#: undecided: too few cases could be judged to say anything. error: the judging itself failed.
Verdict = Literal["conforms", "disagrees", "undecided", "error"]


@final
@dataclass(frozen=True)
class PropertyRecord:
    """How one property fared.

    id: stable, like "jacobian.Softmax". subject: what it is about, like "Softmax". part: the part
    of the lecture, 1 to 15. cases: how many were judged. live: the share of those in which some
    gradient was not zero, None where no gradient is looked at. worst: the largest error over its
    tolerance; up to 1 conforms, None where nothing is measured in numbers. finding and
    counterexample: what went wrong, and the smallest case that shows it, in literal values.
    notes: counts of interest, like the cases that were judged end to end. seen: what the cases were
    like: how many had which value of a trait, as ``coverage`` names them.
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
    seen: dict[str, dict[str, int]] = field(default_factory=dict)


@final
@dataclass(frozen=True)
class GradientCheck:
    """The gradients of one training step beside autodiff's: largest error over its tolerance."""

    step: int
    worst: float


@final
@dataclass(frozen=True)
class Sample:
    """A held-out image, row by row from 0 for paper to 1 for ink; its label and the predicted."""

    pixels: tuple[tuple[float, ...], ...]
    label: str
    predicted: str


@final
@dataclass(frozen=True)
class TrainingRecord:
    """One training run on real data, with every k-th step's gradients checked.

    loss: per epoch, on the training set. accuracy: on the held-out instances, 0 to 1. samples: some
    of those, the ones that are predicted wrongly first.
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
    samples: tuple[Sample, ...] = ()


@final
@dataclass(frozen=True)
class PeerRecord:
    """How another checker fares on the same entries of the collection.

    inputs: "normal" is one normal input, as its documentation shows; "hard" has ties, zeros and
    large values. planted, correct: how many of each it judged. caught, accused: how many of those
    it took for wrong; None where it judged none, and ``reason`` says why.
    """

    name: str
    inputs: Literal["normal", "hard"]
    planted: int
    caught: int | None
    correct: int
    accused: int | None
    reason: str | None = None


@final
@dataclass(frozen=True)
class ScoreRecord:
    """How ``fuzz`` fares on the collection, whose verdicts are known beforehand.

    examples: cases for each entry. planted, correct, network_planted: how many entries there are:
    planted bugs, correct activations, and bugs of whole networks, which the properties judge.
    missed, accused, network_missed: the ids of those that were not judged as they should be.
    errors: what was raised where one could not be judged at all, by id. median_seconds,
    max_seconds: of one verdict of ``fuzz``, the oracle's compilation with the first that needs it;
    None where there is none. seconds: of the whole score, by the clock.
    """

    examples: int
    planted: int
    missed: tuple[str, ...]
    correct: int
    accused: tuple[str, ...]
    network_planted: int
    network_missed: tuple[str, ...]
    median_seconds: float | None
    max_seconds: float | None
    seconds: float
    peers: tuple[PeerRecord, ...] = ()
    errors: dict[str, str] = field(default_factory=dict)

    id = "score.collection"
    title = "Every planted bug is caught, and nothing correct is accused"

    @property
    def caught(self) -> int:
        """How many planted bugs ``fuzz`` finds to be wrong."""
        return self.planted - len(self.missed)

    @property
    def network_caught(self) -> int:
        """How many bugs of whole networks a property catches."""
        return self.network_planted - len(self.network_missed)

    @property
    def verdict(self) -> Verdict:
        """An error where something could not be judged, else whether nothing is judged wrongly."""
        if self.errors:
            return "error"
        return "disagrees" if self.missed + self.accused + self.network_missed else "conforms"

    @property
    def finding(self) -> str | None:
        """What was not judged as it should be, by id; None where there is nothing."""
        lists = {
            "planted, but missed": self.missed,
            "correct, but accused": self.accused,
            "planted in a network, but missed": self.network_missed,
            "not judged": tuple(f"{name} ({error})" for name, error in self.errors.items()),
        }
        said = [f"{what}: {', '.join(ids)}" for what, ids in lists.items() if ids]
        return "\n".join(said) or None


@final
@dataclass(frozen=True)
class Curve:
    """A scalar activation along a line: y and its slope by hand, and the slope by autodiff.

    kinks: where two neighbouring slopes differ by a jump.
    """

    subject: str
    z: tuple[float, ...]
    y: tuple[float, ...]
    by_hand: tuple[float, ...]
    autodiff: tuple[float, ...]
    kinks: tuple[float, ...]


@final
@dataclass(frozen=True)
class Heat:
    """The Jacobian of a vector activation at a row z, by hand and by autodiff, row by row."""

    subject: str
    z: tuple[float, ...]
    by_hand: tuple[tuple[float, ...], ...]
    autodiff: tuple[tuple[float, ...], ...]


@final
@dataclass(frozen=True)
class Edge:
    """What a node of a diagram does to a later one: the derivative of head by tail."""

    tail: str
    head: str
    slope: float


@final
@dataclass(frozen=True)
class Diagram:
    """The influence diagram of a small network without its parameters.

    values: of each node, by name. slopes: of the divergence by each node.
    """

    title: str
    values: dict[str, float]
    slopes: dict[str, float]
    edges: tuple[Edge, ...]


@final
@dataclass(frozen=True)
class Provenance:
    """Where a report comes from, enough to run it again.

    versions: of Python and of each package. source: SHA-256 over the source of the three rooms.
    command: the arguments as typed. blas: the library of NumPy's matrix products and its kernels.
    """

    created: str
    command: str
    seed: int
    profile: str
    examples: int
    platform: str
    versions: dict[str, str]
    source: str
    blas: str = "unknown"


Record = PropertyRecord | TrainingRecord | ScoreRecord


@final
@dataclass(frozen=True)
class Report:
    """A whole campaign; it conforms where every record does, and there is one.

    curves, heats and diagram are for the pictures, and judge nothing.
    """

    provenance: Provenance
    properties: tuple[PropertyRecord, ...]
    training: tuple[TrainingRecord, ...]
    score: ScoreRecord | None = None
    curves: tuple[Curve, ...] = ()
    heats: tuple[Heat, ...] = ()
    diagram: Diagram | None = None
    schema_version: str = SCHEMA_VERSION

    @property
    def records(self) -> tuple[Record, ...]:
        """Every record: the properties, the training runs, then the score, where there is one."""
        score = () if self.score is None else (self.score,)
        return (*self.properties, *self.training, *score)

    @property
    def conforms(self) -> bool:
        """True where something was judged, and all of it conforms."""
        return bool(self.records) and all(r.verdict == "conforms" for r in self.records)
