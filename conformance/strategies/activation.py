"""Activations of the reference, with drawn parameters."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

import reference as ref
from reference import Activation

ACTIVATIONS = (
    "Identity",
    "Sigmoid",
    "Tanh",
    "Softplus",
    "ReLU",
    "LeakyReLU",
    "RandomizedLeakyReLU",
    "Threshold",
    "Softmax",
    "Max",
    "GroupMax",
    "Product",
    "PairwiseProduct",
    "LinearCombination",
    "Polynomial",
)


@cache
def activations(name: str, n: int) -> SearchStrategy[Activation]:
    """An activation of the class ``name`` that takes width n, with drawn parameters.

    The parameters come from few choices: each new one costs the oracle a compilation.
    """
    return _PARAMETERS[name](n)


def _groups(n: int) -> SearchStrategy[Activation]:
    halves = [list(range((n + 1) // 2)), list(range(n // 2, n))]
    return st.sampled_from([[[0]], halves, [list(range(n))[::-1], [n // 2], list(range(n))]]).map(
        ref.GroupMax
    )


def _pairs(n: int) -> SearchStrategy[Activation]:
    chain = [(j, (j + 1) % n) for j in range(n)]
    return st.sampled_from([[(0, n - 1)], [(0, 0)], [*chain, (n - 1, 0)]]).map(ref.PairwiseProduct)


def _products(n: int) -> SearchStrategy[Activation]:
    mixed = [[(l + i) % 3 for i in range(2)] for l in range(n)]
    return st.sampled_from([None, [[1, 2]] + [[1, 0]] * (n - 1), mixed]).map(ref.Product)


def real_powers(n: int) -> SearchStrategy[Activation]:
    """A product with exponents that are not whole, for positive z alone."""
    return st.just(ref.Product([[0.5, -1.0]] + [[1.5, 0.0]] * (n - 1)))


def _polynomials(n: int) -> SearchStrategy[Activation]:
    squares = [[2 if l == k else 0 for l in range(n)] for k in range(n)]
    mixed = [[(l + k) % 3 for l in range(n)] for k in range(3)]
    return st.sampled_from(
        [
            ref.Polynomial(squares, [[1.0] * n]),
            ref.Polynomial([[0] * n, *mixed], [[1.0, -0.5, 2.0, 0.0], [0.0, 1.0, 0.0, -3.0]]),
        ]
    )


def _matrices(n: int) -> SearchStrategy[Activation]:
    wide = [[(i - l) / 2 for l in range(n)] for i in range(n + 1)]
    return st.sampled_from([[[1.0] * n], wide]).map(ref.LinearCombination)


_PARAMETERS: dict[str, Callable[[int], SearchStrategy[Activation]]] = {
    "Identity": lambda n: st.just(ref.Identity()),
    "Sigmoid": lambda n: st.just(ref.Sigmoid()),
    "Tanh": lambda n: st.just(ref.Tanh()),
    "Softplus": lambda n: st.just(ref.Softplus()),
    "ReLU": lambda n: st.just(ref.ReLU()),
    "LeakyReLU": lambda n: st.sampled_from([0.01, 0.5, -0.25]).map(ref.LeakyReLU),
    "RandomizedLeakyReLU": lambda n: st.sampled_from(
        [ref.RandomizedLeakyReLU(), ref.RandomizedLeakyReLU(0.5, 0.5)]
    ),
    "Threshold": lambda n: st.sampled_from([1.0, 0.5, 4.0]).map(ref.Threshold),
    "Softmax": lambda n: st.just(ref.Softmax()),
    "Max": lambda n: st.just(ref.Max()),
    "GroupMax": _groups,
    "Product": _products,
    "PairwiseProduct": _pairs,
    "LinearCombination": _matrices,
    "Polynomial": _polynomials,
}
