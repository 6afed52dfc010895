"""A derivative that is right, one that is wrong, and what is said of each."""

import jax
import numpy as np

from conformance import fuzz


class Swish:
    """z times the sigmoid of z."""

    def forward(self, z):
        return z * self.sigmoid(z)

    def derivative(self, z, y):
        s = self.sigmoid(z)
        return s + y * (1 - s)

    def sigmoid(self, z):
        decay = np.exp(-np.abs(z))
        return np.where(z >= 0, 1, decay) / (1 + decay)


class Hasty(Swish):
    """The same, with a factor that slipped in."""

    def derivative(self, z, y):
        return 2 * super().derivative(z, y)


for activation in (Swish, Hasty):
    verdict = fuzz(activation, oracle=jax.nn.silu)
    print(f"{activation.__name__}: {verdict.outcome}")
    if verdict.explanation is not None:
        print(f"  {verdict.explanation.message}")
        print(f"  {verdict.explanation.likely[0]}")
