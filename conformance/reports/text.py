"""How values are shown to people: the same words and numbers in every format."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from ..record import Verdict
from ..tolerance import ROUNDINGS

#: A verdict never speaks by its colour alone.
MARKS: dict[Verdict, str] = {"conforms": "✓", "disagrees": "✗", "undecided": "?", "error": "!"}

#: Shown where nothing of the kind is measured.
NOTHING = "\N{EN DASH}"

_UNPRINTABLE = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    r"""The text without control characters and surrogates, its lines ended by \n: fit for XML."""
    return _UNPRINTABLE.sub("", re.sub("\r\n?", "\n", text))


def clip(text: str, limit: int) -> str:
    """The text, or its beginning and an ellipsis where it has more than ``limit`` characters."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def percent(share: float | None) -> str:
    """A share of 1, like ``97.5 %``."""
    return NOTHING if share is None else f"{100 * share:.1f} %"


def ratio(worst: float | None) -> str:
    """An error over its tolerance; what is over 1 is never rounded to 1."""
    if worst is None:
        return NOTHING
    shown = f"{worst:.3g}"
    return "> 1" if worst > 1 and float(shown) <= 1 else shown


def ulps(worst: float | None) -> str:
    """The same in ulps of the terms, of which ROUNDINGS conform; in long sums some more do."""
    if worst is None:
        return NOTHING
    shown = f"{ROUNDINGS * worst:.2g}"
    return f"> {ROUNDINGS}" if worst > 1 and float(shown) <= ROUNDINGS else shown


def seconds(time: float | None) -> str:
    """A duration, like ``0.25 s``."""
    return NOTHING if time is None else f"{time:,.2f} s"


def instant(created: str) -> str:
    """An instant of ISO 8601 to the minute, like ``2026-01-05 09:30 UTC``."""
    return datetime.fromisoformat(created).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
