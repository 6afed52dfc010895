"""Right activations as open classes: a planted bug overrides one method of one of them."""

from __future__ import annotations

import numpy as np

from reference import ScalarActivation
from reference.checks import Array

from ..functions import gelu, gelu_slope, relu, sigmoid, swish


class Identity(ScalarActivation):
    """y = z, f' = 1."""

    def forward(self, z: Array) -> Array:
        """A copy of z."""
        return z.copy()

    def derivative(self, z: Array, y: Array) -> Array:
        """1."""
        return np.ones_like(z)


class ReLU(ScalarActivation):
    """y = max(z, 0), f' = 1 for z > 0, else 0."""

    def forward(self, z: Array) -> Array:
        """max(z, 0)."""
        return relu(z)

    def derivative(self, z: Array, y: Array) -> Array:
        """1 for z > 0, else 0."""
        return (z > 0).astype(z.dtype)


class Sigmoid(ScalarActivation):
    """y = s(z), f' = y (1 - y)."""

    def forward(self, z: Array) -> Array:
        """1 / (1 + exp(-z))."""
        return sigmoid(z)

    def derivative(self, z: Array, y: Array) -> Array:
        """y (1 - y)."""
        return y * (1 - y)


class Tanh(ScalarActivation):
    """y = tanh(z), f' = 1 - y^2."""

    def forward(self, z: Array) -> Array:
        """tanh(z)."""
        return np.tanh(z)

    def derivative(self, z: Array, y: Array) -> Array:
        """1 - y^2."""
        return 1 - y**2


class SiLU(ScalarActivation):
    """y = z s(z), f' = s(z) + y (1 - s(z))."""

    def forward(self, z: Array) -> Array:
        """z s(z)."""
        return swish(z)

    def derivative(self, z: Array, y: Array) -> Array:
        """s + y (1 - s)."""
        return sigmoid(z) + y * sigmoid(-z)


class GELU(ScalarActivation):
    """y = z Phi(z), f' = Phi(z) + z phi(z)."""

    def forward(self, z: Array) -> Array:
        """z Phi(z)."""
        return gelu(z)

    def derivative(self, z: Array, y: Array) -> Array:
        """Phi(z) + z phi(z)."""
        return gelu_slope(z)
