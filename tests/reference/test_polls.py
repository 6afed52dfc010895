"""The lecture's polls 2 to 4 as executable facts; poll 1 is in test_influence.py."""

from __future__ import annotations

import numpy as np
import pytest

from reference import (
    Affine,
    KLDivergence,
    Max,
    Network,
    PairwiseProduct,
    Softmax,
    Tanh,
    Trainer,
)
from reference.descent import step

from .cases import differences


def test_poll_2_backpropagation_computes_the_derivatives_that_gradient_descent_uses():
    """It does not change the parameters: descent does, by the step that those derivatives give."""
    network = Network.initialize(3, [(4, Tanh()), (2, Softmax())])
    random = np.random.default_rng(0)
    x, d = random.normal(size=(5, 3)), random.dirichlet(np.ones(2), 5)
    before = [W.copy() for W in network.weights]

    g = network.gradients(x, d, KLDivergence())
    for W, unchanged in zip(network.weights, before, strict=True):
        np.testing.assert_array_equal(W, unchanged)

    Trainer(network, KLDivergence(), step_size=0.5, max_epochs=1).fit(x, d)
    for W, unchanged, slope in zip(network.weights, before, g.weights, strict=True):
        np.testing.assert_allclose(W, step(unchanged, slope, 0.5), rtol=1e-14)
    assert network.loss(x, d, KLDivergence()) < g.loss


def test_poll_3_the_derivative_of_max_is_1_for_the_largest_alone():
    z = np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(Max().jacobian(z, Max().forward(z)), [[0, 0, 1]])


def test_poll_4_jacobians_multiply_with_the_outer_function_first():
    """Y = F(G(H(X))): J_F J_G J_H, with F = softmax, G = pair products, H = affine."""
    random = np.random.default_rng(0)
    h = Affine(random.normal(size=(3, 2)), random.normal(size=3))
    g, f = PairwiseProduct([(0, 1), (1, 2), (2, 2)]), Softmax()
    x = random.normal(size=2)
    z = h.forward(x)
    u = g.forward(z)
    y = f.forward(u)
    J_F, J_G, J_H = f.jacobian(u, y), g.jacobian(z, u), h.jacobian_y()

    expected = differences(lambda x: f.forward(g.forward(h.forward(x))), x)
    np.testing.assert_allclose(J_F @ J_G @ J_H, expected, rtol=1e-8)
    assert not np.allclose(J_G @ J_F @ J_H, expected, rtol=1e-2)
    with pytest.raises(ValueError, match="mismatch"):
        J_H @ J_G @ J_F
