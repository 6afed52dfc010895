"""Expected failures: the ids of targets that are known to be wrong, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

#: The ini option of pytest, a list of lines ``id: reason``.
OPTION = "conformance_expected_failures"


def parse(lines: Iterable[str]) -> dict[str, str]:
    """The reason of each id. Raises ValueError for a line that is not ``id: reason``."""
    reasons: dict[str, str] = {}
    for line in lines:
        # A colon alone may be part of an id, as in mine.py:Swish.
        name, _, reason = (part.strip() for part in line.partition(": "))
        if not name or not reason:
            raise ValueError(f"{OPTION}: a line must be 'id: reason', got {line!r}")
        if name in reasons:
            raise ValueError(f"{OPTION}: {name!r} must stand there once, got a second line")
        reasons[name] = reason
    return reasons


def stale(
    expected: Mapping[str, str], verdicts: Iterable[Mapping[str, Any]], *, whole: bool
) -> Iterator[str]:
    """What is to be corrected in the list, a sentence each.

    An id is stale when all its verdicts conform, or when there are none of it; the latter counts
    only where the whole of the tests ran.
    """
    conform: dict[str, bool] = {}
    for verdict in verdicts:
        name = verdict["id"]
        conform[name] = conform.get(name, True) and verdict["conforms"]
    for name in expected:
        if conform.get(name, False):
            yield f"{OPTION}: {name!r} conforms now, remove it"
        elif whole and name not in conform:
            yield f"{OPTION}: {name!r} was never judged, correct or remove it"
