"""What several tests share: every activation with an input that it takes, and a witness."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from reference import (
    Activation,
    GroupMax,
    Identity,
    LeakyReLU,
    LinearCombination,
    Max,
    PairwiseProduct,
    Polynomial,
    Product,
    RandomizedLeakyReLU,
    ReLU,
    Sigmoid,
    Softmax,
    Softplus,
    Tanh,
    Threshold,
)
from reference.checks import Array

#: Each takes z of width 4.
ACTIVATIONS: list[Activation] = [
    Identity(),
    Sigmoid(),
    Tanh(),
    Softplus(),
    ReLU(),
    LeakyReLU(slope=0.2),
    RandomizedLeakyReLU(low=0.1, high=0.4, seed=3),
    Threshold(width=0.5),
    Softmax(),
    Max(),
    GroupMax(groups=((2, 0), (1, 3, 2), (0,), (3, 1))),
    Product(),
    Product(exponents=((1, 2), (0, 3), (2, 0), (1, 1))),
    Product(exponents=((0.5, -1), (1.5, 0), (-2, 1), (0, 2.5))),
    PairwiseProduct(pairs=((0, 1), (2, 2), (3, 1))),
    LinearCombination(matrix=((1, -2, 0.5, 3), (0, 1, -1, 2))),
    Polynomial(
        exponents=((2, 1, 0, 0), (0, 0, 0, 0), (0, 1, 1, 3)),
        coefficients=((1, -2, 0.5), (3, 4, 0)),
    ),
]


def draw(f: Activation, *shape: int, seed: int = 0, dtype: type = np.float64) -> Array:
    """Normal z of this shape, in the domain of f."""
    z = np.random.default_rng(seed).normal(size=shape)
    return (z if np.isinf(f.domain[0]) else np.abs(z) + 0.5).astype(dtype)


def differences(function: Callable[[Array], Array | float], x: Array, h: float = 1e-3) -> Array:
    """d function_i / d x_j, shape (*i, *j), by central differences without their h^2 term."""

    def slope(j: tuple[int, ...], h: float) -> Array:
        step = np.zeros_like(x)
        step[j] = h
        return (np.asarray(function(x + step)) - np.asarray(function(x - step))) / (2 * h)

    columns = [(4 * slope(j, h / 2) - slope(j, h)) / 3 for j in np.ndindex(x.shape)]
    return np.stack(columns, axis=-1).reshape((*columns[0].shape, *x.shape))


def exactly(message: str) -> str:
    """A pattern for ``pytest.raises``: this message and nothing else."""
    return f"^{re.escape(message)}$"
