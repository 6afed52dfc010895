"""Each error names the argument, what was expected and what came."""

from __future__ import annotations

import numpy as np
import pytest

from reference.architecture import common_dtype
from reference.checks import finite_array, real_dtype, rows, whole_number

from .cases import exactly

F32, F64 = np.float32, np.float64


@pytest.mark.parametrize(
    ("check", "error", "message"),
    [
        (lambda: real_dtype("int32"), TypeError, "dtype must be float32 or float64, got int32"),
        (lambda: real_dtype("f2", "e"), TypeError, "e must be float32 or float64, got float16"),
        (
            lambda: finite_array([[1], [2, 3]], "x", F64),
            TypeError,
            "x must be an array of real numbers, got rows of unequal length",
        ),
        (
            lambda: finite_array([1j], "x", F64),
            TypeError,
            "x must be an array of real numbers, got dtype complex128",
        ),
        (
            lambda: finite_array([None], "x", F64),
            TypeError,
            "x must be an array of real numbers, got dtype object",
        ),
        (
            lambda: finite_array([[0, 1], [-np.inf, np.nan]], "x", F64),
            ValueError,
            "x must be finite in float64, got -inf at (1, 0)",
        ),
        (
            lambda: finite_array([1, 1e39], "x", F32),
            ValueError,
            "x must be finite in float32, got inf at (1,)",
        ),
        (
            lambda: finite_array(np.nan, "x", F64),
            ValueError,
            "x must be finite in float64, got nan at ()",
        ),
        (
            lambda: rows([1, 2], 3, "x", F64),
            ValueError,
            "x must have shape (T, 3) or (3,), got (2,)",
        ),
        (lambda: rows([], 3, "x", F64), ValueError, "x must have shape (T, 3) or (3,), got (0,)"),
        (
            lambda: rows(np.ones((0, 3)), 3, "x", F64),
            ValueError,
            "x must have at least one row, got shape (0, 3)",
        ),
        (lambda: whole_number(1.0, "n", 0), TypeError, "n must be a whole number, got 1.0"),
        (lambda: whole_number(True, "n", 0), TypeError, "n must be a whole number, got True"),
        (lambda: whole_number("1", "n", 0), TypeError, "n must be a whole number, got '1'"),
        (lambda: whole_number(1, "n", 2), ValueError, "n must be at least 2, got 1"),
        (
            lambda: common_dtype([np.ones(1, F64), np.ones(1, F32), np.ones(1, ">f4")]),
            TypeError,
            "weights and biases must share one dtype, got >f4 and float32 and float64",
        ),
        (
            lambda: common_dtype([np.ones(1, int), np.ones(1, F32)]),
            TypeError,
            "weights and biases must share one dtype, got float32 and float64",
        ),
        (
            lambda: common_dtype([np.ones(1, complex)]),
            TypeError,
            "the dtype of weights and biases must be float32 or float64, got complex128",
        ),
    ],
)
def test_what_is_refused(check, error, message):
    with pytest.raises(error, match=exactly(message)):
        check()


def test_what_is_taken():
    assert real_dtype("float32") == F32
    assert real_dtype(float) == F64
    for value in ([1, 2], (True, False), np.array([1, 2], np.uint8), [1.5, 2]):
        assert finite_array(value, "x", F32).dtype == F32
        np.testing.assert_array_equal(finite_array(value, "x", F32), value)
    x = np.ones(2)
    assert not np.shares_memory(finite_array(x, "x", F64), x)
    assert rows([[1, 2]], 2, "x", F64).shape == (1, 2)
    assert rows([1, 2], 2, "x", F64).shape == (2,)
    for number in (2, np.int32(2)):
        assert whole_number(number, "n", at_least=2) == 2
        assert type(whole_number(number, "n", at_least=2)) is int


@pytest.mark.parametrize(
    ("parameters", "dtype"),
    [
        ([], F64),
        ([[1, 2], [0.5]], F64),
        ([np.ones(1, np.int8), np.ones(1, bool), np.ones(1, np.uint8)], F64),
        ([np.ones(1, F32), np.ones(2, F32)], F32),
        ([np.ones(1, F64), [1, 2]], F64),
    ],
)
def test_the_dtype_that_parameters_share(parameters, dtype):
    assert common_dtype(parameters) == dtype
