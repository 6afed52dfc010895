"""Whole network cases a second, beside Hypothesis' own drawing and one compilation a case."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings

from conformance.campaigns.campaign import run
from conformance.networks.judge import judge_network
from conformance.networks.number_range import OutOfRange
from conformance.networks.screen import PLAIN
from conformance.properties import PROPERTIES

from .ratio import Ratio

CASES, PLAIN_CASES, ROUNDS = 600, 15, 5


def ratios() -> Iterator[Ratio]:
    """The property of the gradients of networks with a KL divergence, case by case."""
    (property_,) = (p for p in PROPERTIES if p.id == "gradients.KLDivergence")

    def draw_alone(case: Any) -> None:
        pass

    def compile_and_judge(case: Any) -> None:
        with contextlib.suppress(OutOfRange):
            judge_network(case.network(), case.x, case.d, case.divergence, PLAIN)

    run(property_, CASES, seed=99)  # compiles
    pairs = [
        (run(property_, CASES, seed).seconds, _run(property_.cases, draw_alone, CASES, seed))
        for seed in range(ROUNDS)
    ]
    share = median(drawing / judging for judging, drawing in pairs)
    judging, drawing = (median(times) / CASES for times in zip(*pairs, strict=True))
    how = f"cases a second: draw, reference, oracle, compare over drawing alone, {CASES} cases"
    yield Ratio("harness / drawing", share, 0.6, how, True, judging, drawing)
    plain = _run(property_.cases, compile_and_judge, PLAIN_CASES, seed=7)
    plain /= PLAIN_CASES
    how = "cases a second: the padded oracle over one jax.jit for each architecture"
    yield Ratio("harness / a compilation a case", plain / judging, 40, how, True, judging, plain)


def _run(cases: Any, check: Callable[[Any], None], count: int, seed: int) -> float:
    """The seconds of a campaign without shrinking."""

    @hypothesis.seed(seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(cases)
    def campaign(case: Any) -> None:
        check(case)

    started = time.perf_counter()
    campaign()
    return time.perf_counter() - started
