"""Every activation and its Jacobian against closed forms, in the tails and at the kinks."""

from decimal import Decimal, localcontext

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import oracle

EPS = np.finfo(np.float64).eps


def value(z, name, **parameters):
    return oracle.value(oracle.activation({"name": name, **parameters}), z)


def jacobian(z, name, **parameters):
    return oracle.jacobian(oracle.activation({"name": name, **parameters}), z)


def exact(function, numbers):
    """`function` of decimals, in 700 digits: exp(-700) = 1e-304 is not lost beside 1."""
    with localcontext() as context:
        context.prec = 700
        return np.array([float(function(Decimal(float(x)))) for x in numbers])


POSITIVE = np.array(
    [1e-300, 1e-8, 0.5, np.nextafter(1, 0), 1, np.nextafter(1, 2), 5, 20, 40, 350, 1e4]
)
Z = np.concatenate([-POSITIVE, [0.0], POSITIVE])

CLOSED_FORMS = {
    "Sigmoid": (
        lambda z: 1 / (1 + (-z).exp()),
        lambda z: (-z).exp() / (1 + (-z).exp()) ** 2,
    ),
    "Tanh": (
        lambda z: (1 - (-2 * z).exp()) / (1 + (-2 * z).exp()),
        lambda z: 4 * (-2 * z).exp() / (1 + (-2 * z).exp()) ** 2,
    ),
    "Softplus": (
        lambda z: (1 + z.exp()).ln(),
        lambda z: 1 / (1 + (-z).exp()),
    ),
}


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_smooth_scalar_activations_are_right_to_the_last_digits_even_in_the_tails(name):
    f, derivative = CLOSED_FORMS[name]
    assert_allclose(value(Z, name), exact(f, Z), rtol=8 * EPS)
    J = jacobian(Z, name)
    assert_allclose(np.diag(J), exact(derivative, Z), rtol=8 * EPS)
    assert_array_equal(J, np.diag(np.diag(J)))


def test_the_tails_in_literals():
    assert_allclose(jacobian(Z, "Sigmoid")[Z == 40, Z == 40], 4.248354255291589e-18, rtol=1e-14)
    assert_allclose(jacobian(Z, "Tanh")[Z == 20, Z == 20], 1.6993417021166355e-17, rtol=1e-14)


def test_identity():
    assert_array_equal(value([-1e4, 0.0], "Identity"), [-1e4, 0])
    assert_array_equal(jacobian([-1e4, 0.0], "Identity"), np.eye(2))


@pytest.mark.parametrize(
    ("slope", "description"),
    [
        (0.0, {"name": "ReLU"}),
        (0.25, {"name": "LeakyReLU", "slope": 0.25}),
        (0.25, {"name": "RandomizedLeakyReLU", "low": 0.125, "high": 0.375, "seed": 7}),
    ],
)
def test_relu_and_its_kin_have_slope_1_at_0(slope, description):
    z = [-1e4, -1e-300, -0.0, 0.0, 1e-300, 1e4]
    y = [-1e4 * slope, -1e-300 * slope, 0, 0, 1e-300, 1e4]
    assert_array_equal(value(z, **description), y)
    assert_array_equal(np.diag(jacobian(z, **description)), [slope, slope, 1, 1, 1, 1])


def test_threshold_is_a_step_and_its_derivative_a_secant():
    z = [-0.4, -0.25, -0.2, -0.0, 0.2, 0.25, 0.4]  # at +-w/2 the step counts as taken
    assert_array_equal(value(z, "Threshold", width=0.5), [0, 0, 0, 1, 1, 1, 1])
    J = jacobian(z, "Threshold", width=0.5)
    assert_array_equal(np.diag(J), [0, 2, 2, 2, 2, 0, 0])


