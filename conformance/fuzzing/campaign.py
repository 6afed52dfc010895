"""A run of cases: sweeps that are always the same, kinks that were found, and what is drawn."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import numpy as np
from hypothesis import HealthCheck, Phase, given, settings

from ..compare import Float64Array
from . import bend_search, difference_search, kink_search, regimes
from .case import FuzzCase
from .draw import REGIMES, cases, make
from .finding import Finding
from .judge import Judge
from .target import Target

#: Findings enough to see in what they are alike.
ENOUGH = 12

#: Beyond the first cases, manners are looked at in every so many.
ALL_MANNERS, SOME_MANNERS = 80, 4

#: The witness is asked about so many cases at once.
AT_ONCE = 250

#: Rows enough to reach beyond what a loop over blocks takes at once.
MANY = 70

#: One case in so many is judged on a new copy of the target too.
ON_A_COPY = 10


def search(
    judge: Judge, pristine: Target, widths: dict[int, int], max_examples: int, seed: int
) -> tuple[list[Finding], list[FuzzCase]]:
    """Findings among ``max_examples`` cases, up to a dozen, and the cases that passed.

    Now and then a case is judged on a copy of the pristine target, that has seen nothing, or one
    calm z only.
    """
    special = _special(judge, widths)
    findings: list[Finding] = []
    passed: list[FuzzCase] = []

    def look(case: FuzzCase) -> None:
        in_float64 = any(f.case is not None and f.case.dtype == np.float64 for f in findings)
        if len(findings) >= ENOUGH or (in_float64 and case.dtype == np.float32):
            return
        count = judge.seen.cases
        thorough = count < ALL_MANNERS or count % SOME_MANNERS == 0
        finding = judge.judge(case, manners_too=thorough)
        if finding is None and count % ON_A_COPY == 0:
            fresh = Judge(pristine.copy(), judge.witness)
            if count % (2 * ON_A_COPY):
                fresh.prime(case)
            finding = fresh.judge(case)
        if finding is None:
            passed.append(case)
        else:
            findings.append(finding)

    all_cases = list(_sweep(judge.target, widths, special))[:max_examples]

    @hypothesis.seed(seed)
    @settings(
        max_examples=max(1, max_examples - len(all_cases)),
        database=None,
        deadline=None,
        derandomize=False,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(widths, judge.target.domain, special))
    def draw(case: FuzzCase) -> None:
        all_cases.append(case)

    if max_examples > len(all_cases):
        draw()
    for start in range(0, len(all_cases), AT_ONCE):
        some = all_cases[start : start + AT_ONCE]
        if len(findings) < ENOUGH:
            judge.foresee(some)
        for case in some:
            look(case)
    return findings, passed


def _special(judge: Judge, widths: dict[int, int]) -> dict[int, Float64Array]:
    """Rows at kinks, by width; of an elementwise function every number may stand in every place.

    That is where the witness, the hand-written side or one of their derivatives jumps; of an
    elementwise function also where a derivative bends.
    """
    target = judge.target
    if target.elementwise:
        points = []
        for values, slopes in _probes(judge, 1):
            points += [kink_search.on_a_line(probe, target.domain) for probe in (values, slopes)]
            points.append(bend_search.on_a_line(slopes, target.domain))
        points.append(_furthest(judge))
        line = np.concatenate(points)
        return {n: _rows(line, n) for n in widths} if len(line) else {}
    special = {}
    for n in [n for n in widths if n in (2, 3, 4)] or [min(widths)]:
        probes = [probe for pair in _probes(judge, widths[n]) for probe in pair]
        found = [kink_search.between_rows(probe, n, target.domain) for probe in probes]
        special[n] = np.concatenate(found)
    return special


def _alike(n: int, domain: tuple[float, float]) -> Float64Array:
    """Rows of width n in which all is 0, or alike but for a sign."""
    in_turn = (-1.0) ** np.arange(n)
    rows = np.stack([0 * in_turn, in_turn**2, in_turn])
    return rows[((rows > domain[0]) & (rows < domain[1])).all(axis=1)]


def _furthest(judge: Judge) -> Float64Array:
    """Where the two sides of an elementwise function are furthest apart."""
    (_, true), (_, by_hand) = _of_witness(judge), _by_hand(judge, 1)
    try:
        return difference_search.on_a_line(by_hand, true, judge.target.domain)
    except Finding:  # the witness asks the forward, that fails somewhere; the cases will show it
        return np.empty((0, 1))


#: Values of a function, and its slopes.
_Pair = tuple[kink_search.Probe, kink_search.Probe]


def _probes(judge: Judge, m: int) -> Iterator[_Pair]:
    """Of the witness, if it sees kinks; by hand, if it does not or each is a single number."""
    if judge.witness.smooth:
        yield _of_witness(judge)
    if judge.target.elementwise or not judge.witness.smooth:
        yield _by_hand(judge, m)


def _of_witness(judge: Judge) -> _Pair:
    def slopes(z: Float64Array) -> Float64Array:
        return judge.witness.judge(z).jacobian.reshape(len(z), -1)

    return judge.witness.values, slopes


def _by_hand(judge: Judge, m: int) -> _Pair:
    def values(z: Float64Array) -> Float64Array:
        return results(z)[0]

    def slopes(z: Float64Array) -> Float64Array:
        return results(z)[1].reshape(len(z), -1)

    def results(z: Float64Array) -> tuple[Float64Array, Float64Array]:
        try:
            by_hand = judge.call.results(FuzzCase(z, np.ones((len(z), m)), "kinks"), m)
            return by_hand.y.astype(np.float64), by_hand.jacobian.astype(np.float64)
        except Finding:  # the cases will show what is wrong with it
            return np.zeros((len(z), m)), np.zeros((len(z), m))

    return values, slopes


def _rows(points: Float64Array, n: int) -> Float64Array:
    """Points (K, 1) as rows of width n; some stand twice where K is no multiple of n."""
    return np.resize(points, (-(-len(points) // n), n))


def _sweep(
    target: Target, widths: dict[int, int], special: dict[int, Float64Array]
) -> Iterator[FuzzCase]:
    """Cases that are the same for every seed: the whole line, every regime, every kink."""
    random = np.random.default_rng(0)
    n = max(widths) if target.elementwise else next(iter(widths))
    if target.elementwise:
        line = np.concatenate([kink_search.grid(target.domain), regimes.graded(target.domain)])
        z = np.resize(line, (-(-len(line) // n), n))
        for dtype in (np.float64, np.float32):
            dy = regimes.cotangents(random, (len(z), widths[n]), dtype)
            yield FuzzCase(regimes.in_dtype(z, dtype, target.domain), dy, "sweep")
    else:
        yield make(random, (MANY,), n, widths[n], "ordinary", np.float64, target.domain, special)
        for n in dict.fromkeys([*special, max(widths)]):
            rows = _alike(n, target.domain)
            dy = regimes.cotangents(random, (len(rows), widths[n]), np.float64)
            if len(rows):
                yield FuzzCase(rows, dy, "kinks")
    # Of one or two entries too much is 0: a softmax's whole Jacobian, a normalisation's nearly.
    telling = [n for n in widths if n > 2] or list(widths)
    for i, regime in enumerate(REGIMES):
        n = telling[i % len(telling)]
        for dtype in (np.float64, np.float32):
            yield make(random, (4,), n, widths[n], regime, dtype, target.domain, special)
    if target.vjp is not None:
        for n in widths:
            z = regimes.numbers(random, "ordinary", (2, n), target.domain, np.empty((0, n)))
            yield FuzzCase(z, np.ones((2, widths[n])), "ordinary")
    for n, kinks in special.items():
        if target.elementwise and n != max(special):
            continue
        for start in range(0, len(kinks), 24):
            rows = kinks[start : start + 24]
            dy = regimes.cotangents(random, (len(rows), widths[n]), np.float64)
            yield FuzzCase(rows, dy, "kinks")
