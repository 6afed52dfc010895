"""Pools: arrays of short numbers from one drawn seed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from reference.checks import Array

from .once import among, whole

Pool = Callable[[tuple[int, ...], float], Array]


@st.composite
def pools(draw: DrawFn) -> Pool:
    """A source of short numbers: whole (exact arithmetic, ties and kinks), fractions, or sparse."""
    random = np.random.default_rng(draw(whole(0, 2**16)))
    kind = draw(among("fractions", "whole", "sparse"))

    def take(shape: tuple[int, ...], size: float) -> Array:
        if kind == "whole":
            return random.integers(-1, 2, shape).astype(np.float64)
        numbers = np.round(random.normal(0, size, shape) * 64) / 64
        return numbers * random.integers(0, 2, shape) if kind == "sparse" else numbers

    return take


POOLS = pools()
