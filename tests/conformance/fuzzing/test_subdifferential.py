"""At a kink each element of the Clarke subdifferential is right, and nothing else is."""

from itertools import permutations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conformance.fuzzing.kinks.convention import convention
from conformance.fuzzing.kinks.hull import nearest
from conformance.fuzzing.kinks.neighbourhood import Neighbourhood
from conformance.fuzzing.kinks.subdifferential import membership, nearest_element, slopes_within
from conformance.fuzzing.witness.autodiff import Autodiff

EVERYWHERE = (-np.inf, np.inf)
EPS = np.finfo(np.float64).eps
RELU, NORM = Autodiff(jax.nn.relu, "relu"), Autodiff(jnp.linalg.norm, "norm")
MAX, SORT, TANH = (Autodiff(f, f.__name__) for f in (jnp.max, jnp.sort, jnp.tanh))


def inside(witness, z, J):
    """Whether J (m, n) is an element of the subdifferential at z (n,)."""
    z, J = np.asarray(z, dtype=float), np.asarray(J, dtype=float)
    near = Neighbourhood(witness, EPS, EVERYWHERE)
    return membership(near, z, J, np.full(J.shape, 64 * EPS)).distance <= 1


@pytest.mark.parametrize("slope", [0.0, 0.3, 0.5, 1.0])
def test_relu_at_0_has_every_slope_from_0_to_1(slope):
    assert inside(RELU, [0], [[slope]])


@pytest.mark.parametrize("slope", [2.0, -0.1, 1 + 1e-6, -1e-6, np.nan, np.inf])
def test_and_no_other(slope):
    assert not inside(RELU, [0], [[slope]])


@pytest.mark.parametrize("kink", [0.0, 6.0, 0.7, 1 / 3, -2.5])
def test_the_slopes_of_an_elementwise_function_are_looked_at_all_at_once(kink):
    witness = Autodiff(lambda z: jnp.where(z > kink, 2 * (z - kink), kink - z), "bent")
    slopes = np.array([-1.0, 0.0, 2.0, -1.1, 2.1, np.nan])
    z, tolerance = np.full(slopes.shape, kink), np.full(slopes.shape, 64 * EPS)
    found = slopes_within(Neighbourhood(witness, EPS, EVERYWHERE), z, slopes, tolerance)
    assert [m.distance <= 1 for m in found] == [True] * 3 + [False] * 3
    assert all(m.kink for m in found)


@pytest.mark.parametrize(
    ("ulps", "right"), [(-30, True), (30, True), (-3000, False), (3000, False)]
)
def test_where_a_nearly_flat_y_is_clipped_rounding_may_have_done_it(ulps, right):
    """min(1 + (z - 7) / 100, 1): 100 ulps of 7 move it by 7 of 1."""
    clipped = Autodiff(lambda z: jnp.minimum(1 + (z - 7) / 100, 1), "clipped")
    z = np.array([7 * (1 + ulps * EPS)])
    wrong = np.array([0.01 if ulps > 0 else 0.0])  # that of the other side
    near = Neighbourhood(clipped, EPS, EVERYWHERE)
    (found,) = slopes_within(near, z, wrong, np.array([64 * EPS]))
    assert (found.distance <= 1) == right


@pytest.mark.parametrize("row", [[1, 0], [0, 1], [0.5, 0.5], [0.25, 0.75]])
def test_a_maximum_of_two_that_tie_has_any_convex_combination(row):
    assert inside(MAX, [1.5, 1.5], [row])


@pytest.mark.parametrize("row", [[1, 1], [0, 0], [0.5, 0.6], [1.5, -0.5]])
def test_and_nothing_that_is_none(row):
    assert not inside(MAX, [1.5, 1.5], [row])


