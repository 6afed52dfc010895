"""Rows that are worth a look: at kinks, at bends, and where the two sides are furthest apart."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...compare import Float64Array
from ..case import FuzzCase
from ..finding import Finding
from ..judge import Judge
from . import bend_search, difference_search, kink_search


def special_rows(judge: Judge, widths: dict[int, int]) -> dict[int, Float64Array]:
    """Rows at kinks and the like, by width; of an elementwise function every number may stand in
    every place.

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
        return judge.witness.truth_at(z).jacobian.reshape(len(z), -1)

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
