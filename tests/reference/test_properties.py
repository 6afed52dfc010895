"""Laws of networks and activations at whatever Hypothesis draws."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("hypothesis")

from hypothesis import given
from hypothesis import strategies as st

from reference import KLDivergence, Network, Sigmoid, Softmax, Softplus, SquaredError, Tanh
from reference.neuron import backward, extended_weights, forward, matrix_gradients

from .cases import ACTIVATIONS

logits = st.floats(-1e4, 1e4)


@st.composite
def problems(draw):
    """A network of smooth layers, with rows of x and targets that are distributions."""
    widths = draw(st.lists(st.integers(1, 5), min_size=2, max_size=4))
    smooth = st.sampled_from([Sigmoid(), Tanh(), Softplus(), Softmax()])
    layers = [(n, draw(smooth)) for n in widths[1:-1]] + [(widths[-1], Softmax())]
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    network = Network.initialize(widths[0], layers, seed=draw(st.integers(0, 2**32)))
    network.biases = [random.normal(size=b.shape) for b in network.biases]
    T = draw(st.integers(1, 4))
    x, d = random.normal(size=(T, widths[0])), random.dirichlet(np.ones(widths[-1]), T)
    return network, x, d, draw(st.sampled_from([SquaredError(), KLDivergence()]))


@given(problems())
def test_the_matrices_equal_the_loops_averaged_over_the_rows(problem):
    network, x, d, divergence = problem
    g = network.gradients(x, d, divergence)
    w = extended_weights(network.weights, network.biases)
    rows = []
    for x_t, d_t in zip(x, d, strict=True):
        z, y = forward(w, network.activations, x_t)
        dots = backward(w, network.activations, z, y, d_t, divergence)
        rows.append(matrix_gradients(dots.w_dot))
    for k in range(len(network.weights)):
        by_W = np.mean([weights[k] for weights, _ in rows], axis=0)
        by_b = np.mean([biases[k] for _, biases in rows], axis=0)
        np.testing.assert_allclose(g.weights[k], by_W, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(g.biases[k], by_b, rtol=1e-9, atol=1e-12)


@given(problems())
def test_the_loss_changes_along_the_input_as_the_gradient_says(problem):
    network, x, d, divergence = problem
    along = np.random.default_rng(0).normal(size=x.shape)

    def slope(h):
        return (
            network.loss(x + h * along, d, divergence) - network.loss(x - h * along, d, divergence)
        ) / (2 * h)

    expected = (network.gradients(x, d, divergence).input * along).sum()
    np.testing.assert_allclose((4 * slope(5e-4) - slope(1e-3)) / 3, expected, rtol=1e-6, atol=1e-9)


@given(st.sampled_from(ACTIVATIONS), st.lists(logits, min_size=4, max_size=4))
def test_vjp_is_dy_times_jacobian_however_large_z(f, z):
    z = np.array(z)
    if np.isfinite(f.domain[0]):
        z = np.abs(z) + 0.1
    y = f.forward(z)
    dy = np.linspace(-1, 2, len(y))
    J = f.jacobian(z, y)
    scale = np.abs(J).sum() * 1e-13
    np.testing.assert_allclose(f.vjp(z, y, dy), dy @ J, rtol=1e-12, atol=scale)


@given(st.lists(logits, min_size=1, max_size=6))
def test_softmax_is_a_distribution_and_its_jacobian_keeps_the_sum(z):
    z = np.array(z)
    y = Softmax().forward(z)
    assert (y >= 0).all()
    assert abs(y.sum() - 1) < 1e-12
    np.testing.assert_allclose(Softmax().jacobian(z, y).sum(axis=0), 0, atol=1e-15)