def exact_softmax(z):
    """The value y, and the Jacobian y_i (delta_ij - y_j)."""
    e = [Decimal(float(z_i)).exp() for z_i in z]
    y = [e_i / sum(e) for e_i in e]
    J = [[y_i * ((i == j) - y_j) for j, y_j in enumerate(y)] for i, y_i in enumerate(y)]
    return np.array(y, dtype=float), np.array(J, dtype=float)


def test_softmax_keeps_its_relative_accuracy_in_every_entry():
    z = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [40.0, 0.0, -40.0], [-300.0, 1.0, 1.0]])
    with localcontext() as context:
        context.prec = 700
        y, J = zip(*map(exact_softmax, z), strict=True)
    assert_allclose(value(z, "Softmax"), y, rtol=300 * EPS)  # exp(-300) is conditioned like that
    assert_allclose(jacobian(z, "Softmax"), J, rtol=300 * EPS)


def test_softmax_of_one_and_of_the_extremes():
    assert_array_equal(value([[3.0], [-1e4]], "Softmax"), [[1], [1]])
    assert_array_equal(jacobian([[3.0], [-1e4]], "Softmax"), [[[0]], [[0]]])
    assert_allclose(value([-1e4, 1e4, 1e4], "Softmax"), [0, 0.5, 0.5], rtol=EPS)
    e = np.exp(1)
    y = value([1e4, 1e4, 1e4 + 1], "Softmax")
    assert_allclose(y, np.array([1, 1, e]) / (2 + e), rtol=4 * EPS)
    J = jacobian([-1e4, 1e4, 1e4], "Softmax")
    assert_allclose(J, [[0, 0, 0], [0, 0.25, -0.25], [0, -0.25, 0.25]], rtol=2 * EPS)


def test_max_gives_all_to_the_first_of_ties():
    z = [[1.0, 2.0, 3.0], [3.0, 1.0, 3.0], [-0.0, 0.0, -1.0], [0.0, 0.0, 0.0]]
    assert_array_equal(value(z, "Max"), [[3], [3], [0], [0]])
    assert_array_equal(jacobian(z, "Max"), [[[0, 0, 1]], [[1, 0, 0]], [[1, 0, 0]], [[1, 0, 0]]])


def test_group_max_gives_all_to_the_first_as_listed():
    z, groups = [5.0, 2.0, 2.0, -1.0], [[2, 1], [1, 2, 3], [3], [3, 0]]
    assert_array_equal(value(z, "GroupMax", groups=groups), [2, 2, -1, 5])
    assert_array_equal(
        jacobian(z, "GroupMax", groups=groups),
        [[0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1], [1, 0, 0, 0]],
    )


def test_product_of_all_with_no_zero_one_zero_and_two():
    z = [[-2.0, 3.0, 5.0], [0.0, 3.0, 5.0], [0.0, 3.0, 0.0]]
    assert_array_equal(value(z, "Product", exponents=None), [[-30], [0], [0]])
    assert_array_equal(
        jacobian(z, "Product", exponents=None), [[[15, -10, -6]], [[15, 0, 0]], [[0, 0, 0]]]
    )


def test_product_with_integer_exponents_takes_zeros_and_negative_bases():
    alpha = [[3, 0, 1], [1, 0, 2]]  # y = (z_1^3 z_2, 1, z_1 z_2^2)
    z = [[-2.0, 3.0], [0.0, -3.0], [0.0, 0.0]]
    assert_array_equal(value(z, "Product", exponents=alpha), [[-24, 1, -18], [0, 1, 0], [0, 1, 0]])
    assert_array_equal(
        jacobian(z, "Product", exponents=alpha),
        [
            [[36, -8], [0, 0], [9, -12]],
            [[0, 0], [0, 0], [9, 0]],
            [[0, 0], [0, 0], [0, 0]],
        ],
    )


