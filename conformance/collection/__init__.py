"""The collection: activations and bugs whose verdict is known, for the score of the harness."""

from .correct import CORRECT
from .entry import Entry
from .networks import NETWORK_BUGS, NetworkBug
from .planted import PLANTED

__all__ = ["CORRECT", "NETWORK_BUGS", "PLANTED", "Entry", "NetworkBug"]
