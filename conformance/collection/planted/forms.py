"""The forms in which a planted bug is written down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..entry import Entry, Kind


def pair(
    kind: Kind,
    id: str,
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    oracle: Callable[..., Any],
    about: str,
) -> Entry:
    """The plain functions (forward, backward); backward is a derivative, a Jacobian or a vjp."""
    return Entry(id, lambda: (forward, backward), oracle, about, kind)
