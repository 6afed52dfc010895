"""Python's collector of cycles, kept from looking too often."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: New objects from one look to the next. Python's own choice of some hundreds is made for programs
#: that keep fewer of them: many cases wait to be judged together, and each look goes through all.
SELDOM = 50_000


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Within this context the collector looks after ``SELDOM`` new objects, if it looks at all."""
    often, *others = gc.get_threshold()
    gc.set_threshold(max(often, SELDOM) if often else often, *others)
    try:
        yield
    finally:
        gc.set_threshold(often, *others)
