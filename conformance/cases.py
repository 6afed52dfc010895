"""Cases: what a strategy draws and a property judges. Each prints itself as literal Python."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, final

import numpy as np

from reference import Activation, Divergence, Network
from reference.checks import Array


@final
@dataclass(frozen=True)
class ActivationCase:
    """An activation at pre-activations z (..., n), with cotangents dy (..., m)."""

    activation: Activation
    z: Array
    dy: Array

    def __repr__(self) -> str:
        return literal(self)


@final
@dataclass(frozen=True)
class DivergenceCase:
    """A divergence at outputs y (..., n) and targets d (..., n)."""

    divergence: Divergence
    y: Array
    d: Array

    def __repr__(self) -> str:
        return literal(self)


@final
@dataclass(frozen=True)
class FusedCase:
    """An activation and the divergence that it fuses with, at z (T, n) and targets d (T, n)."""

    activation: Activation
    divergence: Divergence
    z: Array
    d: Array

    def __repr__(self) -> str:
        return literal(self)


@final
@dataclass(frozen=True)
class AffineCase:
    """An affine map W (D, C), b (D,), at y (T, C) with cotangents dz (T, D)."""

    W: Array
    b: Array
    y: Array
    dz: Array

    def __repr__(self) -> str:
        return literal(self)


@final
@dataclass(frozen=True)
class NetworkCase:
    """A network with inputs x (T, D_0) and targets d (T, width of y_N) for a divergence."""

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    activations: tuple[Activation, ...]
    divergence: Divergence
    x: Array
    d: Array

    def network(self) -> Network:
        """A new network with these parameters."""
        return Network(
            [W.copy() for W in self.weights], [b.copy() for b in self.biases], self.activations
        )

    def __repr__(self) -> str:
        return literal(self)


def literal(case: Any) -> str:
    """One assignment per field: Python that runs after ``from numpy import *`` and of reference."""
    return "\n".join(f"{f.name} = {_text(getattr(case, f.name))}" for f in fields(case))


def _text(value: object) -> str:
    if isinstance(value, np.ndarray):
        with np.printoptions(floatmode="unique", threshold=value.size + 1):
            return repr(value).replace("\n      ", "\n    ")
    if isinstance(value, tuple):
        return "[" + ", ".join(_text(item) for item in value) + "]"
    return repr(value)
