"""The gradients of a network, and the passes that it makes on the way to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from reference import BackwardPass, Divergence, ForwardPass, Gradients, Network
from reference.checks import Array

_PASSES = ("forward_pass", "backward_pass")


class Recorded(NamedTuple):
    """What ``Network.gradients`` returned, and what its two passes left behind."""

    forward: ForwardPass
    backward: BackwardPass
    gradients: Gradients


def recorded_gradients(network: Network, x: Array, d: Array, divergence: Divergence) -> Recorded:
    """``network.gradients(x, d, divergence)`` with its passes: not made again, but listened to."""
    heard: dict[str, Any] = {}

    def listen(name: str) -> Callable[..., Any]:
        method = getattr(network, name)

        def heard_method(*arguments: Any, **options: Any) -> Any:
            heard[name] = method(*arguments, **options)
            return heard[name]

        return heard_method

    own = {name: vars(network)[name] for name in _PASSES if name in vars(network)}
    vars(network).update({name: listen(name) for name in _PASSES})
    try:
        gradients = network.gradients(x, d, divergence)
    finally:
        for name in _PASSES:
            del vars(network)[name]
        vars(network).update(own)
    return Recorded(heard["forward_pass"], heard["backward_pass"], gradients)
