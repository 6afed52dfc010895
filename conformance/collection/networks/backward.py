"""How a bug is put into the backward pass: at its start, at the activations, or in its results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reference import Affine, BackwardPass, Divergence, ForwardPass, Network
from reference.checks import Array

from .bug import NetworkBug, after

#: dz[k] of a hidden layer k, from the cotangent dy of its activation.
Through = Callable[[Network, ForwardPass, int, Array], Array]
#: dz of the last layer, from the right one.
Start = Callable[[Array, Network, ForwardPass, Array, Divergence], Array]
#: Changes a pass in place, or returns another.
Change = Callable[[BackwardPass, Network, ForwardPass, Array, Divergence], BackwardPass | None]


def right_through(network: Network, forward: ForwardPass, k: int, dy: Array) -> Array:
    """dz[k] as it should be: the vjp of f_k at z_k."""
    return network.activations[k].vjp(forward.z[k], forward.y[k + 1], dy)


def bug_in_results(id_: str, about: str, change: Change) -> NetworkBug:
    """``change`` is applied to what the backward pass has recorded."""

    def corrupt(passed: BackwardPass, *args: Any) -> BackwardPass:
        return change(passed, *args) or passed

    return NetworkBug(id_, about, after(Network, "backward_pass", corrupt))


def bug_at_activations(id_: str, about: str, through: Through) -> NetworkBug:
    """``through`` takes the place of the vjp of every hidden activation."""

    def change(passed: BackwardPass, self: Network, forward: ForwardPass, *_: Any) -> BackwardPass:
        return _carried_back(self, forward, passed.dz[-1], through)

    return bug_in_results(id_, about, change)


def bug_at_start(id_: str, about: str, start: Start) -> NetworkBug:
    """The backward pass goes on from the dz of the last layer that ``start`` gives."""

    def change(
        passed: BackwardPass, self: Network, forward: ForwardPass, d: Array, divergence: Divergence
    ) -> BackwardPass:
        dz = start(passed.dz[-1], self, forward, d, divergence)
        return _carried_back(self, forward, dz, right_through)

    return bug_in_results(id_, about, change)


def _carried_back(
    network: Network, forward: ForwardPass, dz: Array, through: Through
) -> BackwardPass:
    """The backward pass from the last dz on."""
    passed = BackwardPass([], [], [], [])
    for k in reversed(range(len(network.weights))):
        dW, db, dy = Affine(network.weights[k], network.biases[k]).vjp(forward.y[k], dz)
        passed.prepend(dz, dW, db, dy)
        if k > 0:
            dz = through(network, forward, k - 1, dy)
    return passed
