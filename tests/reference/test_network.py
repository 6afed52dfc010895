"""The gradients of a network in matrices."""

from __future__ import annotations

import numpy as np
import pytest

from reference import (
    Activation,
    BinaryKLDivergence,
    GroupMax,
    Identity,
    KLDivergence,
    LeakyReLU,
    LinearCombination,
    Max,
    Network,
    PairwiseProduct,
    Polynomial,
    Product,
    RandomizedLeakyReLU,
    ReLU,
    Sigmoid,
    Softmax,
    Softplus,
    SquaredError,
    Tanh,
)

from .cases import differences, exactly

#: Layers (width of z, activation), and a divergence. Between them every smooth and piecewise one.
NETWORKS = {
    "affine": ([(2, Identity())], SquaredError()),
    "digits": ([(4, ReLU()), (3, Softmax())], KLDivergence()),
    "two or not": ([(4, Tanh()), (1, Sigmoid())], BinaryKLDivergence()),
    "softmax inside": ([(3, Softmax()), (4, Softplus()), (2, Identity())], SquaredError()),
    "unfused": ([(3, Sigmoid()), (2, Softmax())], SquaredError()),
    "KL of sigmoids": ([(3, Tanh()), (3, Sigmoid())], KLDivergence()),
    "narrowing": ([(5, Max()), (3, LeakyReLU(0.3)), (4, Product())], SquaredError()),
    "pooling": ([(4, GroupMax([[0, 1], [2, 3], [1, 2]])), (2, Sigmoid())], BinaryKLDivergence()),
    "gates": (
        [(4, PairwiseProduct([(0, 1), (2, 3), (1, 1)])), (3, Tanh()), (2, Softmax())],
        KLDivergence(),
    ),
    "widening": (
        [
            (2, LinearCombination([[1, -1], [0.5, 2], [1, 1], [0, 3]])),
            (2, Polynomial([[2, 1], [0, 3]], [[1, 0], [1, -1], [0, 2]])),
            (2, RandomizedLeakyReLU(0.1, 0.3)),
        ],
        SquaredError(),
    ),
    "powers": ([(3, Softplus()), (2, Product([[1, 0], [2, 1]])), (1, Identity())], SquaredError()),
}


def problem(name: str, T: int = 3):
    """A network with random weights and biases, and rows of x and d that fit."""
    layers, divergence = NETWORKS[name]
    random = np.random.default_rng(len(name))
    network = Network.initialize(3, layers, seed=len(name))
    network.biases = [random.normal(size=b.shape) for b in network.biases]
    x = random.normal(size=(T, 3))
    d = random.dirichlet(np.ones(network.output_width), T) * (0.7 if name == "two or not" else 1)
    return network, x, d, divergence


every_network = pytest.mark.parametrize("name", NETWORKS)


@every_network
@pytest.mark.parametrize("explicit", [False, True])
def test_the_gradients_are_the_derivatives_of_the_loss(name, explicit):
    network, x, d, divergence = problem(name)
    g = network.gradients(x, d, divergence, explicit=explicit)
    assert g.loss == pytest.approx(network.loss(x, d, divergence), rel=1e-14)
    close = {"rtol": 1e-7, "atol": 1e-10}
    np.testing.assert_allclose(
        g.input, differences(lambda x: network.loss(x, d, divergence), x), **close
    )
    for parameters, gradients in (network.weights, g.weights), (network.biases, g.biases):
        for k, parameter in enumerate(list(parameters)):

            def loss(changed, parameters=parameters, k=k):
                parameters[k] = changed
                return network.loss(x, d, divergence)

            np.testing.assert_allclose(gradients[k], differences(loss, parameter), **close)
            parameters[k] = parameter


