"""Whole networks, their large arrays from a drawn pool."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import reference as ref

from ..cases import NetworkCase
from . import once
from .activation import ACTIVATIONS, activations
from .numbers import DTYPES
from .pool import POOLS
from .target import targets

#: Activations that multiply: kept narrow, so that a deep network stays within range.
_GROWING = ("Product", "PairwiseProduct", "Polynomial", "LinearCombination")

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
    depth = draw(once.whole(1, max_depth))
    dtype = draw(once.among(*dtypes))
    pool = draw(POOLS)
    width = D0 = draw(once.whole(1, max_width))
    weights, biases, chosen = [], [], []
    last = tuple(name for name in _LAST[divergence] if name in among) or _LAST[divergence]
    for k in range(depth):
        name = draw(once.among(*(last if k == depth - 1 else among)))
        # The softmax of a single output is 1 whatever z is: no gradient would be live.
        smallest = 2 if name == "Softmax" and k == depth - 1 else 1
        D = draw(once.whole(smallest, min(max_width, 4) if name in _GROWING else max_width))
        activation = draw(activations(name, D))
        weights.append(pool((D, width), 1 / np.sqrt(width)).astype(dtype))
        biases.append(pool((D,), 1.0).astype(dtype))
        chosen.append(activation)
        width = activation.output_width(D)
    T = draw(once.whole(1, max_rows))
    x = (pool((T, D0), 1.0) * draw(once.among(*scales))).astype(dtype)
    if divergence == "SquaredError":
        d = pool((T, width), 1.0).astype(dtype)
    else:
        d = draw(targets(divergence, (T, width), dtype))
    return NetworkCase(
        tuple(weights), tuple(biases), tuple(chosen), getattr(ref, divergence)(), x, d
    )
