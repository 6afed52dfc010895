"""Neuron by neuron and in matrices: the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from reference import Identity, KLDivergence, ReLU, Sigmoid, SquaredError
from reference.neuron import backward, extended_weights, forward, matrix_gradients

from .test_network import NETWORKS, problem


def test_the_bias_is_weight_0():
    w = extended_weights([np.array([[1.0, 2, 3], [4, 5, 6]])], [np.array([7.0, 8])])
    assert w == [[], [[0, 7, 8], [0, 1, 4], [0, 2, 5], [0, 3, 6]]]


def test_forward_and_backward_by_hand():
    """z_1 = 2 + 3 * 5 = 17 and z_2 = 1 - 4 * 17; one unit a layer."""
    w = extended_weights(
        [np.array([[3.0]]), np.array([[-4.0]])], [np.array([2.0]), np.array([1.0])]
    )
    z, y = forward(w, [ReLU(), Identity()], [5])
    assert z == [[], [0, 17], [0, -67]]
    assert y == [[1, 5], [1, 17], [1, -67]]
    dots = backward(w, [ReLU(), Identity()], z, y, [-70], SquaredError())
    assert dots.divergence == 4.5
    assert dots.y_dot == [[0, -36], [0, -12], [0, 3]]
    assert dots.z_dot == [[], [0, -12], [0, 3]]
    assert dots.w_dot == [[], [[0, -12], [0, -60]], [[0, 3], [0, 51]]]
    weights, biases = matrix_gradients(dots.w_dot)
    assert [W.tolist() for W in weights] == [[[-60]], [[51]]]
    assert [b.tolist() for b in biases] == [[-12], [3]]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_loops_equal_the_matrices(name):
    network, x, d, divergence = problem(name, T=1)
    w = extended_weights(network.weights, network.biases)
    z, y = forward(w, network.activations, x[0])
    dots = backward(w, network.activations, z, y, d[0], divergence)

    passed = network.forward_pass(x)
    back = network.backward_pass(passed, d, divergence, explicit=True)
    last = divergence.derivative(passed.y[-1], d)
    close = {"rtol": 1e-11, "atol": 1e-13}
    N = len(network.weights)
    assert len(z) == len(y) == len(dots.y_dot) == len(dots.z_dot) == len(dots.w_dot) == N + 1
    for k in range(N):
        np.testing.assert_allclose(z[k + 1][1:], passed.z[k][0], **close)
        np.testing.assert_allclose(dots.z_dot[k + 1][1:], back.dz[k][0], **close)
    for k in range(N + 1):
        assert y[k][0] == 1
        np.testing.assert_allclose(y[k][1:], passed.y[k][0], **close)
        np.testing.assert_allclose(dots.y_dot[k][1:], [*back.dy, last][k][0], **close)
    weights, biases = matrix_gradients(dots.w_dot)
    for k in range(N):
        np.testing.assert_allclose(weights[k], back.weights[k], **close)
        np.testing.assert_allclose(biases[k], back.biases[k], **close)
    expected = network.mean_divergence(passed, d, divergence)
    np.testing.assert_allclose(dots.divergence, expected, **close)


def test_a_target_may_be_whole_numbers():
    w = extended_weights([np.eye(2)], [np.zeros(2)])
    z, y = forward(w, [Sigmoid()], [0, 0])
    dots = backward(w, [Sigmoid()], z, y, [0, 1], KLDivergence())
    assert dots.divergence == np.log(2)
    assert dots.z_dot[1] == [0, 0, -0.5]


def test_every_layer_needs_its_bias():
    with pytest.raises(ValueError, match="zip"):
        extended_weights([np.eye(2), np.eye(2)], [np.zeros(2)])


def test_the_loops_leave_their_arguments_alone():
    w = extended_weights([np.ones((2, 2))], [np.ones(2)])
    z, y = forward(w, [Sigmoid()], [1, 2])
    before = repr((w, z, y))
    backward(w, [Sigmoid()], z, y, [0, 1], SquaredError())
    assert repr((w, z, y)) == before
