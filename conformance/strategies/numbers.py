"""Numbers: in regimes, inside a domain, and cotangents; drawn one by one, so that they shrink."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.strategies import DrawFn, SearchStrategy

from reference.checks import Array

WIDTHS = (1, 2, 3, 4, 6, 9)
DTYPES = (np.float64, np.float32)

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
    return not_all_equal(dy).astype(dtype)


def not_all_equal(dy: Array) -> Array:
    """dy, whose first number is another one where all were equal, or its only one 0."""
    if dy.size > 1 and (dy == dy.flat[0]).all():
        dy.flat[0] = 2.0 if dy.flat[0] == 1.0 else 1.0
    if dy.size == 1 and not dy.any():
        dy.flat[0] = 1.0
    return dy
