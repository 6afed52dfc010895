"""Scalar activations that are differentiable everywhere, stable for every z.

Each derivative is written so that it is accurate in the tails too: 1 - y and 1 - y^2 lose every
digit once y rounds to 1, exp(-|z|) does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from .activation import ScalarActivation
from .checks import Array


@final
@dataclass(frozen=True)
class Identity(ScalarActivation):
    """f(z) = z, f'(z) = 1: a layer that is affine only."""

    def forward(self, z: Array) -> Array:
        """y = z, in an array of its own."""
        return z.copy()

    def derivative(self, z: Array, y: Array) -> Array:
        """1 everywhere."""
        return np.ones_like(z)


@final
@dataclass(frozen=True)
class Sigmoid(ScalarActivation):
    """f(z) = 1 / (1 + exp(-z)), f'(z) = f(z) f(-z)."""

    def forward(self, z: Array) -> Array:
        """exp(-|z|) cannot overflow; for z < 0 the fraction is written with exp(z) above."""
        decay = np.exp(-np.abs(z))
        return np.where(z >= 0, 1, decay) / (1 + decay)

    def derivative(self, z: Array, y: Array) -> Array:
        """exp(-|z|) / (1 + exp(-|z|))^2, which is even in z."""
        decay = np.exp(-np.abs(z))
        return decay / (1 + decay) ** 2


@final
@dataclass(frozen=True)
class Tanh(ScalarActivation):
    """f(z) = tanh(z), f'(z) = 1 - tanh(z)^2 = 4 / (exp(z) + exp(-z))^2."""

    def forward(self, z: Array) -> Array:
        """y = tanh(z)."""
        return np.tanh(z)

    def derivative(self, z: Array, y: Array) -> Array:
        """4 exp(-2|z|) / (1 + exp(-2|z|))^2, which is even in z."""
        decay = np.exp(-2 * np.abs(z))
        return 4 * decay / (1 + decay) ** 2


@final
@dataclass(frozen=True)
class Softplus(ScalarActivation):
    """f(z) = log(1 + exp(z)), f'(z) = 1 / (1 + exp(-z)), the sigmoid."""

    def forward(self, z: Array) -> Array:
        """max(z, 0) + log(1 + exp(-|z|)), which cannot overflow."""
        return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))

    def derivative(self, z: Array, y: Array) -> Array:
        """The sigmoid of z."""
        return Sigmoid().forward(z)
