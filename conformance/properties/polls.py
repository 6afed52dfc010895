"""The polls of the lecture as executable facts (slides 25-26, 91-92, 116-117, 160-161)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

import oracle
from reference import (
    Activation,
    Function,
    InfluenceDiagram,
    LinearCombination,
    Max,
    PairwiseProduct,
    Softmax,
    Tanh,
)
from reference.checks import Array
from reference.descent import step

from ..cases import NetworkCase, literal
from ..compare import compare, require
from ..networks.describe import describe
from ..property import Outcome, Property
from ..strategies import arrays, network_cases
from ..tolerance import tolerance


@final
@dataclass(frozen=True)
class CompositionCase:
    """Y = F(G(H(x))) for three activations that fit, at x (n,)."""

    F: Activation
    G: Activation
    H: Activation
    x: Array

    def __repr__(self) -> str:
        return literal(self)


def _fractions() -> SearchStrategy[float]:
    return st.integers(-32, 32).map(lambda i: i / 8)


def derivative_sums_over_outgoing_paths(numbers: list[float]) -> Outcome:
    """Poll 1: dy = f' dx gives the chain rule, and the derivative adds up over all outgoing paths.

    x influences l through z_i = a_i x^2, and l = sum_i z_i^2: dl/dx = sum_i (2 z_i) (2 a_i x).
    """
    x, *a = numbers
    z = [
        Function(f"z{i}", ("x",), lambda x, a_i=a_i: a_i * x * x, lambda x, a_i=a_i: (2 * a_i * x,))
        for i, a_i in enumerate(a)
    ]
    total = Function(
        "l",
        tuple(f.name for f in z),
        lambda *values: sum(v * v for v in values),
        lambda *values: tuple(2 * v for v in values),
    )
    diagram = InfluenceDiagram.of_functions({"x": x}, [*z, total])
    expected = sum(4 * a_i * a_i * x**3 for a_i in a)
    got = np.asarray(diagram.derivative("l", "x"))
    require(len(list(diagram.paths("x", "l"))) == len(a), f"x must reach l along {len(a)} paths")
    size = tolerance(np.asarray(abs(expected)), float)
    swept = np.asarray(diagram.derivatives("l")["x"])
    worst = max(compare("dl/dx", got, expected, size), compare("swept", swept, expected, size))
    return Outcome(worst, live=bool(expected))


def backprop_computes_what_descent_uses(case: NetworkCase) -> Outcome:
    """Poll 2: backprop computes derivatives and changes nothing; descent uses them to update."""
    network = case.network()
    gradients = network.gradients(case.x, case.d, case.divergence)
    for W, original, slopes in zip(network.weights, case.weights, gradients.weights, strict=True):
        require(np.array_equal(W, original), "backprop must not update the weights")
        moved = not np.array_equal(step(W, slopes, 1.0), W)
        lost = np.abs(slopes).max() <= np.finfo(W.dtype).eps * np.abs(W).max()
        require(
            moved or bool(lost), "a step along a gradient that is not 0 must update the weights"
        )
    return Outcome(live=bool(gradients.weights[0].any()))


def max_derivative_is_at_the_largest(order: list[int]) -> Outcome:
    """Poll 3: at z = (1, 2, 3) the derivative of max z is (0, 0, 1), and so in any order."""
    z = np.array(order, dtype=np.float64)
    expected = np.array([[1.0 if value == 3 else 0.0 for value in order]])
    return Outcome(compare("jacobian", Max().jacobian(z, Max().forward(z)), expected, 0.0), True)


def outer_jacobian_comes_first(case: CompositionCase) -> Outcome:
    """Poll 4: for Y = F(G(H(x))) the derivative is J_F J_G J_H, in this order."""
    h = case.H.forward(case.x)
    g = case.G.forward(h)
    y = case.F.forward(g)
    J_H = case.H.jacobian(case.x, h)
    J_G, J_F = case.G.jacobian(h, g), case.F.jacobian(g, y)
    true = oracle.jacobian(
        oracle.composition([describe(f) for f in (case.H, case.G, case.F)]), case.x
    )
    scale = np.abs(J_F) @ np.abs(J_G) @ np.abs(J_H) + np.abs(y).max()
    worst = compare("J_F J_G J_H", J_F @ J_G @ J_H, true, tolerance(scale, float, 512))
    return Outcome(worst, live=bool(true.any()))


@st.composite
def composition_cases(draw: DrawFn) -> CompositionCase:
    """Activations that change the width: 2 -> 3, then softmax or tanh, then 3 -> 4."""
    H = LinearCombination([[1.0, 0.5], [-0.5, 2.0], [1.5, -1.0]])
    G = draw(st.sampled_from([Softmax(), Tanh()]))
    F = PairwiseProduct([(0, 1), (1, 2), (2, 0), (2, 2)])
    return CompositionCase(F, G, H, draw(arrays((2,), np.float64, "ordinary")))


POLL_PROPERTIES = (
    Property(
        "poll.1",
        "the chain rule adds up over all outgoing paths",
        3,
        st.lists(_fractions(), min_size=2, max_size=6),
        derivative_sums_over_outgoing_paths,
    ),
    Property(
        "poll.2",
        "backprop computes derivatives, descent uses them",
        6,
        network_cases("SquaredError", max_depth=3, max_width=4, scales=(1.0,)),
        backprop_computes_what_descent_uses,
    ),
    Property(
        "poll.3",
        "at (1, 2, 3) the derivative of max is (0, 0, 1)",
        9,
        st.permutations([1, 2, 3]),
        max_derivative_is_at_the_largest,
    ),
    Property(
        "poll.4",
        "derivative of F(G(H(x))) = J_F J_G J_H",
        12,
        composition_cases(),
        outer_jacobian_comes_first,
    ),
)
