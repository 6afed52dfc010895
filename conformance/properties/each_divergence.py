"""One property for each divergence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..cases import NetworkCase
from ..property import Outcome, Property
from ..strategies import DIVERGENCES, network_cases


def for_each_divergence(
    id_: str, title: str, part: int, check: Callable[[NetworkCase], Outcome], **limits: Any
) -> Iterator[Property]:
    """The same check on networks that end in each; limits: of what is drawn."""
    for name in DIVERGENCES:
        yield Property(f"{id_}.{name}", title, part, network_cases(name, **limits), check)
