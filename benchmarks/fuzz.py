"""How long one activation takes to judge: the seconds of ``fuzz`` with its 500 cases."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from conformance import fuzz
from conformance.collection.correct import CORRECT

from .ratio import Ratio

#: Every so many entry of the correct activations is judged.
STRIDE = 8


def ratios() -> Iterator[Ratio]:
    """The median and the longest time, of correct activations: a wrong one ends sooner."""
    chosen = CORRECT[::STRIDE]
    fuzz(chosen[0].make(), chosen[0].oracle, max_examples=5)  # imports what there is to import
    times = {entry.id: fuzz(entry.make(), entry.oracle).seconds for entry in chosen}
    slowest = max(times, key=lambda id: times[id])
    how = f"seconds of fuzz(...) with 500 cases, {len(times)} correct activations"
    yield Ratio("fuzz: median", median(times.values()), 2.0, how)
    yield Ratio(f"fuzz: longest, {slowest}", times[slowest], 5.0, how)
