"""How far a pre-activation is from the next kink of its activation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reference import Activation
from reference.checks import Array
from reference.maximum import GroupMax, Max
from reference.piecewise import LeakyReLU, RandomizedLeakyReLU, ReLU, Threshold

from .compare import Float64Array
from .networks.comparisons import laid_end_to_end


def margin(activation: Activation, z: Float64Array, error: Float64Array) -> float:
    """The smallest distance to a kink over the size of ``error``, the uncertainty of each z.

    Below 1, two sides that know z only within the error may take different branches. Infinite for
    an activation without kinks. z and error: (..., n).
    """
    match activation:
        case ReLU() | LeakyReLU() | RandomizedLeakyReLU():
            return _smallest(np.abs(z), error)
        case Threshold():
            half = activation.width / 2
            distances = [np.abs(z - kink) for kink in (-half, 0.0, half)]
            return min(_smallest(distance, error) for distance in distances)
        case Max():
            return _lead(z, error)
        case GroupMax():
            return min(_lead(z[..., list(g)], error[..., list(g)]) for g in activation.groups)
        case _:
            return np.inf


def flushed_to_a_kink(activations: Sequence[Activation], z: Sequence[Array]) -> bool:
    """Whether some z[k] (..., n) of an activation with kinks is subnormal in float64.

    XLA takes it for 0, and so may find itself on another branch or in a tie; NumPy does not.
    """
    if not _subnormal(laid_end_to_end(z)):
        return False
    return any(
        _subnormal(each) and margin(f, each.astype(np.float64), np.ones(each.shape)) < np.inf
        for f, each in zip(activations, z, strict=True)
    )


def _subnormal(z: Array) -> bool:
    return bool(((z != 0) & (np.abs(z) < np.finfo(np.float64).tiny)).any())


def _lead(z: Float64Array, error: Float64Array) -> float:
    """How far the largest z leads before each other one."""
    winner = z.argmax(axis=-1)[..., None]
    others = np.arange(z.shape[-1]) != winner
    lead = np.take_along_axis(z, winner, axis=-1) - z
    doubt = np.take_along_axis(error, winner, axis=-1) + error
    return _smallest(lead[others], doubt[others])


def _smallest(distance: Float64Array, error: Float64Array) -> float:
    if distance.size == 0:
        return np.inf
    return float((distance / np.maximum(error, np.finfo(float).tiny)).min())
