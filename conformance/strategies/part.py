"""Cases of a part of a network: an activation, a divergence, the two fused, an affine map."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.strategies import DrawFn

import reference as ref
from reference import Divergence

from ..cases import ActivationCase, AffineCase, DivergenceCase, FusedCase
from .activation import activations, real_powers
from .numbers import DTYPES, WIDTHS, arrays, leading_shapes, not_all_equal
from .target import targets


@st.composite
def activation_cases(draw: DrawFn, name: str) -> ActivationCase:
    """An activation of the class ``name`` at drawn z in its domain, with cotangents that differ."""
    n = draw(st.sampled_from(WIDTHS))
    dtype = draw(st.sampled_from(DTYPES))
    activation = draw(activations(name, n))
    if name == "Product" and draw(st.booleans()):
        activation = draw(real_powers(n))
    shape = draw(leading_shapes(n))
    z = draw(arrays((*shape, n), dtype))
    if activation.domain == (0.0, np.inf):
        z = np.where(z == 0, 1, np.abs(z))
    dy = draw(arrays((*shape, activation.output_width(n)), dtype, "ordinary"))
    return ActivationCase(activation, z, not_all_equal(dy))


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
