"""Small targets to put under test: tanh and softmax by hand, with one thing replaced."""

import jax
import jax.numpy as jnp
import numpy as np

from conformance import fuzz
from reference import ScalarActivation, VectorActivation

#: Enough to see every regime in both dtypes, and some more.
EXAMPLES = 100


class Tanh(ScalarActivation):
    """y = tanh z, y' = 1 - y^2; the oracle is jnp.tanh."""

    def forward(self, z):
        return np.tanh(z)

    def derivative(self, z, y):
        return 1 - y * y


class Softmax(VectorActivation):
    """J = diag(y) - y y^T; the oracle is jax.nn.softmax."""

    def output_width(self, n):
        return n

    def forward(self, z):
        weights = np.exp(z - z.max(axis=-1, keepdims=True))
        return weights / weights.sum(axis=-1, keepdims=True)

    def jacobian(self, z, y):
        return (
            y[..., :, None] * np.eye(y.shape[-1], dtype=y.dtype) - y[..., :, None] * y[..., None, :]
        )


class Max(VectorActivation):
    """y = max z, the first of the tied; the oracle is jnp.max."""

    def output_width(self, n):
        return 1

    def forward(self, z):
        return z.max(axis=-1, keepdims=True)

    def jacobian(self, z, y):
        first = np.arange(z.shape[-1]) == z.argmax(axis=-1, keepdims=True)
        return first[..., None, :].astype(z.dtype)


ORACLES = {Tanh: jnp.tanh, Softmax: jax.nn.softmax, Max: jnp.max}


def with_(base, **methods):
    """A subclass of Tanh, Softmax or Max, with these methods in place of its own."""
    return type(f"Wrong{base.__name__}", (base,), methods)


def verdict(target, max_examples=EXAMPLES, **options):
    """The verdict on a class made of Tanh, Softmax or Max, by the oracle of that."""
    oracle = next(f for base, f in ORACLES.items() if issubclass(target, base))
    return fuzz(target, oracle, max_examples=max_examples, **options)


def wrong(target, check, **options):
    """The verdict on a class in which this check must fail."""
    v = verdict(target, **options)
    assert not v.conforms, str(v)
    assert v.explanation.check == check, str(v)
    return v
