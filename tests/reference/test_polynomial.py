"""Linear combinations and polynomials."""

from __future__ import annotations

import numpy as np
import pytest

from reference import LinearCombination, Polynomial

from .cases import exactly

A = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]])


def test_a_linear_combination_is_its_matrix():
    f = LinearCombination(A)
    z, dy = np.array([[1.0, 2, 4], [0, -1, 1]]), np.array([[1.0, 10], [2, 0]])
    y = f.forward(z)
    np.testing.assert_array_equal(y, [[-1, 2], [2.5, -4]])
    np.testing.assert_array_equal(f.jacobian(z, y), [A, A])
    np.testing.assert_array_equal(f.vjp(z, y, dy), [[1, 28, -9.5], [2, -4, 1]])
    assert f.output_width(3) == 2
    assert f == LinearCombination(A.tolist())
    assert f.parameters() == {"matrix": A.tolist()}


def test_the_matrix_is_kept_as_it_was_given():
    given = A.copy()
    f = LinearCombination(given)
    given[0, 0] = 99
    np.testing.assert_array_equal(f.forward(np.array([1.0, 0, 0])), [1, 0])
    f.jacobian(np.zeros(3), np.zeros(2))[0, 0] = 99
    np.testing.assert_array_equal(f.jacobian(np.zeros(3), np.zeros(2)), A)


@pytest.mark.parametrize(
    ("z", "y", "J"),
    [
        ([2, 3], [33, -18], [[24, 8], [-9, -12]]),
        ([0, 0], [9, 0], [[0, 0], [0, 0]]),
        ([-1, 2], [13, 4], [[-8, 2], [-4, 4]]),
    ],
)
def test_polynomial(z, y, J):
    """y_1 = 2 z1^2 z2 + 9 and y_2 = -z1 z2^2."""
    f = Polynomial(exponents=[[2, 1], [0, 0], [1, 2]], coefficients=[[2, 9, 0], [0, 0, -1]])
    z = np.array(z, dtype=float)
    np.testing.assert_allclose(f.forward(z), y, rtol=1e-15)
    np.testing.assert_allclose(f.jacobian(z, f.forward(z)), J, rtol=1e-15)


def test_a_polynomial_is_kept_as_numbers_of_its_own():
    coefficients = np.array([[2.0, 9.0]])
    f = Polynomial(exponents=np.array([[2.0], [0.0]]), coefficients=coefficients)
    coefficients[0, 0] = 99
    assert repr(f) == "Polynomial(exponents=((2,), (0,)), coefficients=((2.0, 9.0),))"
    assert f.parameters() == {"exponents": [[2], [0]], "coefficients": [[2, 9]]}
    np.testing.assert_array_equal(f.forward(np.array([3.0])), [27])


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (
            lambda: LinearCombination([1, 2]),
            ValueError,
            "matrix must have shape (m, n), got (2,)",
        ),
        (
            lambda: LinearCombination(np.zeros((0, 3))),
            ValueError,
            "matrix must have shape (m, n), got (0, 3)",
        ),
        (
            lambda: LinearCombination([[1, 2], [3]]),
            TypeError,
            "matrix must be an array of real numbers, got rows of unequal length",
        ),
        (
            lambda: LinearCombination([[1, np.inf]]),
            ValueError,
            "matrix must be finite in float64, got inf at (0, 1)",
        ),
        (
            lambda: Polynomial([1, 2], [[1]]),
            ValueError,
            "exponents must have shape (M, n), got (2,)",
        ),
        (
            lambda: Polynomial([[]], [[1]]),
            ValueError,
            "exponents must have shape (M, n), got (1, 0)",
        ),
        (
            lambda: Polynomial([[1, -1]], [[1]]),
            ValueError,
            "exponents must be whole numbers from 0 up, got [[1, -1]]",
        ),
        (
            lambda: Polynomial([[1, 0.5]], [[1]]),
            ValueError,
            "exponents must be whole numbers from 0 up, got [[1, 0.5]]",
        ),
        (
            lambda: Polynomial([[1], [2]], [1, 2]),
            ValueError,
            "coefficients must have shape (m, 2), got (2,)",
        ),
        (
            lambda: Polynomial([[1], [2]], [[1]]),
            ValueError,
            "coefficients must have shape (m, 2), got (1, 1)",
        ),
        (
            lambda: Polynomial([[np.nan]], [[1]]),
            ValueError,
            "exponents must be finite in float64, got nan at (0, 0)",
        ),
        (
            lambda: Polynomial([[1]], [[np.nan]]),
            ValueError,
            "coefficients must be finite in float64, got nan at (0, 0)",
        ),
    ],
)
def test_bad_parameters(build, error, message):
    with pytest.raises(error, match=exactly(message)):
        build()


def test_the_width_of_z_must_fit():
    message = exactly("LinearCombination with a matrix of shape (2, 3) needs z of width 3, got 4")
    for call in (
        LinearCombination(A).output_width,
        lambda n: LinearCombination(A).forward(np.zeros(n)),
    ):
        with pytest.raises(ValueError, match=message):
            call(4)
    polynomial = Polynomial([[1, 2]], [[1], [2], [3]])
    assert polynomial.output_width(2) == 3
    with pytest.raises(
        ValueError, match=exactly("Polynomial in 2 variables needs z of width 2, got 3")
    ):
        polynomial.output_width(3)
