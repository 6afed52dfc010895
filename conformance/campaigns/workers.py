"""Work that is shared among processes of their own."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib import import_module
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

#: More than this would spend more memory on JAX than they save time.
MOST = 4

#: The packages whose modules a worker imports, as far as this process has.
OWN = ("reference", "oracle", "conformance")


def default_workers() -> int:
    """One for each processor, up to 4."""
    return min(os.cpu_count() or 1, MOST)


def spread(
    task: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Iterator[tuple[Item, Result | Exception]]:
    """Each item with what the task gives for it, or raises, in the order in which they are done.

    With one worker all is done in this process, in turn; else the task and the items must be such
    as can be pickled. Of a process that dies, all items that were not done have an exception.
    """
    if workers == 1:
        for item in items:
            yield item, _attempt(task, item)
        return
    spawn = multiprocessing.get_context("spawn")  # JAX has threads, and they do not stand a fork
    own = [name for name in sys.modules if name.partition(".")[0] in OWN]
    pool = ProcessPoolExecutor(workers, spawn, _begin, (own,))
    try:
        futures = {pool.submit(_attempt, task, item): item for item in items}
        for future in as_completed(futures):
            died = future.exception()
            if isinstance(died, Exception):
                yield futures[future], died
            else:
                yield futures[future], future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(modules: list[str]) -> None:
    """Hypothesis draws constants of the modules at hand too: let them be the same everywhere."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for name in modules:
        import_module(name)


def _end_with_parent() -> None:
    """A parent that is killed tells its workers nothing: they would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _attempt(task: Callable[[Item], Result], item: Item) -> Result | Exception:
    try:
        return task(item)
    except Exception as error:
        return error
