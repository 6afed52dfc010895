"""The comparison and its tolerance: tight where a bug is, generous to nothing but rounding."""

import numpy as np
import pytest

from conformance.compare import Disagreement, compare, require
from conformance.tolerance import tolerance

ONE = np.ones(3)


def test_the_ratio_of_error_and_tolerance_is_returned():
    assert compare("x", np.array([1.0, 2.5]), [1.0, 2.0], [1.0, 1.0]) == 0.5


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_a_relative_error_of_1e_6_is_found_and_one_of_rounding_is_not(scale):
    expected = scale * ONE
    allowed = tolerance(expected, np.float64)
    compare("x", expected * (1 + 2e-16), expected, allowed)
    with pytest.raises(Disagreement):
        compare("x", expected * (1 + 1e-6), expected, allowed)


def test_in_float32_rounding_is_that_of_float32():
    allowed = tolerance(ONE, np.float32)
    compare("x", (ONE * (1 + 1e-7)).astype(np.float32), ONE, allowed)
    with pytest.raises(Disagreement):
        compare("x", (ONE * (1 + 1e-4)).astype(np.float32), ONE, allowed)


def test_shape_comes_before_numbers():
    with pytest.raises(Disagreement, match=r"x must have shape \(3,\), got \(2,\)"):
        compare("x", np.ones(2), ONE, 1.0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_finite_where_the_truth_is_is_a_finding(bad):
    with pytest.raises(Disagreement, match=r"x\[1\] is -?(nan|inf) where 1 was expected"):
        compare("x", np.array([1.0, bad, 1.0]), ONE, 1.0)


@pytest.mark.parametrize("true", [np.nan, np.inf, 1e300])
def test_what_the_dtype_cannot_hold_is_not_compared(true):
    got = np.array([np.inf], dtype=np.float32)
    assert compare("x", got, [true], 0.0) == 0.0


def test_zero_tolerance_means_equal():
    assert compare("x", ONE, ONE, 0.0) == 0.0
    with pytest.raises(Disagreement):
        compare("x", np.nextafter(ONE, 2), ONE, 0.0)


def test_the_explanation_names_place_values_and_tolerance():
    message = r"dz\[1, 0\] is 3, expected 2: error 1, relative 0.5, tolerance 0.25"
    with pytest.raises(Disagreement, match=message):
        compare("dz", np.array([[1.0], [3.0]]), [[1.0], [2.0]], 0.25)


def test_require():
    require(True, "fine")
    with pytest.raises(Disagreement, match="not fine"):
        require(False, "not fine")
