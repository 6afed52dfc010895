"""The padded oracle beside the plain one, on networks, activations and divergences, and alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import oracle
from oracle import padded
from oracle.padded import activations, derivatives
from oracle.padded.form import Kind
from oracle.padded.running import TOGETHER

SIGMOID, SOFTMAX, IDENTITY = {"name": "Sigmoid"}, {"name": "Softmax"}, {"name": "Identity"}
SQUARED_ERROR, KL, BINARY_KL = (
    {"name": name} for name in ("SquaredError", "KLDivergence", "BinaryKLDivergence")
)

# Every activation, for z of width 6.
DESCRIPTIONS = [
    *({"name": name} for name in ("Identity", "Sigmoid", "Tanh", "Softplus", "ReLU", "Max")),
    SOFTMAX,
    {"name": "LeakyReLU", "slope": -0.25},
    {"name": "RandomizedLeakyReLU", "low": 0.125, "high": 0.375, "seed": 0},
    {"name": "Threshold", "width": 0.5},
    {"name": "GroupMax", "groups": [[5, 0, 3], [3, 0, 5, 3], [1], [0, 1, 2, 3, 4, 5]]},
    {"name": "Product", "exponents": None},
    {"name": "Product", "exponents": [[3, 0], [0, 8], [1, 0], [0, 5], [2, 0], [0, 1]]},
    {"name": "PairwiseProduct", "pairs": [[0, 1], [5, 2], [3, 3], [4, 0]]},
    {"name": "LinearCombination", "matrix": [[1, -2, 0, 0.5, 0, 3], [0, 0, 0, 0, 0, 1]]},
    {
        "name": "Polynomial",
        "exponents": [[2, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 7], [0, 0, 0, 0, 0, 0]],
        "coefficients": [[2, -1, 3], [0, 0, 1]],
    },
]
ROUNDED = {"Sigmoid", "Tanh", "Softplus", "Softmax"}
REAL_PRODUCT = {
    "name": "Product",
    "exponents": [[0.5, -1.0], [1.5, 0.0], [0.0, 2.0], [-2.25, 1.0], [0.0, 0.0], [1.0, -0.5]],
}


def name(description):
    return description["name"]


def layer(weights, bias, activation):
    return {"weights": weights, "bias": bias, "activation": activation}


def random_target(random, divergence, shape):
    if divergence == SQUARED_ERROR:
        return random.normal(size=shape)
    if divergence == BINARY_KL:
        return random.integers(0, 5, shape) / 4
    return np.eye(shape[1])[random.integers(shape[1], size=shape[0])]


def random_network(random):
    """Layers, divergence, x and d. Whole numbers make exact ties, zeros and kinks likely.

    Then all but the last layer are exact as well: where sums are rounded, a tie of the plain oracle
    may be none of the padded one, for they add in different orders.
    """
    whole, depth = random.random() < 0.5, random.integers(1, 7)
    inner = [d for d in DESCRIPTIONS if not (whole and name(d) in ROUNDED)]

    def numbers(*shape):
        return random.integers(-1, 2, shape) if whole else random.normal(size=shape) / shape[-1]

    last = ((SQUARED_ERROR, None), (KL, SOFTMAX), (BINARY_KL, SIGMOID))
    divergence, activation = last[random.integers(len(last))]
    x = numbers(random.integers(1, 9), random.integers(1, 17))
    layers, width = [], x.shape[1]
    for k in range(depth):
        description = inner[random.integers(len(inner))]
        D = 6
        if k == depth - 1 and activation is not None:
            description, D = activation, random.integers(1, 17)
        layers.append(layer(numbers(D, width), numbers(D), description))
        width = oracle.value(oracle.activation(description), np.ones(D)).size
    return layers, divergence, x, random_target(random, divergence, (len(x), width))


def assert_same(got, plain):
    """Up to the order of summation, relative to the largest entry."""
    assert got.shape == plain.shape
    assert_allclose(got, plain, rtol=0, atol=1e-13 * np.abs(plain).max(initial=0))


def assert_same_gradients(got, plain):
    assert_allclose(got.loss, plain.loss, rtol=1e-13)
    assert_same(got.input, plain.input)
    for array, same in zip(
        [*got.weights, *got.biases], [*plain.weights, *plain.biases], strict=True
    ):
        assert_same(array, same)


@pytest.mark.parametrize("seed", range(12))
def test_networks(seed):
    layers, divergence, x, d = random_network(np.random.default_rng(seed))
    assert padded.fits(layers, x)
    plain = oracle.gradients(layers, divergence, x, d)
    assert plain.weights[0].any()  # two zeros would agree
    assert_same_gradients(padded.gradients(layers, divergence, x, d), plain)
    z = oracle.pre_activations(layers, x)
    together, _ = padded.PaddedLayers(layers).passes(divergence, x, d)()
    for got, same, plain in zip(padded.pre_activations(layers, x), together, z, strict=True):
        assert_same(got, plain)
        assert_array_equal(same, got)


@pytest.mark.parametrize("count", [1, TOGETHER, TOGETHER + 3])
def test_networks_that_share_a_call_each_have_their_own(count):
    """A call that is full, one that is not, and one that is waited for before the next begins."""
    random, programs = np.random.default_rng(count), padded.together()
    networks = [random_network(random) for _ in range(count)]
    started = [
        padded.PaddedLayers(layers, programs).passes(divergence, x, d)
        for layers, divergence, x, d in networks
    ]
    for (layers, divergence, x, d), wait in reversed(list(zip(networks, started, strict=True))):
        z, gradients = wait()
        assert_same_gradients(gradients, padded.gradients(layers, divergence, x, d))
        for got, alone in zip(z, padded.pre_activations(layers, x), strict=True):
            assert_same(got, alone)
    layers, divergence, x, d = networks[0]
    again = padded.PaddedLayers(layers, programs).passes(divergence, x, d)
    assert_same_gradients(again()[1], started[0]()[1])


@pytest.mark.parametrize("seed", range(2))
def test_local_vjps_at_points_and_cotangents_that_have_nothing_to_do_with_each_other(seed):
    random = np.random.default_rng(seed)
    layers, divergence, x, d = random_network(random)
    T = len(x)
    y = [random.normal(size=(T, np.shape(each["weights"])[1])) for each in layers]
    z = [random.normal(size=(T, len(each["bias"]))) for each in layers]
    dy = [random.normal(size=array.shape) for array in y[1:]]
    dz = [random.normal(size=array.shape) for array in z]
    arguments = layers, divergence, d, y, z, dy, dz
    for got, plain in zip(
        padded.local_vjps(*arguments), oracle.local_vjps(*arguments), strict=True
    ):
        for field in ("z", "y", "dz", "weights", "bias", "input"):
            assert_same(getattr(got, field), getattr(plain, field))


REGIMES = {
    "ordinary": [-2.5, -1.0, -0.3, 0.7, 1.0, 2.25],
    "ties and kinks": [-1.0, -0.25, -0.0, 0.0, 0.25, 1.0],
    "tiny": [-1e-8, -1e-300, 0.0, 1e-300, 1e-30, 1e-3],
    "large": [-1e4, -750.0, -40.0, 40.0, 750.0, 1e4],
}


def points(width):
    """Rows of z, 20 of each regime."""
    random = np.random.default_rng(0)
    return np.concatenate([random.choice(regime, (20, width)) for regime in REGIMES.values()])


def assert_same_function(description, z):
    """Value and Jacobian, entry by entry."""
    f = oracle.activation(description)
    y, J = padded.jacobian(description, z)
    assert_allclose(y, oracle.value(f, z), rtol=1e-13, atol=1e-300)
    assert_allclose(J, oracle.jacobian(f, z), rtol=1e-13, atol=1e-300)


@pytest.mark.parametrize("description", DESCRIPTIONS, ids=name)
def test_activations(description):
    assert_same_function(description, points(6))


@pytest.mark.parametrize("n", [1, 20])
def test_softmax_of_any_width(n):
    assert_same_function(SOFTMAX, points(n))


def test_product_with_real_exponents():
    z = np.abs(points(6))
    assert_same_function(REAL_PRODUCT, np.where(z < 1e-30, 1.0, z))


@pytest.mark.parametrize("divergence", [SQUARED_ERROR, KL, BINARY_KL], ids=name)
def test_divergences(divergence):
    random = np.random.default_rng(0)
    y = random.choice([1e-30, 1e-6, 0.25, 0.5, 1 - 2**-20], (20, 3))
    d = random_target(random, divergence, y.shape)
    div = oracle.divergence(divergence)
    value, derivative = padded.divergence(divergence, y, d)
    assert_allclose(value, oracle.value(div, y, d), rtol=1e-13)
    assert_allclose(derivative, oracle.jacobian(div, y, d), rtol=1e-13)


def test_outputs_that_are_exactly_as_wanted():
    value, derivative = padded.divergence(KL, [0.0, 1.0], [0.0, 1.0])  # 0 log 0 = 0
    assert_array_equal(value, 0)
    assert_array_equal(derivative, [0, -1])
    value, derivative = padded.divergence(BINARY_KL, [0.0, 1.0], [0.0, 1.0])
    assert_array_equal(value, 0)
    assert_array_equal(derivative, [1, -1])


@pytest.mark.parametrize(
    ("divergence", "activation"),
    [(KL, SOFTMAX), (BINARY_KL, SIGMOID), (SQUARED_ERROR, {"name": "Max"})],
)
def test_divergences_as_functions_of_z(divergence, activation):
    z = points(3)
    m = padded.jacobian(activation, z)[0].shape[1]
    d = random_target(np.random.default_rng(0), divergence, (len(z), m))
    div = oracle.divergence_of_z(divergence, activation)
    value, derivative = padded.divergence_of_z(divergence, activation, z, d)
    assert_allclose(value, oracle.value(div, z, d), rtol=1e-13)
    assert_allclose(derivative, oracle.jacobian(div, z, d), rtol=1e-13, atol=1e-300)


def test_the_tails_in_literals():
    y, J = padded.jacobian(SIGMOID, [40.0])
    assert_allclose(1 - y, 0, atol=1e-15)
    assert_allclose(J, [[4.248354255291589e-18]], rtol=1e-14)
    y, J = padded.jacobian(SOFTMAX, [40.0, 0.0])
    assert_allclose(J, 4.248354255291589e-18 * np.array([[1, -1], [-1, 1]]), rtol=1e-14)
    value, derivative = padded.divergence_of_z(KL, SOFTMAX, [1e4, -1e4], [0.0, 1.0])
    assert_array_equal(value, 2e4)
    assert_array_equal(derivative, [1, -1])


def test_zeros_and_ties_in_literals():
    y, J = padded.jacobian({"name": "Product", "exponents": [[0, 1, 2], [1, 1, 0]]}, [0.0, -3.0])
    assert_array_equal(y, [-3, 0, 0])  # z_2, z_1 z_2 and z_1^2: 0^0 = 1
    assert_array_equal(J, [[0, 1], [-3, 0], [0, 0]])
    y, J = padded.jacobian({"name": "GroupMax", "groups": [[2, 1], [0, 1, 2]]}, [-1.0, 3.0, 3.0])
    assert_array_equal(y, [3, 3])
    assert_array_equal(J, [[0, 0, 1], [0, 1, 0]])
    assert_array_equal(padded.jacobian({"name": "ReLU"}, [0.0, -0.0])[1], np.eye(2))


def test_what_is_infinite_in_the_padding_does_not_leak():
    # The loss is -log(1 / z), z = W x: at z = 0, where the padding is, nothing of it is finite.
    inverse = {"name": "Product", "exponents": [[-1.0]]}
    g = padded.gradients([layer([[2.0]], [0.0], inverse)], KL, [[4.0]], [[1.0]])
    assert_allclose(g.loss, np.log(8))
    assert_allclose([g.weights[0][0, 0], g.biases[0][0], g.input[0, 0]], [1 / 2, 1 / 8, 1 / 4])


def test_powers_that_overflow_and_are_not_wanted_do_not_leak():
    powers = {"name": "Product", "exponents": [[1, 0], [0, 8]]}  # of z_1 the first power only
    y, J = padded.jacobian(powers, [1e100, 2.0])
    assert_array_equal(y, [1e100, 256])
    assert_array_equal(J, [[1, 0], [0, 1024]])


def network(depth=1, width=2, activation=IDENTITY):
    return [layer(np.ones((width, width)), np.zeros(width), activation)] * depth


BEYOND = {
    "depth": (network(depth=7), (1, 2)),
    "width": (network(width=21), (1, 21)),
    "rows": (network(), (9, 2)),
    "no rows": (network(), (0, 2)),
    "width of x": (network(), (1, 3)),
    "exponent": (network(activation={"name": "Product", "exponents": [[9], [0]]}), (1, 2)),
    "outputs": (network(activation={"name": "PairwiseProduct", "pairs": [[0, 1]] * 21}), (1, 2)),
    "listed": (network(activation={"name": "GroupMax", "groups": [[0] * 21]}), (1, 2)),
    "index": (network(activation={"name": "GroupMax", "groups": [[2]]}), (1, 2)),
    "rows of exponents": (network(activation={"name": "Product", "exponents": [[1]]}), (1, 2)),
    "unknown": (network(activation={"name": "Swish"}), (1, 2)),
    "next layer": ([*network(), *network(width=3)], (1, 2)),
}


@pytest.mark.parametrize("beyond", BEYOND)
def test_what_does_not_fit_is_an_error(beyond):
    layers, shape = BEYOND[beyond]
    assert not padded.fits(layers, np.ones(shape))
    with pytest.raises(ValueError, match=r"must (be|have)"):
        padded.pre_activations(layers, np.ones(shape))
    with pytest.raises(ValueError, match=r"must (be|have)"):
        padded.gradients(layers, SQUARED_ERROR, np.ones(shape), np.ones(shape))


def test_the_limits_themselves_fit():
    random = np.random.default_rng(0)
    polynomial = {
        "name": "Polynomial",
        "exponents": (8 * np.eye(20, dtype=int)).tolist(),
        "coefficients": np.eye(20).tolist(),
    }
    ring = {"name": "GroupMax", "groups": [[(i + j) % 20 for j in range(20)] for i in range(20)]}
    functions = [
        {"name": "Tanh"},
        polynomial,
        ring,
        {"name": "Softplus"},
        {"name": "Tanh"},
        SOFTMAX,
    ]
    layers = [layer(random.normal(size=(20, 20)), random.normal(size=20), f) for f in functions]
    x, d = random.normal(size=(8, 20)), random.dirichlet(np.ones(20), 8)
    assert padded.fits(layers, x)
    assert_same_gradients(padded.gradients(layers, KL, x, d), oracle.gradients(layers, KL, x, d))


def test_another_architecture_is_not_compiled_again(caplog):
    cases = [random_network(np.random.default_rng(seed)) for seed in range(20)]
    padded.gradients(*cases[0])
    padded.pre_activations(cases[0][0], cases[0][2])
    with jax.log_compiles():
        for layers, divergence, x, d in cases:
            padded.gradients(layers, divergence, x, d)
            padded.pre_activations(layers, x)
    assert caplog.messages == []


def test_results_are_fresh_float64_arrays_and_arguments_are_left_alone():
    W, b, x, d = (np.ones(shape, np.float32) for shape in ((2, 3), 2, (4, 3), (4, 2)))
    for array in (W, b, x, d):
        array.flags.writeable = False
    layers = [layer(W, b, SIGMOID)]
    g = padded.gradients(layers, BINARY_KL, x, d)
    (local,) = padded.local_vjps(layers, BINARY_KL, d, [x], [d], [], [d])
    results = [*g.weights, *g.biases, g.input, *vars(local).values(), *padded.jacobian(SIGMOID, x)]
    for array in [*results, *padded.pre_activations(layers, x)]:
        assert array.dtype == np.float64
        array[...] = 7
    assert_array_equal(padded.gradients(layers, BINARY_KL, x, d).weights[0] == 7, False)


@pytest.mark.parametrize("leading", [(), (9,), (2, 3), (0,)])
def test_any_leading_axes_are_the_single_instances_side_by_side(leading):
    z = np.random.default_rng(0).normal(size=(*leading, 3))
    y, J = padded.jacobian(SOFTMAX, z)
    value, derivative = padded.divergence(SQUARED_ERROR, z, z + 1)
    assert (y.shape, J.shape) == ((*leading, 3), (*leading, 3, 3))
    assert (value.shape, derivative.shape) == (leading, (*leading, 3))
    assert_allclose(y, np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True), rtol=1e-13)
    assert_allclose(value, 1.5)


def test_terms_that_cancel_are_no_disagreement():
    # 1e6 / 3 (z - 1)^3 multiplied out, close to its triple root
    cube = {
        "name": "Polynomial",
        "exponents": [[3], [2], [1], [0]],
        "coefficients": [[1e6 / 3, -1e6, 1e6, -1e6 / 3]],
    }
    z = 1 + np.linspace(-1e-7, 1e-7, 64)[:, None]
    _, J = padded.jacobian(cube, z)
    assert_allclose(J[:, :, 0], 1e6 * (z - 1) ** 2, atol=1e-9)


@pytest.fixture
def wrong_softplus(monkeypatch):
    """2 z in place of softplus, with a rule for reverse mode that is off beyond z = 2."""

    def twice(form, z):
        off = jnp.where(z > 2, 1e-6, 0.0)
        return jax.lax.custom_linear_solve(
            lambda y: y / 2, z, lambda _, b: 2 * b, lambda _, b: (2 + off) * b
        )

    derivatives._activation_program.clear_cache()
    monkeypatch.setitem(activations.FUNCTIONS, Kind.SOFTPLUS, twice)
    yield {"name": "Softplus"}
    derivatives._activation_program.clear_cache()


def test_a_wrong_rule_of_one_mode_is_a_disagreement(wrong_softplus):
    z = np.linspace(-1, 1, 30).reshape(10, 3)
    assert_array_equal(padded.jacobian(wrong_softplus, z)[1], [2 * np.eye(3)] * 10)
    z[9, 1] = 5
    with pytest.raises(oracle.OracleDisagreement, match="differ by 1e-06") as caught:
        padded.jacobian(wrong_softplus, z)
    assert_array_equal(caught.value.z, z[9])
    assert caught.value.reverse.shape == (3, 3)
