"""The answer that a report gives, and the counts behind it: the same in every format."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

from ..record import GradientCheck, PropertyRecord, Report, TrainingRecord

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


@final
@dataclass(frozen=True)
class Summary:
    """How many records have which verdict; ``cases`` are those of all properties together."""

    properties: int
    conforming: int
    disagreeing: int
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
    if report.conforms:
        held = [f"{good:,} of {count(n, one, many)}" for good, n, one, many in kinds if n]
        return f"Conforms: {' and '.join(held)}, {scope}."
    failed = [f"{n - good:,} of {count(n, one, many)}" for good, n, one, many in kinds if good < n]
    verb = "fails" if len(failures(report)) == 1 else "fail"
    return f"Does not conform: {' and '.join(failed)} {verb}, {scope}."


def failures(report: Report) -> list[PropertyRecord | TrainingRecord]:
    """The records that do not conform: the properties by part of the lecture, then the runs."""
    failed = [record for record in report.records if record.verdict != "conforms"]
    return sorted(failed, key=lambda r: r.part if isinstance(r, PropertyRecord) else math.inf)


def by_part(report: Report) -> list[PropertyRecord]:
    """The properties by part of the lecture, in the report's order within a part."""
    return sorted(report.properties, key=lambda p: p.part)


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
    return f"backprop report --examples {p.examples} --seed {p.seed}"


def count(n: int, one: str, many: str) -> str:
    """A number with its noun, like ``1 case`` and ``2,250 cases``."""
    return f"{n:,} {one if n == 1 else many}"
