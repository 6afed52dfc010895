"""A divergence and the activation that it is made for in one, as a function of z.

The explicit path multiplies -d/y by dy/dz, and where y underflows that is inf * 0. Written in z the
quotients cancel, and both value and derivative are finite for every z whose differences are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import numpy as np

from .activation import Activation
from .checks import Array
from .divergence import BinaryKLDivergence, Divergence, KLDivergence, log_where
from .scalar import Sigmoid, Softplus
from .softmax import Softmax


class FusedDivergence(ABC):
    """div(f(z), d) of each row, and its derivative by z."""

    @abstractmethod
    def value(self, z: Array, d: Array) -> Array:
        """div(f(z), d): (..., n), (..., n) -> (...)."""

    @abstractmethod
    def derivative(self, z: Array, d: Array) -> Array:
        """d div / d z_j: (..., n)."""

    def constant(self, d: Array) -> Array:
        """What depends on d alone, and is computed once for a training set: (...) or (..., k)."""
        return np.zeros(d.shape[:-1], d.dtype)

    def value_and_derivative(self, z: Array, d: Array, constant: Array, out: Array) -> Array:
        """div(f(z), d), given its ``constant``, and its derivative in ``out`` (..., n)."""
        out[...] = self.derivative(z, d)
        return constant + self.value(z, d)


@final
@dataclass(frozen=True)
class SoftmaxKL(FusedDivergence):
    """KLDivergence of a Softmax: sum_i d_i (log d_i - log y_i), log y = z - log sum_j exp(z_j)."""

    def value(self, z: Array, d: Array) -> Array:
        """The largest z is subtracted first, so that no exponential overflows."""
        shifted = z - z.max(axis=-1, keepdims=True)
        log_y = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        return (d * (log_where(d > 0, d) - log_y)).sum(axis=-1)

    def derivative(self, z: Array, d: Array) -> Array:
        """y_j sum_i d_i - d_j: y - d, but for the rounding of a target's sum to 1."""
        return Softmax().forward(z) * d.sum(axis=-1, keepdims=True) - d

    def constant(self, d: Array) -> Array:
        """sum_i d_i log d_i, which is 0 for a one-hot d, and sum_i d_i: (..., 2)."""
        return np.stack([(d * log_where(d > 0, d)).sum(axis=-1), d.sum(axis=-1)], axis=-1)

    def value_and_derivative(self, z: Array, d: Array, constant: Array, out: Array) -> Array:
        """Both from one exponential: -sum_i d_i log y_i, and y sum_i d_i - d."""
        entropy, target = constant[..., 0], constant[..., 1]
        np.subtract(z, np.maximum.reduce(z, axis=-1, keepdims=True), out=out)
        expected = np.vecdot(d, out)
        np.exp(out, out=out)
        total = np.add.reduce(out, axis=-1)
        out *= (target / total)[..., None]
        out -= d
        return entropy + target * np.log(total) - expected


@final
@dataclass(frozen=True)
class SigmoidBinaryKL(FusedDivergence):
    """BinaryKLDivergence of a Sigmoid: -log y = softplus(-z), -log(1 - y) = softplus(z)."""

    def value(self, z: Array, d: Array) -> Array:
        """sum_i d_i softplus(-z_i) + (1 - d_i) softplus(z_i)."""
        softplus = Softplus().forward
        return (d * softplus(-z) + (1 - d) * softplus(z)).sum(axis=-1)

    def derivative(self, z: Array, d: Array) -> Array:
        """y - d as y (1 - d) - (1 - y) d, which keeps its digits where y rounds to a d of 1."""
        sigmoid = Sigmoid().forward
        return sigmoid(z) * (1 - d) - sigmoid(-z) * d


def fuse(activation: Activation, divergence: Divergence) -> FusedDivergence | None:
    """The two in one where there is such a form, else None."""
    match activation, divergence:
        case Softmax(), KLDivergence():
            return SoftmaxKL()
        case Sigmoid(), BinaryKLDivergence():
            return SigmoidBinaryKL()
        case _:
            return None
