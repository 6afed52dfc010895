"""A layer norm by its vector-Jacobian product alone, as the backward pass of a layer is written."""

import jax.numpy as jnp
import numpy as np

from conformance import fuzz

EPSILON = 1e-5


class LayerNorm:
    """(z - mean) / sqrt(variance + epsilon), row by row."""

    def forward(self, z):
        centred = z - z.mean(axis=-1, keepdims=True)
        return centred / self.deviation(centred)

    def vjp(self, z, y, dy):
        centred = z - z.mean(axis=-1, keepdims=True)
        along = (dy * y).mean(axis=-1, keepdims=True)
        return (dy - dy.mean(axis=-1, keepdims=True) - y * along) / self.deviation(centred)

    def deviation(self, centred):
        variance = (centred * centred).mean(axis=-1, keepdims=True)
        return np.sqrt(variance + centred.dtype.type(EPSILON))


class WithoutMean(LayerNorm):
    """The mean is forgotten on the way back."""

    def vjp(self, z, y, dy):
        centred = z - z.mean(axis=-1, keepdims=True)
        return (dy - y * (dy * y).mean(axis=-1, keepdims=True)) / self.deviation(centred)


def oracle(z):
    """The same of one row, forward only, in JAX."""
    centred = z - z.mean()
    return centred / jnp.sqrt((centred**2).mean() + EPSILON)


print(f"LayerNorm: {fuzz(LayerNorm, oracle).outcome}")
verdict = fuzz(WithoutMean, oracle)
print(f"WithoutMean: {verdict.outcome}, {verdict.explanation.message.split()[0]}")