@pytest.mark.parametrize(
    ("witness", "z", "J", "element"),
    [
        (RELU, [0], [[2]], [[1]]),
        (RELU, [0], [[-0.1]], [[0]]),
        (MAX, [3, 3], [[1, 1]], [[0.5, 0.5]]),
        (MAX, [3, 3, 1], [[0.99, 0, 0]], [[0.995, 0.005, 0]]),
        (NORM, [0, 0], [[3, 4]], [[0.6, 0.8]]),
    ],
)
def test_a_wrong_one_is_told_the_element_next_to_it(witness, z, J, element):
    z, J = np.asarray(z, dtype=float), np.asarray(J, dtype=float)
    near = Neighbourhood(witness, EPS, EVERYWHERE)
    assert nearest_element(near, z, J) == pytest.approx(np.asarray(element), abs=1e-6)


@pytest.mark.parametrize("size", [1.0, 1e100, 1e200, 1e307])
def test_the_nearest_element_is_found_among_slopes_of_any_size(size):
    vertices = size * np.array([[[1.0, 0.0]], [[0.0, 1.0]], [[0.5, 0.5]]])
    beyond = size * np.array([[1.0, 2.0]])
    assert nearest(beyond, vertices) / size == pytest.approx(np.array([[0.0, 1.0]]), abs=1e-6)


def test_only_the_tied_have_a_share_in_a_maximum():
    assert inside(MAX, [2, 1, 2], [[0.5, 0, 0.5]])
    assert not inside(MAX, [2, 1, 2], [[0.5, 0.5, 0]])


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_sort_of_equal_numbers_may_take_them_in_any_order(order):
    assert inside(SORT, [1, 1, 1], np.eye(3)[list(order)])


def test_a_sort_of_equal_numbers_may_be_a_mean_of_orders_but_uses_none_twice():
    assert inside(SORT, [1, 1, 1], np.full((3, 3), 1 / 3))
    assert inside(SORT, [1, 1, 1], (np.eye(3) + np.eye(3)[::-1]) / 2)
    assert not inside(SORT, [1, 1, 1], [[1, 0, 0], [1, 0, 0], [0, 0, 1]])
    assert not inside(SORT, [1, 1, 1], np.eye(3)[[2, 2, 2]])


CRELU = Autodiff(lambda z: jnp.maximum(jnp.concatenate([z, -z]), 0), "crelu")


SORTED_L1 = Autodiff(
    lambda z: jnp.sort(jnp.abs(z)) @ jnp.arange(1.0, z.size + 1), "the sorted l1 norm"
)


@pytest.mark.parametrize(
    "order", [(6, 0, -5, 0, 4, 3), (3, 0, -4, 0, 5, 6), (4.5, 0, -4.5, 0, 6, 3)]
)
def test_several_that_tie_have_an_order_whatever_others_have_at_0(order):
    assert inside(SORTED_L1, [1, 0, -1, 0, 1, 1], [order])


@pytest.mark.parametrize("order", [(6, 0, -5, 0, 4, 4), (6, 0, 5, 0, 4, 3), (6, 3, -5, 0, 4, 3)])
def test_but_not_what_is_no_order(order):
    assert not inside(SORTED_L1, [1, 0, -1, 0, 1, 1], [order])


@pytest.mark.parametrize("slopes", [(1, 0), (0, -1), (0.25, -0.75), (0, 0), (0.25, 0), (0, -0.5)])
def test_an_output_may_be_off_at_its_kink_whatever_another_chose(slopes):
    assert inside(CRELU, [0], np.array(slopes)[:, None])


@pytest.mark.parametrize("slopes", [(1, -1), (0.5, -0.25), (0, 0.5), (-0.1, 0), (1.1, 0)])
def test_but_what_is_not_off_chooses_together(slopes):
    assert not inside(CRELU, [0], np.array(slopes)[:, None])


def pairs(z):
    """Two maxima of sums, which lose what is small beside 1, and a number that loses nothing."""
    a, b, c = z
    return jnp.stack([jnp.maximum(a - 0.5, b - 0.5), jnp.maximum(b - 1, c - 1), a])


PAIRS = Autodiff(pairs, "pairs")
FIRST = [[1, 0, 0], [0, 1, 0], [1, 0, 0]]


