"""Whole networks against the formulas of one layer, central differences and the chain rule."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import oracle
from oracle import network

KL, SQUARED_ERROR = {"name": "KLDivergence"}, {"name": "SquaredError"}


def layer(weights, bias, name, **parameters):
    return {"weights": weights, "bias": bias, "activation": {"name": name, **parameters}}


def random_layers(widths, activations, seed=0):
    """`widths` are those of (the layer's input, its z)."""
    random = np.random.default_rng(seed)
    return [
        {"weights": random.normal(size=(D, n)), "bias": random.normal(size=D), "activation": f}
        for (n, D), f in zip(widths, activations, strict=True)
    ]


def test_one_linear_layer_under_squared_error_by_hand():
    W, b = np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([0.5, 0.0])
    x, d = np.array([[1.0, 1.0], [2.0, 0.0]]), np.array([[3.0, 0.0], [2.0, 1.0]])
    error = x @ W.T + b - d  # [[0.5, -1], [0.5, -1]]
    g = oracle.gradients([layer(W, b, "Identity")], SQUARED_ERROR, x, d)
    assert g.loss == oracle.loss([layer(W, b, "Identity")], SQUARED_ERROR, x, d) == 0.625
    assert_array_equal(g.weights[0], error.T @ x / 2)
    assert_array_equal(g.biases[0], [0.5, -1])
    assert_array_equal(g.input, error @ W / 2)


def test_softmax_under_kl_is_y_minus_d_also_where_y_underflows():
    x, d = np.array([[1.0, -1.0], [0.0, 2.0]]), np.array([[0.0, 1.0], [1.0, 0.0]])
    W = np.array([[1e4, 0.0], [0.0, 0.0]])
    y = np.array([[1.0, 0.0], [0.5, 0.5]])
    g = oracle.gradients([layer(W, np.zeros(2), "Softmax")], KL, x, d)
    assert_allclose(g.loss, (1e4 + np.log(2)) / 2)
    assert_allclose(g.weights[0], (y - d).T @ x / 2)
    assert_allclose(g.input, (y - d) @ W / 2)


NETWORKS = {
    "smooth": (
        [(3, 4), (4, 3), (3, 2)],
        [{"name": "Tanh"}, {"name": "Softplus"}, {"name": "Softmax"}],
        KL,
    ),
    "binary": (
        [(3, 4), (4, 2)],
        [{"name": "Sigmoid"}, {"name": "Sigmoid"}],
        {"name": "BinaryKLDivergence"},
    ),
    "vector": (
        [(3, 4), (3, 4), (2, 3), (2, 2)],
        [
            {"name": "GroupMax", "groups": [[0, 1], [2, 3], [1, 2, 3]]},
            {"name": "PairwiseProduct", "pairs": [[0, 1], [2, 3]]},
            {"name": "Product", "exponents": [[1, 0], [2, 1], [0, 1]]},
            {"name": "LeakyReLU", "slope": 0.1},
        ],
        SQUARED_ERROR,
    ),
}


@pytest.fixture(params=NETWORKS)
def case(request):
    widths, activations, divergence = NETWORKS[request.param]
    random = np.random.default_rng(1)
    x, d = random.normal(size=(3, 3)), random.dirichlet(np.ones(2), 3)
    return random_layers(widths, activations), divergence, x, d


def central_differences(function, array, h=1e-5):
    """The gradient by (f(a + h e_i) - f(a - h e_i)) / 2h, `array` changed in place and back."""
    gradient = np.empty_like(array)
    for i in np.ndindex(array.shape):
        here = array[i]
        array[i] = here + h
        above = function()
        array[i] = here - h
        gradient[i] = (above - function()) / (2 * h)
        array[i] = here
    return gradient


def test_gradients_are_central_differences(case):
    layers, divergence, x, d = case
    g = oracle.gradients(layers, divergence, x, d)

    def loss():
        return oracle.loss(layers, divergence, x, d)

    for k, each in enumerate(layers):
        assert_allclose(g.weights[k], central_differences(loss, each["weights"]), atol=1e-8)
        assert_allclose(g.biases[k], central_differences(loss, each["bias"]), atol=1e-8)
    assert_allclose(g.input, central_differences(loss, x), atol=1e-8)
    assert min(np.abs(dW).max() for dW in g.weights) > 1e-3


def test_layer_by_layer_the_chain_rule_gives_the_gradients(case):
    layers, divergence, x, d = case
    functions = [oracle.activation(each["activation"]) for each in layers]
    z = oracle.pre_activations(layers, x)
    y = [x, *(oracle.value(f, z_k) for f, z_k in zip(functions, z, strict=True))]
    dy, dz = [np.zeros_like(array) for array in y[1:-1]], [np.zeros_like(array) for array in z]
    g = oracle.gradients(layers, divergence, x, d)
    for k in reversed(range(len(layers))):
        dz[k] = oracle.local_vjps(layers, divergence, d, y[:-1], z, dy, dz)[k].dz
        local = oracle.local_vjps(layers, divergence, d, y[:-1], z, dy, dz)[k]
        assert_allclose(local.z, z[k], rtol=1e-14)
        assert_allclose(local.y, y[k + 1], rtol=1e-14)
        assert_allclose(local.weights, g.weights[k], rtol=1e-10, atol=1e-15)
        assert_allclose(local.bias, g.biases[k], rtol=1e-10, atol=1e-15)
        if k > 0:
            dy[k - 1] = local.input
    assert_allclose(local.input, g.input, rtol=1e-10, atol=1e-15)


def test_local_vjps_take_each_layer_at_just_the_points_given():
    layers = [
        layer(np.array([[1.0, 2.0]]), np.array([3.0]), "ReLU"),
        layer(np.array([[2.0]]), np.array([0.0]), "Identity"),
    ]
    y = [np.array([[1.0, 1.0], [0.0, -1.0]]), np.array([[4.0], [5.0]])]
    z = [np.array([[0.0], [-5.0]]), np.array([[1.0], [3.0]])]  # not W y + b
    dy = [np.array([[7.0], [7.0]])]
    dz = [np.array([[1.0], [10.0]]), np.array([[1.0], [-1.0]])]  # not dy pulled back
    first, last = oracle.local_vjps(layers, SQUARED_ERROR, np.ones((2, 1)), y, z, dy, dz)
    assert_array_equal(first.z, [[6], [1]])
    assert_array_equal(first.y, [[0], [0]])
    assert_array_equal(first.dz, [[7], [0]])
    assert_array_equal(first.weights, [[1, -9]])
    assert_array_equal(first.bias, [11])
    assert_array_equal(first.input, [[1, 2], [10, 20]])
    assert_array_equal(last.z, [[8], [10]])
    assert_array_equal(last.dz, [[0], [1]])  # of the mean of (z - 1)^2 / 2 over the two rows
    assert_array_equal(last.weights, [[-1]])
    assert_array_equal(last.input, [[2], [-2]])


def test_float32_weights_are_the_same_numbers_in_float64(case):
    layers, divergence, x, d = case
    single = [
        {**each, **{name: each[name].astype(np.float32) for name in ("weights", "bias")}}
        for each in layers
    ]
    double = [
        {**each, **{name: each[name].astype(np.float64) for name in ("weights", "bias")}}
        for each in single
    ]
    g, expected = (oracle.gradients(each, divergence, x, d) for each in (single, double))
    assert g.loss == expected.loss
    for array, same in zip(
        [*g.weights, *g.biases], [*expected.weights, *expected.biases], strict=True
    ):
        assert array.dtype == np.float64
        assert_array_equal(array, same)


def test_an_architecture_is_compiled_once(case):
    layers, divergence, x, d = case
    oracle.gradients(layers, divergence, x, d)
    before = network._gradients_program.cache_info().misses
    other = [{**each, "weights": each["weights"] + 1} for each in layers]
    assert oracle.loss(other, divergence, x, d) != oracle.loss(layers, divergence, x, d)
    assert network._gradients_program.cache_info().misses == before


@pytest.mark.parametrize(
    ("weights", "bias", "x", "message"),
    [
        (np.ones((2, 3)), np.ones(1), np.ones((4, 3)), r"bias must have shape \(2,\), got \(1,\)"),
        (np.ones(3), np.ones(3), np.ones((4, 3)), r"weights must have two axes, got shape \(3,\)"),
        (np.ones((2, 3)), np.ones(2), np.ones(3), r"x must have two axes, got shape \(3,\)"),
    ],
)
def test_shapes_that_do_not_fit_are_an_error(weights, bias, x, message):
    with pytest.raises(ValueError, match=message):
        oracle.gradients([layer(weights, bias, "ReLU")], SQUARED_ERROR, x, np.ones((4, 2)))
