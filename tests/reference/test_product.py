"""Multiplicative units: zeros, several zeros and negative z are ordinary inputs."""

from __future__ import annotations

import numpy as np
import pytest

from reference import PairwiseProduct, Product
from reference.product import product_of_others

from .cases import exactly


@pytest.mark.parametrize(
    ("exponents", "z", "y", "J"),
    [
        (None, [2, -3, 5], [-30], [[-15, 10, -6]]),
        (None, [0, 3, 5], [0], [[15, 0, 0]]),
        (None, [0, 0, 5], [0], [[0, 0, 0]]),
        (None, [7], [7], [[1]]),
        ([[2], [1]], [-3, 4], [36], [[-24, 9]]),  # z1^2 z2
        ([[2], [1]], [0, 4], [0], [[0, 0]]),
        ([[1], [0]], [5, 0], [5], [[1, 0]]),  # 0^0 = 1, and its derivative is 0
        ([[0], [0]], [0, 0], [1], [[0, 0]]),
        ([[1, 0], [0, 2], [3, 1]], [2, -3, 1], [2, 9], [[1, 0, 6], [0, -6, 9]]),
        ([[1, 0], [0, 2], [3, 1]], [2, 0, 0], [0, 0], [[0, 0, 0], [0, 0, 0]]),
        ([[0.5], [-1]], [4, 2], [1], [[1 / 8, -1 / 2]]),
        ([[-2, 1], [0, 0.5]], [0.5, 4], [4, 1], [[-16, 0], [2, 1 / 8]]),
    ],
)
def test_product(exponents, z, y, J):
    f, z = Product(exponents), np.array(z, dtype=float)
    np.testing.assert_allclose(f.forward(z), y, rtol=1e-15)
    np.testing.assert_allclose(f.jacobian(z, f.forward(z)), J, rtol=1e-15)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_the_product_of_the_others_divides_by_nothing(n):
    random = np.random.default_rng(n)
    factors = random.integers(-2, 3, (4, n, 3)).astype(float)
    expected = [factors[:, np.arange(n) != j, :].prod(axis=1) for j in range(n)]
    np.testing.assert_array_equal(product_of_others(factors), np.stack(expected, axis=1))


@pytest.mark.parametrize(
    ("exponents", "domain"),
    [
        (None, (-np.inf, np.inf)),
        ([[2.0], [0]], (-np.inf, np.inf)),
        ([[2], [-1]], (0, np.inf)),
        ([[2], [0.5]], (0, np.inf)),
    ],
)
def test_the_domain_is_positive_unless_the_exponents_are_whole_numbers_from_0_up(exponents, domain):
    assert Product(exponents).domain == domain


@pytest.mark.parametrize("z", [[1.0, 0.0], [1.0, -2.0]])
def test_outside_the_domain(z):
    f, z = Product([[0.5], [-1]]), np.array(z)
    message = exactly(
        f"z must be positive where an exponent is negative or no whole number, got {z[1]}"
    )
    with pytest.raises(ValueError, match=message):
        f.forward(z)
    with pytest.raises(ValueError, match=message):
        f.jacobian(z, np.ones(1))


def test_product_takes_the_width_of_its_exponents():
    assert [Product().output_width(n) for n in (1, 5)] == [1, 1]
    f = Product([[1, 2, 3], [0, 0, 1]])
    assert f.output_width(2) == 3
    for n in (1, 3):
        message = exactly(f"Product with 2 rows of exponents needs z of width 2, got {n}")
        with pytest.raises(ValueError, match=message):
            f.output_width(n)
        with pytest.raises(ValueError, match=message):
            f.forward(np.ones(n))


@pytest.mark.parametrize(
    ("exponents", "error", "message"),
    [
        ([1, 2], ValueError, "exponents must have shape (n, m), got (2,)"),
        ([[[1]]], ValueError, "exponents must have shape (n, m), got (1, 1, 1)"),
        ([[]], ValueError, "exponents must have shape (n, m), got (1, 0)"),
        ([[1, np.nan]], ValueError, "exponents must be finite in float64, got nan at (0, 1)"),
        ([["1"]], TypeError, "exponents must be an array of real numbers, got dtype <U1"),
    ],
)
def test_bad_exponents(exponents, error, message):
    with pytest.raises(error, match=exactly(message)):
        Product(exponents)


def test_pairwise_product():
    f = PairwiseProduct([[0, 1], [2, 2], [1, 0], [2, 0]])
    z = np.array([2.0, -3.0, 5.0])
    y = f.forward(z)
    J = np.array([[-3, 2, 0], [0, 0, 10], [-3, 2, 0], [5, 0, 2]])
    np.testing.assert_array_equal(y, [-6, 25, -6, 10])
    np.testing.assert_array_equal(f.jacobian(z, y), J)
    dy = np.array([1.0, 10, 100, 1000])
    np.testing.assert_array_equal(f.vjp(z, y, dy), dy @ J)
    assert f.output_width(3) == f.output_width(8) == 4
    assert f == PairwiseProduct(((0, 1), (2, 2), (1, 0), (2, 0)))


def test_z_must_be_as_wide_as_the_pairs_need():
    f = PairwiseProduct([[0, 4], [1, 2]])
    message = exactly("PairwiseProduct with index 4 needs z of width 5, got 4")
    for call in (f.output_width, lambda n: f.forward(np.zeros(n))):
        with pytest.raises(ValueError, match=message):
            call(4)
    assert f.output_width(5) == 2


@pytest.mark.parametrize(
    ("pairs", "error", "message"),
    [
        ([], ValueError, "pairs must be a non-empty list of (j, l), got []"),
        ([[0, 1, 2]], ValueError, "pairs must be a non-empty list of (j, l), got [[0, 1, 2]]"),
        ([[0, 1], [0]], ValueError, "pairs must be a non-empty list of (j, l), got [[0, 1], [0]]"),
        ([[0, 1], [0, -1]], ValueError, "pairs[1] must be at least 0, got -1"),
        ([["a", 1]], TypeError, "pairs[0] must be a whole number, got 'a'"),
    ],
)
def test_bad_pairs(pairs, error, message):
    with pytest.raises(error, match=exactly(message)):
        PairwiseProduct(pairs)