@pytest.mark.parametrize("z", [[0, 0, 0], [2.0**-55, 0, 0], [0, 0, 2.0**-60]])
def test_where_a_sum_loses_z_its_output_alone_is_looked_at_further_away(z):
    assert inside(PAIRS, z, FIRST)


@pytest.mark.parametrize("J", [[*FIRST[:2], [0, 1, 0]], [[1, 1, 0], *FIRST[1:]]])
def test_but_nothing_is_right_there_that_is_not_right_nearby(J):
    assert not inside(PAIRS, [0, 0, 0], J)


@pytest.mark.parametrize(("size", "right"), [(1e-8, True), (1e-5, False)])
def test_in_float32_a_sum_loses_more(size, right):
    J, z = np.array(FIRST, float), np.array([0, 0, size], np.float32).astype(float)
    eps = float(np.finfo(np.float32).eps)
    near = Neighbourhood(PAIRS, eps, EVERYWHERE)
    assert (membership(near, z, J, np.full(J.shape, 64 * eps)).distance <= 1) == right


@pytest.mark.parametrize(("a", "right"), [(0.5, False), (0.1 + 0.7, True)])
def test_sums_that_tie_but_for_rounding_are_judged_output_by_output(a, right):
    """Both maxima switch at the same z: of short numbers they do so together."""
    twice = Autodiff(lambda z: jnp.maximum(z[0], z[1]) * jnp.array([1.0, 2.0]), "twice")
    assert inside(twice, [a, a], [[1, 0], [0, 2]]) == right
    assert inside(twice, [a, a], [[1, 0], [2, 0]])
    assert not inside(twice, [a, a], [[1, 0], [2, 2]])


@pytest.mark.parametrize("at", [0.5, 0.1])
def test_but_outputs_of_one_number_are_judged_together(at):
    """max(z - c, 0) and max(c - z, 0) are not both on, however many digits c has."""
    both = Autodiff(lambda z: jnp.maximum(jnp.array([1, -1]) * (z - at), 0), "both")
    assert inside(both, [at], [[1], [0]])
    assert not inside(both, [at], [[1], [-1]])


@pytest.mark.parametrize("row", [[0, 0], [1, 0], [0, -1], [0.6, 0.8], [-0.3, 0.2]])
def test_the_norm_at_the_origin_has_the_unit_ball(row):
    assert inside(NORM, [0, 0], [row])


@pytest.mark.parametrize("row", [[1, 1], [0, 1.01], [-2, 0]])
def test_and_nothing_outside_it(row):
    assert not inside(NORM, [0, 0], [row])


@pytest.mark.parametrize(
    ("witness", "z"), [(TANH, [0.3, -1.2]), (NORM, [3, 4]), (MAX, [1, 2]), (RELU, [1.0])]
)
def test_where_it_is_smooth_the_jacobian_is_the_only_element(witness, z):
    z = np.array(z, dtype=float)
    J = witness.truth_at(z[None]).jacobian[0]
    wrong = J.copy()
    wrong[-1, -1] += 1e-6
    assert inside(witness, z, J)
    assert not inside(witness, z, wrong)


def test_where_autodiff_has_no_number_and_beside_it_one_that_bends():
    def normalised(z):  # whose Jacobian at equal numbers is 100 (1 - 1/n), and NaN to autodiff
        return (z - jnp.mean(z)) / (jnp.std(z, ddof=1) + 0.01)

    witness = Autodiff(normalised, "normalised")
    true = 100 * (np.eye(2) - 1 / 2)
    assert inside(witness, [3, 3], true)
    assert not inside(witness, [3, 3], true * (1 + 1e-6))


def test_the_convention_in_words():
    tied = np.array([1.0, 3.0, 3.0])
    for row, words in {
        (0, 1, 0): "first of the tied",
        (0, 0, 1): "last of the tied",
        (0, 0.5, 0.5): "split evenly among the tied",
        (0, 0.2, 0.8): "an element of the subdifferential",
    }.items():
        assert convention(tied, np.array([row], dtype=float), "Max") == words
    assert convention(np.array([0.0]), np.array([[1.0]]), "ReLU") == "ReLU'(0) = 1"
