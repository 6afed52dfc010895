"""All properties, shared out among processes in slices that are the same for any number of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from ..property import Property
from ..record import PropertyRecord, Verdict
from .campaign import run
from .coverage import together
from .workers import spread

#: So many cases at most are drawn with one seed.
SLICE = 1000

#: A slice that could not be judged says less than one that disagrees.
GRAVEST_FIRST: tuple[Verdict, ...] = ("disagrees", "error", "undecided", "conforms")

#: The id of a property, how many cases, and the seed.
Task = tuple[str, int, int]


def run_all(
    properties: Sequence[Property],
    examples: int,
    seed: int,
    progress: Callable[[PropertyRecord], None] = lambda record: None,
    *,
    workers: int = 1,
) -> tuple[PropertyRecord, ...]:
    """Run each property, calling ``progress`` with each record when it is there.

    workers: how many processes share the work: whole properties, or slices of 1,000 cases, each
    with a seed of its own, so that the cases are the same with any number of workers.
    """
    by_id = {property_.id: property_ for property_ in properties}
    slices = _slices(examples, seed)
    tasks = [(id, *slice_) for id in by_id for slice_ in slices]
    task = partial(_run_here, by_id) if workers == 1 else _run_there
    parts: dict[str, dict[int, PropertyRecord]] = {id: {} for id in by_id}
    done: dict[str, PropertyRecord] = {}
    for (id, count, slice_seed), record in spread(task, tasks, workers):
        if isinstance(record, Exception):
            record = _failed(by_id[id], record)
        parts[id][slices.index((count, slice_seed))] = record
        if len(parts[id]) == len(slices):
            done[id] = merge([parts[id][i] for i in range(len(slices))])
            progress(done[id])
    return tuple(done[id] for id in by_id)


def _slices(examples: int, seed: int) -> list[tuple[int, int]]:
    """How many cases with which seed: the first 1,000 with the seed itself."""
    counts = [min(SLICE, examples - start) for start in range(0, examples, SLICE)]
    return [(count, seed if i == 0 else derived(seed, i)) for i, count in enumerate(counts)]


def derived(seed: int, i: int) -> int:
    """The seed of slice i."""
    return int(np.random.SeedSequence([seed, i]).generate_state(1, np.uint64)[0])


def _run_here(by_id: dict[str, Property], task: Task) -> PropertyRecord:
    id, count, seed = task
    return run(by_id[id], count, seed)


def _run_there(task: Task) -> PropertyRecord:
    from ..properties import PROPERTIES

    return _run_here({property_.id: property_ for property_ in PROPERTIES}, task)


def _failed(property_: Property, error: Exception) -> PropertyRecord:
    return PropertyRecord(
        id=property_.id,
        title=property_.title,
        subject=property_.subject,
        part=property_.part,
        verdict="error",
        cases=0,
        live=None,
        worst=None,
        seconds=0.0,
        finding=f"{type(error).__name__}: {error}",
        counterexample=None,
    )


def merge(records: Sequence[PropertyRecord]) -> PropertyRecord:
    """The record of all slices of one property: that of the first with the gravest verdict.

    Cases, seconds, notes and what was seen add up; live is the mean over the cases, worst the
    largest.
    """
    if len(records) == 1:
        return records[0]
    first = min(records, key=lambda r: GRAVEST_FIRST.index(r.verdict))
    live = [(r.live, r.cases) for r in records if r.live is not None]
    total = sum(cases for _, cases in live)
    notes: Counter[str] = Counter()
    for record in records:
        notes.update(record.notes or {})
    return replace(
        first,
        cases=sum(r.cases for r in records),
        live=sum(share * cases for share, cases in live) / total if total else None,
        worst=max((r.worst for r in records if r.worst is not None), default=None),
        seconds=sum(r.seconds for r in records),
        notes=dict(notes),
        seen=together(r.seen for r in records),
    )
