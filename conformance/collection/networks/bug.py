"""A bug of a whole network: put into the hand-written backprop, and taken out again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, final
from unittest.mock import patch

Plant = Callable[[], AbstractContextManager[None]]


@final
@dataclass(frozen=True)
class NetworkBug:
    """id: stable, like "bias.last-row". about: what is wrong, in one sentence.

    plant: gives a context; within it the reference has the bug, before and after it has not.
    """

    id: str
    about: str
    plant: Plant


def after(owner: type, method: str, corrupt: Callable[..., Any]) -> Plant:
    """A plant: what ``owner.method`` returns goes through ``corrupt(result, self, *args)``."""

    @contextmanager
    def plant() -> Iterator[None]:
        right = getattr(owner, method)

        def wrong(self: Any, *args: Any, **options: Any) -> Any:
            return corrupt(right(self, *args, **options), self, *args)

        with patch.object(owner, method, wrong):
            yield

    return plant
