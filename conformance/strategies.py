"""What Hypothesis draws: numbers in regimes, activations, divergences, architectures, inputs.

For properties of your own: ``pre_activations`` and ``cotangents`` are arrays for a function that
you wrote, ``activation_cases``, ``divergence_cases``, ``fused_cases``, ``affine_cases`` and
``network_cases`` are whole cases of ``reference``; what these are made of is public too. Every
regime is a way in which gradients are known to go wrong: ties, exact zeros, kinks, tiny and large.

Numbers come from short lists or are short themselves, so that a shrunk counterexample is readable.
The arrays of a network are too large to draw number by number: they are taken from a drawn pool
with a drawn seed, and shrink towards a small pool, small shapes and seed 0.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.strategies import DrawFn, SearchStrategy

import reference as ref
from reference import Activation, Divergence
from reference.checks import Array

from .cases import ActivationCase, AffineCase, DivergenceCase, FusedCase, NetworkCase

__all__ = [
    "ACTIVATIONS",
    "DIVERGENCES",
    "DTYPES",
    "REGIMES",
    "SCALES",
    "WIDTHS",
    "activation_cases",
    "activations",
    "affine_cases",
    "arrays",
    "cotangents",
    "divergence_cases",
    "fused_cases",
    "leading_shapes",
    "network_cases",
    "pools",
    "pre_activations",
    "regimes",
    "targets",
]

WIDTHS = (1, 2, 3, 4, 6, 9)
DTYPES = (np.float64, np.float32)

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
DIVERGENCES = ("SquaredError", "KLDivergence", "BinaryKLDivergence")

_short = st.integers(-256, 256).map(lambda i: i / 64)

#: Where the numbers of an array come from.
REGIMES: dict[str, SearchStrategy[float]] = {
    "ordinary": _short,
    "ties": st.sampled_from([0.0, 1.0, -1.0]),
    "kinks": st.sampled_from([0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 2.0]),
    "zeros": st.one_of(st.just(0.0), _short),
    "tiny": st.sampled_from([0.0, 1e-3, -1e-8, 1e-30, -1e-30, 1e-300, -1e-300]),
    "large": st.sampled_from([1.0, 40.0, -40.0, 100.0, -100.0, 750.0, -750.0, 1e3, -1e4, 1e4]),
}


@cache  # a strategy is checked anew each time that it is made
def _whole(low: int, high: int) -> SearchStrategy[int]:
    return st.integers(low, high)


@cache
def _among(*choices: Any) -> SearchStrategy[Any]:
    return st.sampled_from(choices)


def regimes() -> SearchStrategy[str]:
    """One of the regimes; shrinks to ordinary."""
    return st.sampled_from(list(REGIMES))


@st.composite
def arrays(draw: DrawFn, shape: tuple[int, ...], dtype: Any, regime: str | None = None) -> Array:
    """An array of a drawn regime, number by number: for shapes of up to a hundred."""
    name = draw(regimes()) if regime is None else regime
    wide = draw(hnp.arrays(np.float64, shape, elements=REGIMES[name], fill=st.nothing()))
    return wide.astype(dtype)


def leading_shapes(n: int) -> SearchStrategy[tuple[int, ...]]:
    """A single instance, a batch of one, of two, as many rows as units, and two leading axes."""
    return st.sampled_from([(), (1,), (2,), (n,), (2, 3)])


@st.composite
def pre_activations(
    draw: DrawFn,
    width: int,
    dtype: Any = np.float64,
    domain: tuple[float, float] = (-np.inf, np.inf),
) -> Array:
    """z (..., width) inside the open interval ``domain``, of a drawn regime and leading shape.

    Number by number: it shrinks to one row of short literals. Numbers outside the domain are
    reflected at its edges; a domain that has an edge has one more regime, the numbers next to it.
    """
    shape = (*draw(leading_shapes(width)), width)
    edges = _beside(dtype, domain)
    choices = REGIMES | ({"edges": st.sampled_from([0.0, 1.0, *edges])} if edges else {})
    elements = choices[draw(st.sampled_from(list(choices)))].map(_inside(dtype, domain))
    return draw(hnp.arrays(np.float64, shape, elements=elements, fill=st.nothing())).astype(dtype)


def _beside(dtype: Any, domain: tuple[float, float]) -> list[float]:
    """A rounding and a millionth inside of each edge that is finite."""
    return [
        edge + inwards * step * max(1.0, abs(edge))
        for edge, inwards in zip(domain, (1.0, -1.0), strict=True)
        for step in (1e-6, float(np.finfo(dtype).eps))
        if np.isfinite(edge)
    ]


def _inside(dtype: Any, domain: tuple[float, float]) -> Callable[[float], float]:
    """How a number comes into an open interval: reflected; what would be an edge is far inside."""
    low, high = domain
    if not low < high:
        raise ValueError(f"domain must be (low, high) with low < high, got {domain!r}")
    width = high - low
    far = low + (width / 2 if np.isfinite(width) else 1.0) if np.isfinite(low) else high - 1.0

    def inside(x: float) -> float:
        if not low < x < high and np.isfinite(width):
            x = low + abs((x - low + width) % (2 * width) - width)
        elif not low < x < high:
            x = 2 * (low if x <= low else high) - x
        x = float(np.dtype(dtype).type(x))
        return x if low < x < high else far

    return inside


#: Numbers of a cotangent: whole ones first, to which it shrinks, then sixteenths and large ones.
_COTANGENT = st.one_of(
    st.sampled_from(sorted(map(float, range(-4, 5)), key=abs)),
    st.sampled_from(sorted((i / 16 for i in range(-64, 65)), key=abs)),
    st.sampled_from([1e-3, -1e-3, 250.0, -250.0, 1e3, -1e3]),
)


@st.composite
def cotangents(draw: DrawFn, shape: tuple[int, ...], dtype: Any = np.float64) -> Array:
    """dy of a shape, up to 1e3, number by number: never all equal, and a single one is never 0.

    A vjp that mixes up rows or entries may be right for equal cotangents.
    """
    dy = draw(hnp.arrays(np.float64, shape, elements=_COTANGENT, fill=st.nothing()))
    return _not_all_equal(dy).astype(dtype)


def _not_all_equal(dy: Array) -> Array:
    """dy, whose first number is another one where all were equal, or its only one 0."""
    if dy.size > 1 and (dy == dy.flat[0]).all():
        dy.flat[0] = 2.0 if dy.flat[0] == 1.0 else 1.0
    if dy.size == 1 and not dy.any():
        dy.flat[0] = 1.0
    return dy


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


def _real_powers(n: int) -> SearchStrategy[Activation]:
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


@st.composite
def activation_cases(draw: DrawFn, name: str) -> ActivationCase:
    """An activation of the class ``name`` at drawn z in its domain, with cotangents that differ."""
    n = draw(st.sampled_from(WIDTHS))
    dtype = draw(st.sampled_from(DTYPES))
    activation = draw(activations(name, n))
    if name == "Product" and draw(st.booleans()):
        activation = draw(_real_powers(n))
    shape = draw(leading_shapes(n))
    z = draw(arrays((*shape, n), dtype))
    if activation.domain == (0.0, np.inf):
        z = np.where(z == 0, 1, np.abs(z))
    dy = draw(arrays((*shape, activation.output_width(n)), dtype, "ordinary"))
    return ActivationCase(activation, z, _not_all_equal(dy))


_COIN = st.booleans()


@st.composite
def targets(draw: DrawFn, divergence: str, shape: tuple[int, ...], dtype: Any) -> Array:
    """Targets that the divergence is defined for: one-hot, soft or anything."""
    if divergence == "SquaredError":
        return draw(arrays(shape, dtype, "ordinary"))
    random = np.random.default_rng(draw(_whole(0, 2**16)))
    soft = draw(_COIN)
    if divergence == "BinaryKLDivergence":
        d = random.integers(0, 9, shape) / 8 if soft else random.integers(0, 2, shape)
        return np.asarray(d, dtype=dtype)
    if not soft:
        return np.eye(shape[-1], dtype=dtype)[random.integers(0, shape[-1], shape[:-1])]
    # Sixteenths that sum to exactly 1, some of them 0 where there are many units.
    return (random.multinomial(16, np.full(shape[-1], 1 / shape[-1]), shape[:-1]) / 16).astype(
        dtype
    )


@st.composite
def divergence_cases(draw: DrawFn, name: str) -> DivergenceCase:
    """A divergence at outputs inside its range, close to the edges too."""
    n = draw(st.sampled_from(WIDTHS))
    dtype = draw(st.sampled_from(DTYPES))
    shape = (*draw(leading_shapes(n)), n)
    if name == "SquaredError":
        y = draw(arrays(shape, dtype))
    else:
        inner = st.integers(1, 63).map(lambda i: i / 64)
        edges = st.sampled_from([1e-30, 1e-6, 1 / 2, 1 - 2.0**-20])
        elements = draw(st.sampled_from([inner, edges]))
        y = draw(hnp.arrays(np.float64, shape, elements=elements, fill=st.nothing())).astype(dtype)
    divergence: Divergence = getattr(ref, name)()
    return DivergenceCase(divergence, y, draw(targets(name, shape, dtype)))


@st.composite
def fused_cases(draw: DrawFn, activation: str, divergence: str) -> FusedCase:
    """Logits in every regime, to 1e4, with targets."""
    n, T = draw(st.sampled_from(WIDTHS)), draw(st.integers(1, 4))
    dtype = draw(st.sampled_from(DTYPES))
    z = draw(arrays((T, n), dtype))
    d = draw(targets(divergence, (T, n), dtype))
    return FusedCase(getattr(ref, activation)(), getattr(ref, divergence)(), z, d)


@st.composite
def affine_cases(draw: DrawFn) -> AffineCase:
    """An affine map with a batch and cotangents."""
    D, C, T = (draw(st.integers(1, 6)) for _ in range(3))
    dtype = draw(st.sampled_from(DTYPES))
    W, b = draw(arrays((D, C), dtype)), draw(arrays((D,), dtype))
    return AffineCase(W, b, draw(arrays((T, C), dtype)), draw(arrays((T, D), dtype, "ordinary")))


#: The inputs x of a network are scaled by one of these: ordinary, tiny, large.
SCALES = (1.0, 0.125, 1e-3, 40.0, 1e-30, 1e4)

#: The last activations after which a divergence is finite: inside (0, inf) and (0, 1).
_LAST = {
    "SquaredError": ACTIVATIONS,
    "KLDivergence": ("Softmax", "Sigmoid", "Softplus"),
    "BinaryKLDivergence": ("Sigmoid", "Softmax"),
}


@st.composite
def network_cases(
    draw: DrawFn,
    divergence: str,
    max_depth: int = 6,
    max_width: int = 16,
    max_rows: int = 8,
    among: tuple[str, ...] = ACTIVATIONS,
    dtypes: tuple[Any, ...] = DTYPES,
    scales: tuple[float, ...] = SCALES,
) -> NetworkCase:
    """A network of drawn depth, widths and activations, with a batch and its targets."""
    depth = draw(_whole(1, max_depth))
    dtype = draw(_among(*dtypes))
    pool = draw(_POOLS)
    width = D0 = draw(_whole(1, max_width))
    weights, biases, chosen = [], [], []
    last = tuple(name for name in _LAST[divergence] if name in among) or _LAST[divergence]
    for k in range(depth):
        name = draw(_among(*(last if k == depth - 1 else among)))
        # The softmax of a single output is 1 whatever z is: no gradient would be live.
        smallest = 2 if name == "Softmax" and k == depth - 1 else 1
        D = draw(_whole(smallest, min(max_width, 4) if name in _GROWING else max_width))
        activation = draw(activations(name, D))
        weights.append(pool((D, width), 1 / np.sqrt(width)).astype(dtype))
        biases.append(pool((D,), 1.0).astype(dtype))
        chosen.append(activation)
        width = activation.output_width(D)
    T = draw(_whole(1, max_rows))
    x = (pool((T, D0), 1.0) * draw(_among(*scales))).astype(dtype)
    if divergence == "SquaredError":
        d = pool((T, width), 1.0).astype(dtype)
    else:
        d = draw(targets(divergence, (T, width), dtype))
    return NetworkCase(
        tuple(weights), tuple(biases), tuple(chosen), getattr(ref, divergence)(), x, d
    )


#: Activations that multiply: kept narrow, so that a deep network stays within range.
_GROWING = ("Product", "PairwiseProduct", "Polynomial", "LinearCombination")

Pool = Callable[[tuple[int, ...], float], Array]


@st.composite
def pools(draw: DrawFn) -> Pool:
    """A source of short numbers: whole (exact arithmetic, ties and kinks), fractions, or sparse."""
    random = np.random.default_rng(draw(_whole(0, 2**16)))
    kind = draw(_among("fractions", "whole", "sparse"))

    def take(shape: tuple[int, ...], size: float) -> Array:
        if kind == "whole":
            return random.integers(-1, 2, shape).astype(np.float64)
        numbers = np.round(random.normal(0, size, shape) * 64) / 64
        return numbers * random.integers(0, 2, shape) if kind == "sparse" else numbers

    return take


_POOLS = pools()
