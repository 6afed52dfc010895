"""Who hears of the verdicts of ``assert_conforms``, before it raises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .fuzzing import Verdict

Listener = Callable[["Verdict"], None]

#: ``assert_conforms`` calls each of them with every verdict.
LISTENERS: list[Listener] = []


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """In the body ``listener`` alone hears: a pytest session in a test of another is on its own."""
    before = LISTENERS[:]
    LISTENERS[:] = [listener]
    try:
        yield
    finally:
        LISTENERS[:] = before
