"""The oracle in two forms behind one interface, and the rule which of them has the last word.

The padded oracle is compiled once and screens; the plain one, a few obvious lines of JAX that are
compiled anew for each case, confirms every finding. So no bug of the padding accuses anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, TypeVar, final

from numpy.typing import ArrayLike

import oracle
from oracle import padded

from ..compare import Disagreement, Float64Array
from .describe import Description

Pair = tuple[Float64Array, Float64Array]
Outcome = TypeVar("Outcome")


class NetworkOracle(Protocol):
    """Autodiff of one network: starts computing, and returns a function that waits for it."""

    def passes(
        self, divergence: Description, x: ArrayLike, d: ArrayLike, /
    ) -> Callable[[], tuple[list[Float64Array], oracle.Gradients]]:
        """Every z_k (T, D_k), and the gradients of the loss."""

    def local_vjps(
        self,
        divergence: Description,
        d: ArrayLike,
        y: Sequence[ArrayLike],
        z: Sequence[ArrayLike],
        dy: Sequence[ArrayLike],
        dz: Sequence[ArrayLike],
    ) -> Callable[[], list[oracle.LocalVjp]]:
        """Every layer by itself, see ``oracle.local_vjps``."""


@final
@dataclass(frozen=True)
class Oracle:
    """What the harness asks of autodiff: plain descriptions and arrays in, float64 arrays out.

    jacobian(activation, z (..., n)): y (..., m) and J (..., m, n), by reverse and forward mode.
    divergence(divergence, y, d): div(y, d) (...) and its derivative by y (..., n).
    divergence_of_z(divergence, activation, z, d): div(f(z), d) (...) and its derivative by z.
    pre_activations, gradients and local_vjps: as in ``oracle``; network(layers): all of them.
    """

    jacobian: Callable[..., Pair]
    divergence: Callable[..., Pair]
    divergence_of_z: Callable[..., Pair]
    pre_activations: Callable[..., list[Float64Array]]
    gradients: Callable[..., oracle.Gradients]
    local_vjps: Callable[..., list[oracle.LocalVjp]]
    network: Callable[[Sequence[oracle.Layer]], NetworkOracle]


def _jacobian(activation: Description, z: ArrayLike) -> Pair:
    f = oracle.activation(activation)
    return oracle.value(f, z), oracle.jacobian(f, z)


def _divergence(divergence: Description, y: ArrayLike, d: ArrayLike) -> Pair:
    div = oracle.divergence(divergence)
    return oracle.value(div, y, d), oracle.jacobian(div, y, d)


def _divergence_of_z(
    divergence: Description, activation: Description, z: ArrayLike, d: ArrayLike
) -> Pair:
    div = oracle.divergence_of_z(divergence, activation)
    return oracle.value(div, z, d), oracle.jacobian(div, z, d)


@final
class _PlainLayers:
    """The plain oracle, with nothing to wait for."""

    def __init__(self, layers: Sequence[oracle.Layer]) -> None:
        self.layers = layers

    def passes(
        self, divergence: Description, x: ArrayLike, d: ArrayLike
    ) -> Callable[[], tuple[list[Float64Array], oracle.Gradients]]:
        z = oracle.pre_activations(self.layers, x)
        gradients = oracle.gradients(self.layers, divergence, x, d)
        return lambda: (z, gradients)

    def local_vjps(
        self,
        divergence: Description,
        d: ArrayLike,
        y: Sequence[ArrayLike],
        z: Sequence[ArrayLike],
        dy: Sequence[ArrayLike],
        dz: Sequence[ArrayLike],
    ) -> Callable[[], list[oracle.LocalVjp]]:
        local = oracle.local_vjps(self.layers, divergence, d, y, z, dy, dz)
        return lambda: local


#: Compiled for each function and shape; takes any size.
PLAIN = Oracle(
    _jacobian,
    _divergence,
    _divergence_of_z,
    oracle.pre_activations,
    oracle.gradients,
    oracle.local_vjps,
    _PlainLayers,
)

#: Compiled once for all; takes what ``oracle.padded`` fits.
PADDED = Oracle(
    padded.jacobian,
    padded.divergence,
    padded.divergence_of_z,
    padded.pre_activations,
    padded.gradients,
    padded.local_vjps,
    padded.PaddedLayers,
)


def together() -> Oracle:
    """The padded oracle for many networks, which are handed over one after the other and worked
    out by few calls.
    """
    return replace(PADDED, network=partial(padded.PaddedLayers, programs=padded.together()))


def screened(check: Callable[[Oracle], Outcome]) -> Outcome:
    """``check`` with the padded oracle; where that finds something, the plain one decides.

    What does not fit the padded one is judged by the plain one alone.
    """
    try:
        return check(PADDED)
    except (Disagreement, oracle.OracleDisagreement, padded.DoesNotFit):
        return check(PLAIN)