@every_network
def test_the_batch_is_the_mean_of_its_instances(name):
    network, x, d, divergence = problem(name, T=4)
    batch = network.gradients(x, d, divergence)
    single = [network.gradients(x[t], d[t], divergence) for t in range(4)]
    close = {"rtol": 1e-12, "atol": 1e-14}
    np.testing.assert_allclose(batch.loss, np.mean([g.loss for g in single]), **close)
    for k in range(len(network.weights)):
        np.testing.assert_allclose(
            batch.weights[k], np.mean([g.weights[k] for g in single], axis=0), **close
        )
        np.testing.assert_allclose(
            batch.biases[k], np.mean([g.biases[k] for g in single], axis=0), **close
        )
    np.testing.assert_allclose(batch.input, np.stack([g.input for g in single]) / 4, **close)


@every_network
def test_one_instance_is_a_batch_of_one(name):
    network, x, d, divergence = problem(name, T=1)
    one, batch = network.gradients(x[0], d[0], divergence), network.gradients(x, d, divergence)
    np.testing.assert_array_equal(network.forward(x[0]), network.forward(x)[0])
    assert network.loss(x[0], d[0], divergence) == network.loss(x, d, divergence) == one.loss
    for a, b in zip(one.weights + one.biases, batch.weights + batch.biases, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(one.input, batch.input[0])


@every_network
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradients_have_the_shape_and_dtype_of_what_they_are_by(name, dtype):
    network, x, d, divergence = problem(name)
    typed = Network(
        [W.astype(dtype) for W in network.weights],
        [b.astype(dtype) for b in network.biases],
        network.activations,
    )
    g = typed.gradients(x, d, divergence)
    assert typed.dtype == typed.forward(x).dtype == g.input.dtype == dtype
    assert typed.forward(x).shape == d.shape
    assert g.input.shape == x.shape
    assert isinstance(g.loss, float)
    pairs = zip(g.weights + g.biases, typed.weights + typed.biases, strict=True)
    assert all((a.shape, a.dtype) == (b.shape, b.dtype) for a, b in pairs)
    expected = network.gradients(x, d, divergence)
    for a, b in zip(g.weights + g.biases, expected.weights + expected.biases, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


def test_two_layers_by_hand():
    """y = relu(W x + b), Div = 1/2 (v y + c - d)^2, at W = [[1, 2], [-1, 0]], x = (1, 1)."""
    network = Network([[[1, 2], [-1, 0]], [[3, 5]]], [[1, 0], [-2]], [ReLU(), Identity()])
    assert network.dtype == np.float64
    np.testing.assert_array_equal(network.forward([1, 1]), [10])
    g = network.gradients([1, 1], [7], SquaredError())
    assert g.loss == 4.5
    np.testing.assert_array_equal(g.weights[1], [[12, 0]])
    np.testing.assert_array_equal(g.biases[1], [3])
    np.testing.assert_array_equal(g.weights[0], [[9, 9], [0, 0]])
    np.testing.assert_array_equal(g.biases[0], [9, 0])
    np.testing.assert_array_equal(g.input, [9, 18])


def test_the_passes_leave_z_y_and_their_derivatives_behind():
    """D_{z_k} = D_{y_k} J, and dy[k] is by the input of layer k."""
    network, x, d, divergence = problem("softmax inside")
    forward = network.forward_pass(x)
    assert (len(forward.z), len(forward.y)) == (3, 4)
    np.testing.assert_array_equal(forward.y[0], x)
    backward = network.backward_pass(forward, d, divergence)
    dy = [*backward.dy, divergence.derivative(forward.y[3], d) / 3]
    for k, (W, b, f) in enumerate(
        zip(network.weights, network.biases, network.activations, strict=True)
    ):
        z, y = forward.z[k], forward.y[k + 1]
        np.testing.assert_allclose(z, forward.y[k] @ W.T + b, rtol=1e-15)
        np.testing.assert_array_equal(y, f.forward(z))
        np.testing.assert_allclose(backward.dz[k], f.vjp(z, y, dy[k + 1]), rtol=1e-13)
        np.testing.assert_allclose(backward.dy[k], backward.dz[k] @ W, rtol=1e-13)
    assert network.mean_divergence(forward, d, divergence) == network.loss(x, d, divergence)


@pytest.mark.parametrize("explicit", [False, True])
def test_the_passes_are_what_the_gradients_are_made_of(explicit):
    network, x, d, divergence = problem("digits")
    backward = network.backward_pass(
        network.forward_pass(x), d, divergence, **({"explicit": True} if explicit else {})
    )
    g = network.gradients(x, d, divergence, explicit=explicit)
    pairs = zip(
        [backward.dy[0], *backward.weights, *backward.biases],
        [g.input, *g.weights, *g.biases],
        strict=True,
    )
    for a, b in pairs:
        np.testing.assert_array_equal(a, b)
    other = network.gradients(x, d, divergence, explicit=not explicit)
    assert (backward.dy[0] != other.input).any()  # by rounding alone, yet never the same path


@pytest.mark.parametrize(
    ("f", "divergence", "d"),
    [(Softmax(), KLDivergence(), [0, 1]), (Sigmoid(), BinaryKLDivergence(), [0, 1])],
)
def test_saturated_outputs_are_finite_fused_and_not_a_number_explicitly(f, divergence, d):
    """The explicit path is inf * 0 there; it is kept as the one that reads like the lecture."""
    network = Network([np.eye(2)], [np.zeros(2)], [f])
    x = [1e4, -1e4]
    assert network.loss(x, d, divergence) == 2e4
    np.testing.assert_allclose(network.gradients(x, d, divergence).input, [1, -1])
    with pytest.warns(RuntimeWarning, match="invalid value"):
        explicit = network.gradients(x, d, divergence, explicit=True)
    assert explicit.loss == np.inf
    assert np.isnan(explicit.input).any()


def test_training_draws_random_slopes_and_differentiates_with_those():
    network = Network([[[-1.0]]], [[0.0]], [RandomizedLeakyReLU(0.25, 0.75, seed=3)])
    slopes = [
        network.gradients([1], [0], SquaredError(), training=True).input[0] ** 0.5 for _ in "ab"
    ]
    drawn = RandomizedLeakyReLU(0.25, 0.75, seed=3)
    np.testing.assert_allclose(slopes, [-drawn.training_forward(-np.ones(1))[0] for _ in "ab"])
    assert slopes[0] != slopes[1]
    assert network.forward([1]) == [-0.5]
    assert network.gradients([1], [0], SquaredError()).input == [0.25]
    assert network.forward_pass(np.ones((1, 1))).y[1] == [[-0.5]]


def test_initialize():
    """Normal weights of variance 1 / fan-in, the activation's width that of the next fan-in."""
    layers = [(400, Max()), (100, GroupMax([[0, 1], [2]])), (300, ReLU())]
    network = Network.initialize(900, layers, seed=1, dtype=np.float32)
    assert [W.shape for W in network.weights] == [(400, 900), (100, 1), (300, 2)]
    assert [W.dtype for W in network.weights + network.biases] == [np.float32] * 6
    assert all(
        (b == 0).all() and b.shape == W.shape[:1]
        for W, b in zip(network.weights, network.biases, strict=True)
    )
    for W, fan_in in zip(network.weights, [900, 1, 2], strict=True):
        deviation = 4 / np.sqrt(W.size)
        assert abs(W.mean() * np.sqrt(fan_in)) < deviation
        assert abs((W**2).mean() * fan_in - 1) < 1.5 * deviation
    assert network.activations == [f for _, f in layers]
    assert (network.input_width, network.output_width) == (900, 300)


def test_the_seed_fixes_the_initial_weights():
    def W(**options):
        return Network.initialize(3, [(4, ReLU())], **options).weights[0]

    np.testing.assert_array_equal(W(), W(seed=0, dtype=np.float64))
    assert (W(seed=1) != W()).all()
    np.testing.assert_array_equal(W(dtype="float32"), W().astype(np.float32))


def test_a_network_keeps_lists_of_its_own():
    weights, biases, activations = [np.eye(2)], [np.zeros(2)], [ReLU()]
    network = Network(weights, biases, activations)
    weights.clear(), biases.clear(), activations.clear()
    assert len(network.weights) == len(network.biases) == len(network.activations) == 1


def test_later_changes_to_the_callers_arrays_do_not_reach_it():
    W, b = np.eye(2), np.zeros(2)
    network = Network([W], [b], [Identity()])
    W[:], b[:] = 7, 7
    np.testing.assert_array_equal(network.forward([1, 2]), [1, 2])


def test_lists_changed_by_hand_must_still_match():
    network = Network([np.eye(2)], [np.zeros(2)], [ReLU()])
    network.activations.append(ReLU())
    with pytest.raises(ValueError, match="zip"):
        network.forward([1, 2])


class Pick(Activation):
    """An activation that takes even widths only."""

    def output_width(self, n):
        if n % 2:
            raise ValueError(f"Pick needs an even width, got {n}")
        return n // 2

    def forward(self, z):
        return z[..., ::2].copy()

    def jacobian(self, z, y):
        return np.eye(z.shape[-1])[::2]


ONE = Network([[[1.0, 2.0]]], [[0.0]], [Identity()])  # two inputs, one output


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (
            lambda: Network([], [], []),
            ValueError,
            "weights, biases and activations must be as many, and at least one, got 0, 0 and 0",
        ),
        (
            lambda: Network([[[1.0]]], [[1.0], [1.0]], [ReLU()]),
            ValueError,
            "weights, biases and activations must be as many, and at least one, got 1, 2 and 1",
        ),
        (
            lambda: Network([[[1.0]]], [[1.0]], []),
            ValueError,
            "weights, biases and activations must be as many, and at least one, got 1, 1 and 0",
        ),
        (
            lambda: Network([[1.0, 2.0]], [[1.0]], [ReLU()]),
            ValueError,
            "weights[0] must have shape (D_1, D_0), got (2,)",
        ),
        (
            lambda: Network([np.zeros((2, 0))], [np.zeros(2)], [ReLU()]),
            ValueError,
            "weights[0] must have shape (D_1, D_0), got (2, 0)",
        ),
        (
            lambda: Network(
                [np.ones((3, 2)), np.ones((1, 3))], [np.ones(3), np.ones(1)], [Max(), Identity()]
            ),
            ValueError,
            "weights[1] must have shape (D_2, 1), got (1, 3)",
        ),
        (
            lambda: Network([np.ones((3, 2))], [np.ones(2)], [ReLU()]),
            ValueError,
            "biases[0] must have shape (3,), got (2,)",
        ),
        (
            lambda: Network([np.ones((3, 2))], [np.ones((3, 1))], [ReLU()]),
            ValueError,
            "biases[0] must have shape (3,), got (3, 1)",
        ),
        (
            lambda: Network([np.ones((3, 2))], [np.ones(3)], [Pick()]),
            ValueError,
            "activations[0] does not fit: Pick needs an even width, got 3",
        ),
        (
            lambda: Network([np.ones((3, 2))], [np.ones(3)], [ReLU]),
            TypeError,
            f"activations[0] must be an Activation, got {ReLU!r}",
        ),
        (
            lambda: Network([[[1.0, np.nan]]], [[1.0]], [ReLU()]),
            ValueError,
            "weights[0] must be finite in float64, got nan at (0, 1)",
        ),
        (
            lambda: Network([[[1.0]]], [[np.inf]], [ReLU()]),
            ValueError,
            "biases[0] must be finite in float64, got inf at (0,)",
        ),
        (
            lambda: Network([np.ones((1, 1))], [np.ones(1, np.float32)], [ReLU()]),
            TypeError,
            "weights and biases must share one dtype, got float32 and float64",
        ),
        (
            lambda: Network([np.ones((1, 1), np.float16)], [np.ones(1, np.float16)], [ReLU()]),
            TypeError,
            "the dtype of weights and biases must be float32 or float64, got float16",
        ),
        (
            lambda: Network([["a"]], [[1.0]], [ReLU()]),
            TypeError,
            "weights[0] must be an array of real numbers, got dtype <U1",
        ),
        (
            lambda: Network.initialize(0, [(1, ReLU())]),
            ValueError,
            "input_width must be at least 1, got 0",
        ),
        (
            lambda: Network.initialize(2.5, [(1, ReLU())]),
            TypeError,
            "input_width must be a whole number, got 2.5",
        ),
        (
            lambda: Network.initialize(2, [(1, ReLU()), (0, ReLU())]),
            ValueError,
            "the width of layers[1] must be at least 1, got 0",
        ),
        (
            lambda: Network.initialize(2, [(1, ReLU()), ("1", ReLU())]),
            TypeError,
            "the width of layers[1] must be a whole number, got '1'",
        ),
        (
            lambda: Network.initialize(2, [(1, ReLU()), (1, Tanh)]),
            TypeError,
            f"activations[1] must be an Activation, got {Tanh!r}",
        ),
        (
            lambda: Network.initialize(2, [(1, ReLU())], dtype=np.int64),
            TypeError,
            "dtype must be float32 or float64, got int64",
        ),
        (
            lambda: Network.initialize(2, []),
            ValueError,
            "weights, biases and activations must be as many, and at least one, got 0, 0 and 0",
        ),
        (
            lambda: ONE.forward([[1, 2, 3]]),
            ValueError,
            "x must have shape (T, 2) or (2,), got (1, 3)",
        ),
        (
            lambda: ONE.forward(np.ones((1, 1, 2))),
            ValueError,
            "x must have shape (T, 2) or (2,), got (1, 1, 2)",
        ),
        (lambda: ONE.forward(1), ValueError, "x must have shape (T, 2) or (2,), got ()"),
        (
            lambda: ONE.forward(np.ones((0, 2))),
            ValueError,
            "x must have at least one row, got shape (0, 2)",
        ),
        (
            lambda: ONE.forward([1, np.nan]),
            ValueError,
            "x must be finite in float64, got nan at (1,)",
        ),
        (
            lambda: ONE.loss([1, 2, 3], [1], SquaredError()),
            ValueError,
            "x must have shape (T, 2) or (2,), got (3,)",
        ),
        (
            lambda: ONE.loss([1, 2], [np.inf], SquaredError()),
            ValueError,
            "d must be finite in float64, got inf at (0,)",
        ),
        (
            lambda: ONE.gradients([1, 2], [1, 2], SquaredError()),
            ValueError,
            "d must have shape (T, 1) or (1,), got (2,)",
        ),
        (
            lambda: ONE.gradients([[1, 2]], [[1], [2]], SquaredError()),
            ValueError,
            "x and d must have as many rows, got shapes (1, 2) and (2, 1)",
        ),
        (
            lambda: ONE.gradients([[1, 2]], [1], SquaredError()),
            ValueError,
            "x and d must have as many rows, got shapes (1, 2) and (1,)",
        ),
        (
            lambda: ONE.gradients([1, 2], [2], KLDivergence()),
            ValueError,
            "the rows of d must sum to 1, got a row that sums to 2.0",
        ),
        (
            lambda: ONE.loss([-1, 0], [1], KLDivergence()),
            ValueError,
            "y must be non-negative for KLDivergence, got -1.0",
        ),
        (
            lambda: ONE.gradients([1, 2], [1], BinaryKLDivergence()),
            ValueError,
            "y must lie in [0, 1] for BinaryKLDivergence, got 5.0",
        ),
    ],
)
def test_what_does_not_fit(build, error, message):
    with pytest.raises(error, match=exactly(message)):
        build()


@pytest.mark.parametrize("divergence", [KLDivergence, "kl", None])
def test_a_divergence_must_be_an_instance(divergence):
    network = Network([[[1.0]]], [[0.0]], [Identity()])
    with pytest.raises(TypeError, match=r"^divergence must be a Divergence, got "):
        network.gradients([[1.0]], [[1.0]], divergence)


def test_the_seed_must_be_a_whole_number():
    with pytest.raises(ValueError, match=r"^seed must be at least 0, got -1"):
        Network.initialize(2, [(2, Identity())], seed=-1)
