"""Divergences: values, derivatives, and where they are infinite."""

from __future__ import annotations

import numpy as np
import pytest

from reference import BinaryKLDivergence, Divergence, KLDivergence, SquaredError
from reference.divergence import log_where

from .cases import differences, exactly

INF = np.inf


@pytest.mark.parametrize(
    ("divergence", "y", "d", "value", "derivative"),
    [
        (SquaredError(), [1, -2, 0.5], [0, 1, 0.5], 5, [1, -3, 0]),
        (KLDivergence(), [0.5, 0.5], [0.25, 0.75], 0.13081203594113697, [-0.5, -1.5]),
        (KLDivergence(), [0.25, 0.75], [0.25, 0.75], 0, [-1, -1]),
        (KLDivergence(), [0.2, 0.5, 0.3], [0, 1, 0], np.log(2), [0, -2, 0]),
        (KLDivergence(), [0, 1], [0, 1], 0, [0, -1]),
        (KLDivergence(), [0, 1], [1, 0], INF, [-INF, 0]),
        (KLDivergence(), [0, 1], [0.5, 0.5], INF, [-INF, -0.5]),
        (BinaryKLDivergence(), [0.8], [0.75], 0.5697171415941824, [-0.75 / 0.8 + 0.25 / 0.2]),
        (BinaryKLDivergence(), [0.5, 0.25], [1, 0], np.log(2) - np.log(0.75), [-2, 4 / 3]),
        (BinaryKLDivergence(), [1, 0], [1, 0], 0, [-1, 1]),
        (BinaryKLDivergence(), [0, 0.5], [1, 0], INF, [-INF, 2]),
        (BinaryKLDivergence(), [1, 0.5], [0, 1], INF, [INF, -2]),
    ],
    ids=str,
)
def test_value_and_derivative(divergence, y, d, value, derivative):
    y, d = np.array(y, dtype=float), np.array(d, dtype=float)
    np.testing.assert_allclose(divergence.value(y, d), value, rtol=1e-14, atol=1e-16)
    np.testing.assert_allclose(divergence.derivative(y, d), derivative, rtol=1e-14)
    divergence.check_target(d)
    divergence.check_output(y)


@pytest.mark.parametrize(
    "divergence", [SquaredError(), KLDivergence(), BinaryKLDivergence()], ids=str
)
def test_the_derivative_is_that_of_the_value(divergence):
    random = np.random.default_rng(0)
    y, d = random.uniform(0.1, 0.9, 5), random.dirichlet(np.ones(5))
    expected = differences(lambda y: divergence.value(y, d), y)
    np.testing.assert_allclose(divergence.derivative(y, d), expected, rtol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "divergence", [SquaredError(), KLDivergence(), BinaryKLDivergence()], ids=str
)
def test_rows_by_themselves_in_the_dtype_given(divergence, dtype):
    random = np.random.default_rng(0)
    y = random.uniform(0.1, 0.9, (2, 3, 4)).astype(dtype)
    d = random.dirichlet(np.ones(4), (2, 3)).astype(dtype)
    y.flags.writeable = d.flags.writeable = False
    value, derivative = divergence.value(y, d), divergence.derivative(y, d)
    assert (value.shape, value.dtype) == ((2, 3), dtype)
    assert (derivative.shape, derivative.dtype) == ((2, 3, 4), dtype)
    for t in np.ndindex(2, 3):
        np.testing.assert_allclose(value[t], divergence.value(y[t], d[t]), rtol=1e-6)
        np.testing.assert_array_equal(derivative[t], divergence.derivative(y[t], d[t]))


def test_kl_is_minus_the_log_of_the_output_of_the_class():
    """And a y that underflowed gives the exact, large value."""
    y = np.array([1e-300, 1 - 1e-300])
    np.testing.assert_allclose(KLDivergence().value(y, np.array([1.0, 0])), 300 * np.log(10))
    subnormal = np.array([5e-324, 1.0])
    assert KLDivergence().derivative(subnormal, np.array([1.0, 0]))[0] == -INF


@pytest.mark.parametrize(
    ("d", "message"),
    [
        ([[0.5, 0.5], [-0.25, 1.25]], "d must be non-negative, got -0.25"),
        ([[1, 0], [1, 0.5]], "the rows of d must sum to 1, got a row that sums to 1.5"),
        ([0.25, 0.25], "the rows of d must sum to 1, got a row that sums to 0.5"),
        (
            [[1, 0.25], [0.25, 0.25], [1, 0]],
            "the rows of d must sum to 1, got a row that sums to 0.5",
        ),
        ([[1.0, 3e-6]], "the rows of d must sum to 1, got a row that sums to 1.000003"),
    ],
)
def test_the_targets_of_kl_are_distributions(d, message):
    with pytest.raises(ValueError, match=exactly(message)):
        KLDivergence().check_target(np.array(d))


def test_the_targets_of_kl_sum_to_1_up_to_rounding():
    KLDivergence().check_target(np.array([[0.5, 0.5 + 9e-7], [0.5 - 9e-7, 0.5], [0, 1]]))
    rounded = np.random.default_rng(0).dirichlet(np.ones(16), 100).astype(np.float32)
    KLDivergence().check_target(rounded)


@pytest.mark.parametrize(
    ("d", "got"), [([[0.5, -0.25], [2, 1]], -0.25), ([[0.5, 1.25]], 1.25), ([[0, 1, -2.0]], -2.0)]
)
def test_the_targets_of_binary_kl_lie_between_0_and_1(d, got):
    with pytest.raises(ValueError, match=exactly(f"d must lie in [0, 1], got {got}")):
        BinaryKLDivergence().check_target(np.array(d))


def test_outputs_that_have_no_logarithm():
    with pytest.raises(
        ValueError, match=exactly("y must be non-negative for KLDivergence, got -0.5")
    ):
        KLDivergence().check_output(np.array([[0.5, 0.5], [1.5, -0.5]]))
    for y, got in ([[0.5, 1.5]], 1.5), ([[0.5, -0.5]], -0.5):
        message = f"y must lie in [0, 1] for BinaryKLDivergence, got {got}"
        with pytest.raises(ValueError, match=exactly(message)):
            BinaryKLDivergence().check_output(np.array(y))


def test_a_logarithm_that_is_not_needed_is_0():
    x = np.arange(-32.0, 32.0)
    for _ in range(3):
        np.full(64, np.nan)  # leaves its memory behind, for an array that nobody fills
        np.testing.assert_array_equal(log_where(x > 50, x), np.zeros(64))


def test_the_squared_error_takes_everything():
    SquaredError().check_target(np.array([-3.0]))
    SquaredError().check_output(np.array([-3.0]))


def test_a_divergence_without_its_methods_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        Divergence()
