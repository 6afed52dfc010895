"""A run of cases: sweeps that are always the same, kinks that were found, and what is drawn."""

from __future__ import annotations

import hypothesis
import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from ..case import FuzzCase
from ..drawing.draw import cases
from ..finding import Finding
from ..judge import Judge
from ..past import CalmForward, Earlier, Nothing, judgement, other
from ..subject.target import Target
from .special_rows import special_rows
from .sweep import sweep

#: Findings enough to see in what they are alike.
FINDINGS = 12

#: Beyond the first cases, manners are looked at in every so many.
ALL_MANNERS, SOME_MANNERS = 80, 4

#: The witness is asked about so many cases at once.
CASES_FORESEEN = 250

#: One case in so many is judged on a new copy of the target too.
ON_A_COPY = 10


def search(
    judge: Judge, pristine: Target, widths: dict[int, int], max_examples: int, seed: int
) -> tuple[list[Finding], list[FuzzCase]]:
    """Findings among ``max_examples`` cases, up to a dozen, and the cases that passed."""
    special = special_rows(judge, widths)
    fixed = list(sweep(judge.target, widths, special))[:max_examples]
    strategy = cases(widths, judge.target.domain, special)
    all_cases = fixed + _drawn(strategy, max_examples - len(fixed), seed)
    findings: list[Finding] = []
    passed: list[FuzzCase] = []
    for start in range(0, len(all_cases), CASES_FORESEEN):
        some = all_cases[start : start + CASES_FORESEEN]
        if len(findings) < FINDINGS:
            judge.foresee(some)
        for case in some:
            if not _tells_more(case, findings):
                continue
            finding = _look(judge, pristine, case)
            if finding is None:
                passed.append(case)
            else:
                findings.append(finding)
    return findings, passed


def _drawn(strategy: SearchStrategy[FuzzCase], count: int, seed: int) -> list[FuzzCase]:
    """So many cases, if any, that Hypothesis draws."""
    drawn: list[FuzzCase] = []

    @hypothesis.seed(seed)
    @settings(
        max_examples=max(1, count),
        database=None,
        deadline=None,
        derandomize=False,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(case: FuzzCase) -> None:
        drawn.append(case)

    if count > 0:
        draw()
    return drawn


def _tells_more(case: FuzzCase, findings: list[Finding]) -> bool:
    """Not where there are findings enough, nor float32 where there are some in float64."""
    in_float64 = any(f.case is not None and f.case.dtype == np.float64 for f in findings)
    return len(findings) < FINDINGS and not (in_float64 and case.dtype == np.float32)


def _look(judge: Judge, pristine: Target, case: FuzzCase) -> Finding | None:
    """What is wrong with the case, if anything.

    Now and then it is judged once more, on a copy of the pristine target with another past.
    """
    count = judge.seen.cases
    thorough = count < ALL_MANNERS or count % SOME_MANNERS == 0
    finding = judge.judge(case, manners_too=thorough)
    if finding is None and count % ON_A_COPY == 0:
        m = case.dy.shape[-1]
        earlier = Earlier(case.width, m, other(case.dtype))
        in_turn = (Nothing(), CalmForward(), earlier, CalmForward())
        past = in_turn[count // ON_A_COPY % len(in_turn)]
        finding = judgement(pristine, judge.witness, past, numbers_too=True)(case)
    return finding
