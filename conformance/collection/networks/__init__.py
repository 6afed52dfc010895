"""Bugs of whole networks, as they happen where backprop is written by hand in matrices."""

from .activations import ACTIVATION_BUGS
from .affine import AFFINE_BUGS
from .bug import NetworkBug
from .losses import LOSS_BUGS
from .passes import PASS_BUGS
from .state import STATE_BUGS

NETWORK_BUGS: tuple[NetworkBug, ...] = (
    *AFFINE_BUGS,
    *ACTIVATION_BUGS,
    *PASS_BUGS,
    *LOSS_BUGS,
    *STATE_BUGS,
)

__all__ = ["NETWORK_BUGS", "NetworkBug"]
