"""What Hypothesis draws for the fuzzer: a seed, and from it shape, dtype, regime and numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from ...compare import Float64Array
from ..case import FuzzCase
from . import regimes

#: "kinks" and "edges" depend on the target.
ALL_REGIMES = (*regimes.REGIMES, "kinks", "edges")

#: float64 is where a formula shows; float32 has errors of its own.
DTYPES = (np.float64, np.float64, np.float32)


#: A case is drawn as one whole number, far from all that a program has: among small ones Hypothesis
#: mixes constants of the program that it runs in, so that a seed would mean other cases in another.
SEEDS = (2**100, 2**100 + 2**24 - 1)


def leading_shapes(n: int) -> tuple[tuple[int, ...], ...]:
    """One instance, a batch of one, some rows, as many rows as units, and two leading axes."""
    return ((), (1,), (5,), (n,), (2, 3))


def cases(
    widths: dict[int, int], domain: tuple[float, float], special: dict[int, Float64Array]
) -> SearchStrategy[FuzzCase]:
    """Cases for a target: widths maps n to m; special: rows (K, n) at kinks, by their width."""

    @st.composite
    def case(draw: DrawFn) -> FuzzCase:
        random = np.random.default_rng(draw(st.integers(*SEEDS)))
        n = tuple(widths)[random.integers(len(widths))]
        shapes = leading_shapes(n)
        lead = shapes[random.integers(len(shapes))]
        regime = ALL_REGIMES[random.integers(len(ALL_REGIMES))]
        dtype = DTYPES[random.integers(len(DTYPES))]
        return make(random, lead, n, widths[n], regime, dtype, domain, special)

    return case()


def make(
    random: np.random.Generator,
    lead: tuple[int, ...],
    n: int,
    m: int,
    regime: str,
    dtype: Any,
    domain: tuple[float, float],
    special: dict[int, Float64Array],
) -> FuzzCase:
    """The case with these numbers."""
    rows = special.get(n, np.empty((0, n)))
    z = regimes.numbers(random, regime, (*lead, n), domain, rows)
    dy = regimes.cotangents(random, (*lead, m), dtype)
    return FuzzCase(regimes.in_dtype(z, dtype, domain), dy, regime)
