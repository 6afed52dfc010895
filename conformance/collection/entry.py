"""An entry of the collection: an activation whose verdict is known beforehand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, final

Kind = Literal["formula", "boundary", "numerics", "structure", "state"]


@final
@dataclass(frozen=True)
class Entry:
    """An activation, its oracle, and what is known about it.

    id: stable, like "softmax.diagonal-only". make: gives a new target for ``fuzz``, an activation
    or a pair of functions. oracle: an independent forward in JAX, of one row (n,). about: what is
    wrong with it, or which convention it follows, with the source. kind: of a planted bug, what
    sort of mistake it is; None for a correct activation.
    """

    id: str
    make: Callable[[], Any]
    oracle: Callable[..., Any]
    about: str
    kind: Kind | None = None
