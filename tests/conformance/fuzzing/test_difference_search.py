"""Wrong numbers and narrow bands of wrong slopes, where no kink leads."""

import numpy as np
import pytest

from conformance.fuzzing.search.difference_search import on_a_line

from .targets import Tanh, verdict, with_

EVERYWHERE = (-np.inf, np.inf)


def test_where_two_slopes_differ_is_found_first():
    found = on_a_line(lambda z: np.cos(z) + (z == 0.1) + 2 * (z == 50), np.cos, EVERYWHERE)
    assert found[:, 0].tolist() == [50, 0.1]


def test_a_number_that_is_nan_is_further_than_any():
    found = on_a_line(lambda z: np.where(z == np.pi, np.nan, z), lambda z: z + (z == 1), EVERYWHERE)
    assert found[0, 0] == np.pi


@pytest.mark.parametrize(
    "where",
    [
        lambda z: z == z.dtype.type(0.1),
        lambda z: z == z.dtype.type(np.pi),
        lambda z: z == z.dtype.type(1 / 3),
        lambda z: z == 255,
        lambda z: (z > 1.7) & (z < 1.701),
    ],
    ids=["a tenth", "pi", "a third", "255", "a band of a thousandth"],
)
def test_a_slope_that_is_wrong_there_alone_is_found(where):
    def derivative(self, z, y):
        return np.where(where(z), z.dtype.type(0.25), 1 - y * y)

    assert not verdict(with_(Tanh, derivative=derivative)).conforms
