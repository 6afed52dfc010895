"""Many networks judged together: the verdicts of ``network_judge.py`` in a fraction of the time.

Autodiff works them out by few calls, and all entries are compared in one pass. Whatever is not in
order is judged again, alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn, final

from numpy.typing import ArrayLike

from reference import Divergence, Network

from ..compare import Disagreement
from .comparisons import Comparison, worst_of_each
from .judge import Evidence, NetworkVerdict, begin, judge_network
from .number_range import OutOfRange
from .screen import Oracle, together

Task = tuple[Network, ArrayLike, ArrayLike, Divergence]


def judge_networks(tasks: Iterable[Task]) -> list[NetworkVerdict | None]:
    """Judge many networks, each with its x, d and divergence.

    None where ``judge_network`` raises OutOfRange. Raises Disagreement for the first that it does.
    """
    tasks, autodiff = list(tasks), together()
    begun = [_begun(task, autodiff) for task in tasks]
    found = [_found(wait) for wait in begun]
    worst = worst_of_each([f.comparisons if isinstance(f, _Found) else [] for f in found])
    return [_verdict(*each) for each in zip(tasks, found, worst, strict=True)]


@final
@dataclass(frozen=True)
class _Found:
    """The evidence, and all that is compared of it, layer by layer and end to end."""

    evidence: Evidence
    comparisons: list[Comparison]


def _begun(task: Task, autodiff: Oracle) -> Callable[[], Evidence]:
    try:
        return begin(*task, autodiff)
    except Exception as error:
        raised = error

    def wait() -> NoReturn:
        raise raised

    return wait


def _found(wait: Callable[[], Evidence]) -> _Found | Exception:
    try:
        evidence = wait()
        whole = [] if evidence.whole is None else evidence.whole().comparisons
    except Exception as error:
        return error
    return _Found(evidence, [*evidence.layers, *whole])


def _verdict(task: Task, found: _Found | Exception, worst: float) -> NetworkVerdict | None:
    if isinstance(found, OutOfRange):
        return None
    if isinstance(found, _Found):
        evidence = found.evidence
        if worst <= 1:
            return NetworkVerdict(worst, evidence.live, evidence.whole is not None)
        with suppress(Disagreement):
            return evidence.judge()
    try:
        return judge_network(*task)
    except OutOfRange:
        return None
