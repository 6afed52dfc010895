"""The answer that a report gives, and the counts behind it: the same in every format."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

from ..record import GradientCheck, PropertyRecord, Record, Report, ScoreRecord, TrainingRecord
from .text import NOTHING, seconds

#: The parts of the lecture (11-785 F24, lecture 5), by number.
PARTS = {
    1: "The problem",
    2: "Gradient descent",
    3: "Calculus",
    4: "Notation",
    5: "Forward pass, neuron by neuron",
    6: "Backward pass, neuron by neuron",
    7: "Vector activations",
    8: "Multiplicative networks",
    9: "Activations that are not differentiable everywhere",
    10: "Both kinds of activation",
    11: "Vector formulation",
    12: "Vector calculus",
    13: "Backward pass in matrices",
    14: "Training",
    15: "Digits",
}


#: What a peer's inputs are called.
INPUTS = {"normal": "one normal input", "hard": "harder inputs"}


@final
@dataclass(frozen=True)
class Summary:
    """How many records have which verdict; ``cases`` are those of all properties together."""

    properties: int
    conforming: int
    disagreeing: int
    undecided: int
    errors: int
    cases: int
    training_runs: int
    training_runs_conforming: int


def summarize(report: Report) -> Summary:
    """Count the report's verdicts and cases."""
    verdicts = [p.verdict for p in report.properties]
    return Summary(
        properties=len(verdicts),
        conforming=verdicts.count("conforms"),
        disagreeing=verdicts.count("disagrees"),
        undecided=verdicts.count("undecided"),
        errors=verdicts.count("error"),
        cases=sum(p.cases for p in report.properties),
        training_runs=len(report.training),
        training_runs_conforming=[r.verdict for r in report.training].count("conforms"),
    )


def answer(report: Report) -> str:
    """Whether the report conforms, in one sentence; where it does not, how much fails."""
    s = summarize(report)
    kinds = [
        (s.conforming, s.properties, "property", "properties"),
        (s.training_runs_conforming, s.training_runs, "training run", "training runs"),
    ]
    if not report.records:
        return "Does not conform: nothing was judged."
    cases = f"over {count(s.cases, 'case', 'cases')} " if s.properties else ""
    scope = f"{cases}with seed {report.provenance.seed}"
    score = [] if report.score is None else [_in_numbers(report.score)]
    if report.conforms:
        held = [f"{good:,} of {count(n, one, many)}" for good, n, one, many in kinds if n]
        said = [f"{' and '.join(held)}, {scope}"] if held else []
        return f"Conforms: {'; '.join([*said, *score])}."
    failed = [f"{n - good:,} of {count(n, one, many)}" for good, n, one, many in kinds if good < n]
    if report.score is not None and report.score.verdict != "conforms":
        failed.append("the score")
    verb = "fails" if len(failures(report)) == 1 else "fail"
    said = [f"{' and '.join(failed)} {verb}, {scope}"]
    return f"Does not conform: {'; '.join([*said, *score])}."


def _in_numbers(score: ScoreRecord) -> str:
    """What is caught and what is accused, in one clause."""
    return (
        f"{score.caught:,} of {count(score.planted, 'planted bug', 'planted bugs')} caught, "
        f"{len(score.accused):,} of {score.correct:,} correct ones accused"
    )


def failures(report: Report) -> list[Record]:
    """The records that do not conform: the properties by part of the lecture, then the rest."""
    failed = [record for record in report.records if record.verdict != "conforms"]
    return sorted(failed, key=lambda r: r.part if isinstance(r, PropertyRecord) else math.inf)


def by_part(report: Report) -> list[PropertyRecord]:
    """The properties by part of the lecture, in the report's order within a part."""
    return sorted(report.properties, key=lambda p: p.part)


def grid(report: Report) -> tuple[list[str], dict[str, dict[str, PropertyRecord]]]:
    """Kinds of property that more than one subject has, and for each subject its record by kind.

    The id of a property is its kind, a full stop, and its subject.
    """
    by_kind: dict[str, dict[str, PropertyRecord]] = {}
    for record in report.properties:
        kind, _, subject = record.id.partition(".")
        if subject.isdigit():
            continue  # a poll of the lecture is about no activation
        by_kind.setdefault(kind, {})[subject] = record
    kinds = [kind for kind, records in by_kind.items() if len(records) > 1]
    rows: dict[str, dict[str, PropertyRecord]] = {}
    for kind in kinds:
        for subject, record in by_kind[kind].items():
            rows.setdefault(subject, {})[kind] = record
    return kinds, rows


def worst_check(run: TrainingRecord) -> GradientCheck | None:
    """The step whose gradients are the furthest from autodiff's; NaN is further than any number."""
    return max(run.checks, key=lambda c: math.inf if math.isnan(c.worst) else c.worst, default=None)


def milestones(epochs: int) -> list[int]:
    """The epochs at which to show the loss: 1, 2, 5, 10, 20, 50, ..., and the last."""
    steps = (m * 10**e for e in range(len(str(epochs))) for m in (1, 2, 5))
    return sorted({k for k in steps if k <= epochs} | {epochs} - {0})


def reproduce(report: Report) -> str:
    """The command that draws the same cases again."""
    p = report.provenance
    score = 0 if report.score is None else report.score.examples
    return f"backprop report --examples {p.examples} --score-examples {score} --seed {p.seed}"


def scored(score: ScoreRecord) -> list[tuple[str, str, str, str]]:
    """Rows of who judged the collection: name, caught of the planted, accused of the correct, time.

    ``fuzz`` first, then the properties on bugs of networks, then the peers.
    """
    rows = [
        (
            f"fuzz, {count(score.examples, 'example', 'examples')} an entry",
            _of(score.caught, score.planted),
            _of(len(score.accused), score.correct),
            seconds(score.median_seconds),
        ),
        (
            "the properties of this report, on bugs of whole networks",
            _of(score.network_caught, score.network_planted),
            NOTHING,
            NOTHING,
        ),
    ]
    for peer in score.peers:
        name = f"{peer.name}, {INPUTS[peer.inputs]}"
        if peer.reason is not None:
            rows.append((f"{name}: {peer.reason}", NOTHING, NOTHING, NOTHING))
        else:
            caught, accused = _of(peer.caught, peer.planted), _of(peer.accused, peer.correct)
            rows.append((name, caught, accused, NOTHING))
    return rows


def misjudged(score: ScoreRecord) -> list[tuple[str, tuple[str, ...]]]:
    """The ids of what was not judged as it should be, by what became of it; only what there is."""
    lists = {
        "Planted, but missed": score.missed,
        "Correct, but accused": score.accused,
        "Planted in a network, but missed": score.network_missed,
    }
    return [(what, ids) for what, ids in lists.items() if ids]


def _of(some: int | None, n: int) -> str:
    """Like ``3 of 12``; a dash where there are none, or nothing is known."""
    return NOTHING if some is None or n == 0 else f"{some:,} of {n:,}"


def count(n: int, one: str, many: str) -> str:
    """A number with its noun, like ``1 case`` and ``2,250 cases``."""
    return f"{n:,} {one if n == 1 else many}"
