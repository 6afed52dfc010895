"""Descent: the step, the minimum, the lowered loss and the lecture's training (parts 2 and 14)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from reference import Network, Trainer, minimize, neuron
from reference.checks import Array
from reference.descent import step, step_by_component

from ..cases import NetworkCase, literal
from ..compare import compare, require
from ..property import Outcome, Property
from ..strategies import DTYPES, arrays, network_cases
from ..tolerance import tolerance

SMOOTH = ("Identity", "Sigmoid", "Tanh", "Softplus", "Softmax")


@final
@dataclass(frozen=True)
class DescentCase:
    """Parameters w and a gradient of their shape, with a step size."""

    w: Array
    gradient: Array
    eta: float

    def __repr__(self) -> str:
        return literal(self)


@final
@dataclass(frozen=True)
class QuadraticCase:
    """f(w) = 1/2 sum_i a_i (w_i - c_i)^2, whose minimum is c; every a_i is positive."""

    a: Array
    c: Array
    start: Array

    def __repr__(self) -> str:
        return literal(self)


@st.composite
def descent_cases(draw: DrawFn) -> DescentCase:
    """Parameters of one or two axes."""
    shape = draw(st.sampled_from([(1,), (3,), (2, 3)]))
    dtype = draw(st.sampled_from(DTYPES))
    w, gradient = draw(arrays(shape, dtype, "ordinary")), draw(arrays(shape, dtype))
    return DescentCase(w, gradient, draw(st.sampled_from([0.1, 1.0, 1e-3])))


@st.composite
def quadratic_cases(draw: DrawFn) -> QuadraticCase:
    """Convex quadratics of up to four variables with a condition number of up to 8."""
    n = draw(st.integers(1, 4))
    a = np.array(draw(st.lists(st.sampled_from([0.5, 1.0, 2.0, 4.0]), min_size=n, max_size=n)))
    return QuadraticCase(
        a, draw(arrays((n,), float, "ordinary")), draw(arrays((n,), float, "ordinary"))
    )


def vector_step_is_component_steps(case: DescentCase) -> Outcome:
    """w - eta grad f(w) in one go = for every component i."""
    stepped = step(case.w, case.gradient, case.eta)
    by_component = step_by_component(case.w, case.gradient, case.eta)
    scale = np.abs(case.w) + case.eta * np.abs(case.gradient)
    require(stepped.dtype == case.w.dtype, f"a step must keep {case.w.dtype}, got {stepped.dtype}")
    worst = compare("step", stepped, by_component, tolerance(scale, case.w.dtype, 2))
    expected = case.w.astype(float) - case.eta * case.gradient.astype(float)
    worst = max(worst, compare("step", stepped, expected, tolerance(scale, case.w.dtype)))
    return Outcome(worst, live=bool(case.gradient.any()))


def minimize_finds_the_minimum(case: QuadraticCase) -> Outcome:
    """Descent with eta = 1 / max a converges to c; each step shrinks w_i - c_i by 1 - eta a_i."""
    a, c, start = case.a, case.c, case.start
    eta = 1 / a.max()
    found = minimize(
        lambda w: 0.5 * float(a @ (w - c) ** 2),
        lambda w: a * (w - c),
        start,
        step_size=eta,
        epsilon=0.0,
    )
    require(found.converged, f"descent must converge, got {found.iterations} iterations")
    after = minimize(
        lambda w: 0.5 * float(a @ (w - c) ** 2),
        lambda w: a * (w - c),
        start,
        step_size=lambda k: eta,
        max_iterations=3,
        epsilon=0.0,
    )
    expected = c + (1 - eta * a) ** after.iterations * (start - c)
    scale = tolerance(np.abs(c) + np.abs(start), float)
    return Outcome(
        max(compare("w after 3 steps", after.w, expected, scale), compare("w", found.w, c, 1e-7)),
        live=bool((start != c).any()),
    )


def a_step_lowers_a_smooth_loss(case: NetworkCase) -> Outcome:
    """Along the gradient g the loss has slope ||g||^2, and a small step against it lowers the loss.

    The slope is measured by Richardson-extrapolated central differences of the hand-written loss,
    which know nothing of any derivative.
    """
    network = case.network()
    gradients = network.gradients(case.x, case.d, case.divergence)
    squares = sum(float((g**2).sum()) for g in (*gradients.weights, *gradients.biases))
    assume(squares > 1e-6)

    def loss_at(t: float) -> float:
        moved = Network(
            [W + t * g for W, g in zip(network.weights, gradients.weights, strict=True)],
            [b + t * g for b, g in zip(network.biases, gradients.biases, strict=True)],
            network.activations,
        )
        return moved.loss(case.x, case.d, case.divergence)

    h = 1e-3 / max(1.0, squares**0.5)
    coarse = (loss_at(h) - loss_at(-h)) / (2 * h)
    fine = (loss_at(h / 2) - loss_at(-h / 2)) / h
    finest = (loss_at(h / 4) - loss_at(-h / 4)) / (h / 2)
    better, best = (4 * fine - coarse) / 3, (4 * finest - fine) / 3
    slope = (16 * best - better) / 15
    # The extrapolation's last change bounds its error; a difference of losses loses eps |loss| / h.
    rounding = 16 * float(np.finfo(float).eps) * (1 + abs(gradients.loss)) / h
    worst = compare("slope", np.asarray(slope), squares, abs(best - better) + rounding)
    lowered = loss_at(-h)
    require(lowered < gradients.loss, f"a step must lower {gradients.loss}, got {lowered}")
    return Outcome(worst, live=True)


def training_is_the_lectures(case: NetworkCase) -> Outcome:
    """One epoch on the full batch = the lecture's loop: accumulate over instances, then step."""
    network, T, eta = case.network(), len(case.x), 0.125
    w = neuron.extended_weights(network.weights, network.biases)
    total = 0.0
    sums = [[[0.0] * len(row) for row in layer] for layer in w]
    largest = 0.0
    for x, d in zip(case.x, case.d, strict=True):
        z, y = neuron.forward(w, network.activations, x)
        dots = neuron.backward(w, network.activations, z, y, d, case.divergence)
        total += dots.divergence
        for k, layer in enumerate(dots.w_dot):
            for i, row in enumerate(layer):
                for j, dot in enumerate(row):
                    sums[k][i][j] += dot
                    largest = max(largest, abs(dot))
    assume(np.isfinite(total) and largest < 1e6)
    weights, biases = neuron.matrix_gradients(sums)
    trained = case.network()
    history = Trainer(trained, case.divergence, step_size=eta, max_epochs=1).fit(case.x, case.d)
    worst = compare("loss", np.asarray(history.loss[0]), total / T, 1e-11 * (1 + abs(total)))
    for k in range(len(weights)):
        for what, got, old, slopes in (
            (f"weights[{k}]", trained.weights[k], case.weights[k], weights[k]),
            (f"biases[{k}]", trained.biases[k], case.biases[k], biases[k]),
        ):
            expected = old - eta / T * slopes
            allowed = tolerance(np.abs(old) + 16 * largest, float)
            worst = max(worst, compare(what, got, expected, allowed))
    return Outcome(worst, live=largest > 0)


_SMOOTH_NETWORKS = network_cases(
    "SquaredError", 3, 4, 3, among=SMOOTH, dtypes=(np.float64,), scales=(1.0,)
)

DESCENT_PROPERTIES = (
    Property(
        "step.Vector",
        "vector step = component steps",
        2,
        descent_cases(),
        vector_step_is_component_steps,
    ),
    Property(
        "minimize.Quadratic",
        "descent finds a known minimum",
        2,
        quadratic_cases(),
        minimize_finds_the_minimum,
    ),
    Property(
        "descent.SmoothLoss",
        "a small step lowers the loss at the slope |g|^2",
        14,
        _SMOOTH_NETWORKS,
        a_step_lowers_a_smooth_loss,
    ),
    Property(
        "training.Trainer",
        "an epoch = the lecture's loop over instances",
        14,
        _SMOOTH_NETWORKS,
        training_is_the_lectures,
    ),
)