def test_product_with_other_exponents_beside_integers_at_zero():
    alpha = [[0.5, -1], [2, 0]]  # y = (sqrt(z_1) z_2^2, 1 / z_1)
    z = [4.0, 0.0]
    assert_allclose(value(z, "Product", exponents=alpha), [0, 0.25])
    assert_allclose(jacobian(z, "Product", exponents=alpha), [[0, 0], [-1 / 16, 0]])
    z = [4.0, -3.0]
    assert_allclose(jacobian(z, "Product", exponents=alpha), [[9 / 4, -12], [-1 / 16, 0]])


def test_pairwise_product():
    z, pairs = [2.0, 0.0, -3.0], [[0, 2], [2, 2], [1, 0]]
    assert_array_equal(value(z, "PairwiseProduct", pairs=pairs), [-6, 9, 0])
    assert_array_equal(
        jacobian(z, "PairwiseProduct", pairs=pairs), [[-3, 0, 2], [0, 0, -6], [0, 2, 0]]
    )


def test_the_jacobian_of_a_linear_combination_is_its_matrix():
    A = [[1.0, -2.0, 0.1], [0.0, 4.0, 5.0]]
    z = [[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]
    assert_allclose(value(z, "LinearCombination", matrix=A), [[-2.7, 23], [0, 0]], rtol=1e-15)
    assert_array_equal(jacobian(z, "LinearCombination", matrix=A), [A, A])


def test_polynomial():
    # y = (2 z_1^2 z_2 - z_2^3 + 7, z_2^3): at (-1, 2) and at 0
    polynomial = {
        "exponents": [[2, 1], [0, 3], [0, 0]],
        "coefficients": [[2, -1, 7], [0, 1, 0]],
    }
    z = [[-1.0, 2.0], [0.0, 0.0]]
    assert_array_equal(value(z, "Polynomial", **polynomial), [[3, 8], [7, 0]])
    assert_array_equal(
        jacobian(z, "Polynomial", **polynomial), [[[-8, -10], [0, 12]], [[0, 0], [0, 0]]]
    )


def test_a_composition_applies_the_first_description_first():
    square = {"name": "PairwiseProduct", "pairs": [[0, 0]]}
    double = {"name": "LinearCombination", "matrix": [[2.0]]}
    f = oracle.composition([double, square])
    assert_array_equal(oracle.value(f, [3.0]), [36])
    assert_array_equal(oracle.jacobian(f, [3.0]), [[24]])
    assert f is oracle.composition([double, square]) is not oracle.composition([square, double])


def test_float32_comes_out_as_the_float64_of_the_same_number():
    z = np.array([0.1, -3.3], dtype=np.float32)
    f = oracle.activation({"name": "Sigmoid"})
    assert f(jnp.asarray(z)).dtype == value(z, "Sigmoid").dtype == jacobian(z, "Sigmoid").dtype
    assert f(jnp.asarray(z)).dtype == np.float64
    assert_array_equal(jacobian(z, "Sigmoid"), jacobian(z.astype(np.float64), "Sigmoid"))


def test_equal_descriptions_give_the_same_function():
    f = oracle.activation({"name": "LeakyReLU", "slope": 0.1})
    assert f is oracle.activation({"slope": 0.1, "name": "LeakyReLU"})
    assert f is not oracle.activation({"name": "LeakyReLU", "slope": 0.2})


def test_an_unknown_name_is_an_error_that_names_what_is_known():
    with pytest.raises(ValueError, match=r"one of Identity, Sigmoid, .*, got 'Swish'"):
        oracle.activation({"name": "Swish"})


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ({"name": "PairwiseProduct", "pairs": [[0, 3]]}, r"in 0\.\.2, got \[3\]"),
        ({"name": "GroupMax", "groups": [[-1, 0]]}, r"in 0\.\.2, got \[-1, 0\]"),
        ({"name": "Product", "exponents": [[1], [1]]}, r"shape \(2,\), got \(3,\)"),
    ],
)
def test_a_width_that_the_activation_does_not_take_is_an_error(description, message):
    with pytest.raises(ValueError, match=message):
        oracle.activation(description)(jnp.ones(3))
