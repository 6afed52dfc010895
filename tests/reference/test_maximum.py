"""Softmax, its hard limit Max, and the maxima of groups."""

from __future__ import annotations

import numpy as np
import pytest

from reference import GroupMax, Max, Softmax

from .cases import exactly


def test_softmax_at_literal_values():
    z = np.array([1.0, 2.0, 3.0])
    y = Softmax().forward(z)
    expected = [0.09003057317038046, 0.24472847105479764, 0.6652409557748219]
    np.testing.assert_allclose(y, expected, rtol=1e-15)
    np.testing.assert_allclose(Softmax().forward(z + 1e4), expected, rtol=1e-12)

    y = Softmax().forward(np.log([1.0, 2.0, 5.0]))
    J = Softmax().jacobian(z, y)
    np.testing.assert_allclose(y, [1 / 8, 2 / 8, 5 / 8], rtol=1e-15)
    np.testing.assert_allclose(64 * J, [[7, -2, -5], [-2, 12, -10], [-5, -10, 15]], rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_far_out_softmax_is_the_one_hot_of_the_argmax(dtype):
    z = np.array([[1e4, -1e4, 0], [-1e4, -1e4, -1e4]], dtype)
    y = Softmax().forward(z)
    np.testing.assert_allclose(y, [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]], rtol=1e-7)
    np.testing.assert_array_equal(Softmax().jacobian(z, y)[0], np.zeros((3, 3)))


@pytest.mark.parametrize("n", [1, 2, 7])
def test_the_width_of_softmax_and_max(n):
    assert Softmax().output_width(n) == n
    assert Max().output_width(n) == 1


@pytest.mark.parametrize(
    ("z", "y", "row"),
    [
        ([1, 2, 3], 3, [0, 0, 1]),
        ([-5, -2, -9], -2, [0, 1, 0]),
        ([4, 4, 1], 4, [1, 0, 0]),
        ([0, 0, 0], 0, [1, 0, 0]),
        ([1, 7, 7], 7, [0, 1, 0]),
    ],
)
def test_the_first_of_a_tie_wins(z, y, row):
    z = np.array(z, dtype=float)
    np.testing.assert_array_equal(Max().forward(z), [y])
    np.testing.assert_array_equal(Max().jacobian(z, np.array([y])), [row])
    np.testing.assert_array_equal(Max().vjp(z, np.array([y]), np.array([10.0])), 10 * np.array(row))


def test_groups_overlap_and_ties_go_to_the_first_listed():
    f = GroupMax(groups=[[3, 0], [0, 3], [1, 2, 3], [2]])
    z = np.array([5.0, 1.0, 2.0, 5.0])
    J = [[0, 0, 0, 1], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]
    y = f.forward(z)
    np.testing.assert_array_equal(y, [5, 5, 5, 2])
    np.testing.assert_array_equal(f.jacobian(z, y), J)
    np.testing.assert_array_equal(f.vjp(z, y, np.array([1.0, 10, 100, 1000])), [10, 0, 1000, 101])


def test_group_max_keeps_what_it_was_given_as_tuples():
    groups = [[0, np.int64(1)], [2]]
    f = GroupMax(groups)
    groups[1].append(3)
    assert f == GroupMax(((0, 1), (2,)))
    assert f.parameters() == {"groups": [[0, 1], [2]]}
    assert (f.output_width(3), f.output_width(9)) == (2, 2)


@pytest.mark.parametrize(
    ("groups", "error", "message"),
    [
        ([], ValueError, "groups must be non-empty lists of indices, got []"),
        ([[0], []], ValueError, "groups must be non-empty lists of indices, got [[0], []]"),
        ([[0], [1, -1]], ValueError, "groups[1] must be at least 0, got -1"),
        ([[0.5]], TypeError, "groups[0] must be a whole number, got 0.5"),
        ([[True]], TypeError, "groups[0] must be a whole number, got True"),
    ],
)
def test_bad_groups(groups, error, message):
    with pytest.raises(error, match=exactly(message)):
        GroupMax(groups)


def test_z_must_be_as_wide_as_the_groups_need():
    f = GroupMax([[0, 4], [1, 2]])
    message = exactly("GroupMax with index 4 needs z of width 5, got 4")
    for call in (f.output_width, lambda n: f.forward(np.zeros(n))):
        with pytest.raises(ValueError, match=message):
            call(4)
    assert f.output_width(5) == 2
