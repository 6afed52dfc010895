"""Targets d: one-hot, soft or anything, as the divergence takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from reference.checks import Array

from .numbers import arrays
from .once import whole

DIVERGENCES = ("SquaredError", "KLDivergence", "BinaryKLDivergence")

_COIN = st.booleans()


@st.composite
def targets(draw: DrawFn, divergence: str, shape: tuple[int, ...], dtype: Any) -> Array:
    """Targets that the divergence is defined for: one-hot, soft or anything."""
    if divergence == "SquaredError":
        return draw(arrays(shape, dtype, "ordinary"))
    random = np.random.default_rng(draw(whole(0, 2**16)))
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
