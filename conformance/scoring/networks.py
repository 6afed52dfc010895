"""Which bugs of whole networks the report's properties catch."""

from __future__ import annotations

import numpy as np

from ..campaigns.campaign import run
from ..collection.networks import NetworkBug
from ..properties import PROPERTIES
from ..properties.affine import AFFINE_PROPERTIES
from ..properties.networks import NETWORK_PROPERTIES
from ..properties.other_ways import OTHER_WAYS
from ..property import Property
from ..record import PropertyRecord

#: What a network is made of: small cases, for bugs that few random networks would show.
PARTS = ("vjp", "derivative", "fused")


def caught(bug: NetworkBug, examples: int = 20, seed: int = 0) -> bool:
    """Whether a property of networks or of their parts disagrees while the bug is planted.

    ``examples`` is the number of cases for each property; ``backprop report`` runs the same.
    """
    with bug.plant(), np.errstate(all="ignore"):  # what is wrong may also be far out of range
        return accusation(examples, seed) is not None


def accusation(examples: int = 20, seed: int = 0) -> PropertyRecord | None:
    """The record of the first property that disagrees, None where all conform.

    A property that cannot be judged accuses nobody: RuntimeError says why.
    """
    for property_ in _properties():
        record = run(property_, examples, seed, shrink=False)
        if record.verdict in ("error", "undecided"):
            raise RuntimeError(f"{record.id}: {record.finding}")
        if record.verdict == "disagrees":
            return record
    return None


def _properties() -> list[Property]:
    """Those most likely to find something first: judged by autodiff, then by loops and paths."""
    networks = (*OTHER_WAYS, *AFFINE_PROPERTIES, *NETWORK_PROPERTIES)
    latest_first = sorted(networks, key=lambda p: p.part, reverse=True)
    return [*latest_first, *(p for p in PROPERTIES if p.id.partition(".")[0] in PARTS)]
