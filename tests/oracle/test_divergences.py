"""Divergences and their logit forms against closed forms."""

from math import exp, log

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import oracle

SQUARED_ERROR, KL, BINARY_KL = (
    {"name": name} for name in ("SquaredError", "KLDivergence", "BinaryKLDivergence")
)
SIGMOID, SOFTMAX = {"name": "Sigmoid"}, {"name": "Softmax"}
PAIRS = [(KL, SOFTMAX), (BINARY_KL, SIGMOID)]


def value_and_gradient(div, y, d):
    return oracle.value(div, y, d), oracle.jacobian(div, y, d)


def test_squared_error():
    loss, gradient = value_and_gradient(oracle.divergence(SQUARED_ERROR), [3.0, -1.0], [1.0, 1.0])
    assert_array_equal(loss, 4)
    assert_array_equal(gradient, [2, -2])


def test_kl_of_a_soft_target_a_one_hot_and_an_exact_hit():
    y = np.array([[0.2, 0.3, 0.5], [0.2, 0.3, 0.5], [0.0, 1.0, 0.0]])
    d = np.array([[0.1, 0.6, 0.3], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    loss, gradient = value_and_gradient(oracle.divergence(KL), y, d)
    assert_allclose(loss, [0.1 * log(0.5) + 0.6 * log(2) + 0.3 * log(0.6), -log(0.3), 0])
    assert_allclose(gradient, [[-0.5, -2, -0.6], [0, -1 / 0.3, 0], [0, -1, 0]])


def test_binary_kl_of_hard_and_soft_targets():
    y = np.array([[0.2, 0.2, 0.2], [1.0, 0.0, 1e-20]])
    d = np.array([[0.0, 1.0, 0.3], [1.0, 0.0, 0.0]])
    loss, gradient = value_and_gradient(oracle.divergence(BINARY_KL), y, d)
    assert_allclose(loss, [-log(0.8) - log(0.2) - 0.3 * log(0.2) - 0.7 * log(0.8), 1e-20])
    assert_allclose(gradient, [[1.25, -5, (0.2 - 0.3) / 0.16], [-1, 1, 1]])


def test_the_derivative_is_infinite_where_a_wanted_output_is_zero():
    loss, gradient = value_and_gradient(oracle.divergence(KL), [1.0, 0.0], [0.5, 0.5])
    assert_array_equal(loss, np.inf)
    assert_array_equal(gradient, [-0.5, -np.inf])


@pytest.mark.parametrize(("divergence", "activation"), PAIRS)
def test_the_logit_form_is_the_plain_form_where_both_are_finite(divergence, activation):
    random = np.random.default_rng(0)
    z = random.normal(scale=2, size=(64, 5))
    d = random.dirichlet(np.ones(5), 64)
    d[:16] = np.eye(5)[random.integers(5, size=16)]
    f, div = oracle.activation(activation), oracle.divergence(divergence)
    loss, gradient = value_and_gradient(oracle.divergence_of_z(divergence, activation), z, d)
    y = oracle.value(f, z)
    assert_allclose(loss, oracle.value(div, y, d), rtol=1e-12)
    assert_allclose(gradient, oracle.vjp(f, z, oracle.jacobian(div, y, d)), rtol=0, atol=1e-12)
    assert_allclose(gradient, y - d, rtol=0, atol=1e-14)


def test_kl_of_softmax_in_the_extremes():
    z = [[1e4, -1e4], [1e4, -1e4], [1e4, 1e4], [40.0, 0.0], [0.0, 40.0]]
    d = [[1.0, 0.0], [0.0, 1.0], [0.5, 0.5], [1.0, 0.0], [1.0, 0.0]]
    loss, gradient = value_and_gradient(oracle.divergence_of_z(KL, SOFTMAX), z, d)
    assert_allclose(loss, [0, 2e4, 0, exp(-40), 40], atol=1e-30)
    e = exp(-40)
    assert_allclose(gradient, [[0, 0], [1, -1], [0, 0], [-e, e], [-1, 1]], atol=1e-30)


def test_binary_kl_of_sigmoid_in_the_extremes():
    z = [1e4, 1e4, -1e4, -1e4, 40.0, 0.0]
    d = [1.0, 0.0, 1.0, 0.0, 1.0, 0.5]
    loss, gradient = value_and_gradient(
        oracle.divergence_of_z(BINARY_KL, SIGMOID), np.reshape(z, (6, 1)), np.reshape(d, (6, 1))
    )
    assert_allclose(loss, [0, 1e4, 1e4, 0, exp(-40), log(2)])
    assert_allclose(gradient[:, 0], [0, 1, -1, 0, -exp(-40), 0])


def test_the_logit_form_takes_the_true_sum_of_d():
    z, d = np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, 2.0])
    loss, gradient = value_and_gradient(oracle.divergence_of_z(KL, SOFTMAX), z, d)
    logsumexp = log(exp(1) + exp(2) + exp(3))
    assert_allclose(loss, 2 * log(2) + (logsumexp - 1) + 2 * (logsumexp - 3))
    assert_allclose(gradient, 3 * np.exp(z - logsumexp) - d)


def test_other_pairs_are_composed():
    relu = {"name": "ReLU"}
    loss, gradient = value_and_gradient(
        oracle.divergence_of_z(SQUARED_ERROR, relu), [-1.0, 0.0, 2.0], [1.0, 1.0, 1.0]
    )
    assert_array_equal(loss, 1.5)
    assert_array_equal(gradient, [0, -1, 1])


def test_a_target_of_another_shape_is_an_error_and_not_broadcast():
    with pytest.raises(ValueError, match=r"one shape \(m,\), got \(3,\) and \(1,\)"):
        oracle.value(oracle.divergence(SQUARED_ERROR), np.ones((2, 3)), np.ones((2, 1)))


def test_an_unknown_name_is_an_error_that_names_what_is_known():
    with pytest.raises(ValueError, match=r"one of SquaredError, .*, got 'Hinge'"):
        oracle.divergence({"name": "Hinge"})
