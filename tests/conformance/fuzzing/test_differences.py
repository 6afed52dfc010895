"""Differences of a forward: its derivative to 1e-12, with an error that is no understatement."""

import math

import numpy as np
import pytest
from scipy.special import softmax

from conformance.fuzzing.slopes.complex_step import complex_step
from conformance.fuzzing.slopes.differences import derivatives

EVERYWHERE = (-np.inf, np.inf)
RANDOM = np.random.default_rng(0)
LINE = np.concatenate([np.linspace(-6, 6, 49), RANDOM.normal(0, 2, 2000), [0, 1e-3, -1e-8]])[
    :, None
]
ROWS = RANDOM.normal(0, 2, (40, 4))


def softmaxes(z):
    return softmax(z, axis=-1)


def softmax_jacobian(z):
    y = softmaxes(z)
    return y[..., :, None] * (np.eye(z.shape[-1]) - y[..., None, :])


def gaussian(z):
    return np.exp(-z * z)


ANALYTIC = {
    "sin": (np.sin, lambda z: np.cos(z)[..., None], LINE),
    "exp": (np.exp, lambda z: np.exp(z)[..., None], LINE),
    "gaussian": (gaussian, lambda z: (-2 * z * gaussian(z))[..., None], LINE),
    "softmax": (softmaxes, softmax_jacobian, ROWS),
}


@pytest.mark.parametrize("name", ANALYTIC)
def test_the_derivative_to_1e_12_within_its_own_error(name):
    f, derivative, z = ANALYTIC[name]
    slopes, true = derivatives(f, z, EVERYWHERE), derivative(z)
    size = np.maximum(1, np.abs(f(z)))[..., :, None]
    off = np.abs(slopes.estimate - true)
    assert slopes.estimate.shape == slopes.error.shape == true.shape
    assert (off <= 1e-12 * size).all()
    assert (off <= slopes.error).all()
    assert (slopes.error <= 1e-10 * size).all()


@pytest.mark.parametrize(
    ("f", "kink", "jump"),
    [
        (np.abs, 0.0, 2.0),
        (lambda z: np.maximum(z, 0), 0.0, 1.0),
        (lambda z: np.minimum(z, 6.0), 6.0, 1.0),
        (lambda z: 3 * np.maximum(z + 2.5, 0) + np.sin(z), -2.5, 3.0),
        (lambda z: np.maximum(z, 1 / 3), 1 / 3, 1.0),
    ],
)
def test_at_a_kink_the_error_is_half_the_jump_or_more(f, kink, jump):
    assert derivatives(f, np.array([[kink]]), EVERYWHERE).error >= 0.999 * jump / 2


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize(
    ("f", "derivative"),
    [
        (lambda z: z * np.abs(z), lambda z: 2 * np.abs(z)),
        (lambda z: z / (1 + np.abs(z)), lambda z: (1 + np.abs(z)) ** -2.0),
        (lambda z: np.where(z > 0, z, np.expm1(z)), lambda z: np.where(z > 0, 1, np.exp(z))),
    ],
)
def test_beside_a_jump_of_the_curvature_the_error_is_no_understatement(f, derivative, side):
    """All orders of a table agree on what is wrong where only its last step is on this side."""
    z = side * np.geomspace(1e-8, 1e-2, 2001)[:, None]
    slopes = derivatives(f, z, EVERYWHERE)
    assert (np.abs(slopes.estimate[..., 0] - derivative(z)) <= slopes.error[..., 0]).all()
    assert (slopes.error < 1e-5).all()


def test_of_a_maximum_at_a_tie():
    def maximum(z):
        return z.max(axis=-1, keepdims=True)

    slopes = derivatives(maximum, np.array([[1.0, 1.0, 0.0]]), EVERYWHERE)
    assert (slopes.error[0, 0, :2] >= 0.499).all()
    np.testing.assert_allclose(slopes.estimate[0, 0, 2], 0, atol=1e-12)


@pytest.mark.parametrize("edge", [0.0, 1.0, -3.0])
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_no_step_leaves_a_one_sided_domain(edge, side):
    domain = (edge, np.inf) if side > 0 else (-np.inf, edge)
    distance = 10.0 ** np.arange(-9.0, 5)[:, None]
    z = edge + side * distance
    distance = np.abs(z - edge)  # what is left of it after rounding

    def log(points):
        inside = (points > domain[0]) & (points < domain[1])
        assert inside.all()
        return np.log(np.abs(points - edge))

    slopes = derivatives(log, z, domain)
    true = (side / distance)[..., None]
    off = np.abs(slopes.estimate - true)
    assert (off <= slopes.error).all()
    assert (off <= 1e-9 * np.abs(true))[distance > 1e-4].all()


def median(z):
    return np.median(z, axis=-1, keepdims=True)


def test_a_kink_that_no_axis_shows_is_in_doubt():
    tied, apart = np.zeros((1, 3)), np.array([[0.5, -1.0, 2.0]])
    slopes = derivatives(median, np.vstack([tied, apart]), EVERYWHERE)
    assert (slopes.error[0] > 1).all()
    assert (slopes.error[1] < 1e-9).all()
    np.testing.assert_allclose(slopes.estimate[1], [[1, 0, 0]], atol=1e-9)


@pytest.mark.parametrize("name", ["sin", "exp", "gaussian"])
def test_the_complex_step_has_no_cancellation(name):
    f, derivative, z = ANALYTIC[name]
    true = derivative(z)
    step = complex_step(f, z)
    np.testing.assert_allclose(step.estimate, true, rtol=1e-14, atol=1e-300)
    apart = np.abs(step.estimate - derivatives(f, z, EVERYWHERE).estimate)
    assert (apart <= 1e-12 * np.maximum(1, np.abs(f(z)))[..., None]).all()


def test_the_complex_step_of_rows():
    def exponentials(z):
        weights = np.exp(z)
        return weights / weights.sum(axis=-1, keepdims=True)

    step = complex_step(exponentials, ROWS)
    np.testing.assert_allclose(step.estimate, softmax_jacobian(ROWS), atol=1e-15)


def test_the_complex_step_knows_that_sin_z_over_z_cancels():
    z = np.linspace(1e-4, 1e-3, 200)[:, None]
    true = -z / 3 + z**3 / 30 - z**5 / 840
    step = complex_step(lambda z: np.sin(z) / z, z)
    off = np.abs(step.estimate[..., 0] - true)
    assert off.max() > 1e-13
    assert (off <= step.error[..., 0]).all()


@pytest.mark.parametrize("f", [np.cbrt, np.abs, np.vectorize(math.erf, otypes=[float])])
def test_no_complex_step_where_complex_numbers_are_refused_or_lost(f):
    assert complex_step(f, LINE) is None


@pytest.mark.parametrize("centre", [-3.0, 10.0, 100.0])
def test_a_slope_that_only_small_steps_see_is_believed(centre):
    """What larger steps see, that there is next to none, is no reason to doubt it."""
    z = np.array([[centre]])
    slopes = derivatives(lambda z: np.tanh((z - centre) / 1e-6), z, EVERYWHERE)
    assert slopes.estimate == pytest.approx(1e6, rel=1e-3)
    assert slopes.error < 1e5


def squareplus(z):
    """(z + sqrt(z^2 + 4)) / 2: for a large -z what is left is lost to rounding, stair by stair."""
    return (z + np.hypot(z, 2)) / 2


def cone(z):
    """(2 - |z|)^2, nearly even in an entry that is small beside the other."""
    return (2 - np.sqrt((z * z).sum(axis=-1, keepdims=True))) ** 2


def clipped(z):
    """z / max(|z|, 0.001): within a radius of it a multiple of z."""
    return z / np.maximum(np.sqrt((z * z).sum(axis=-1, keepdims=True)), 1e-3)


@pytest.mark.parametrize(
    ("f", "z", "domain", "true"),
    [
        (squareplus, [-359.0], EVERYWHERE, [[7.75891499379443e-06]]),
        (squareplus, [-49.99999999996497], (-50, 50), [[3.99520639105847e-04]]),
        (squareplus, [-199.99999999558645], (-200, 200), [[2.49981251573396e-05]]),
        (lambda z: z - np.sqrt(z * z - 1), [50 - 6e-11], (1, 50), [[-2.000600200085e-4]]),
        (cone, [1e-8, -1e-12], EVERYWHERE, [[-3.99999998, 3.99999998e-4]]),
        (clipped, [-9.99999e-4, 1e-9], EVERYWHERE, [[1e3, 0], [0, 1e3]]),
    ],
    ids=["stairs", "at an edge", "at another", "where more is lost", "cone", "clipped"],
)
def test_the_error_is_no_understatement_where_steps_mislead(f, z, domain, true):
    slopes = derivatives(f, np.array([z]), domain)
    assert (np.abs(slopes.estimate - true) <= slopes.error + 1e-12).all(), slopes


def test_right_at_an_edge_differences_lead_away_from_it():
    z = np.array([[2 - 1e-13]])
    slopes = derivatives(lambda z: np.exp(z), z, (-2, 2))
    assert slopes.estimate == pytest.approx(np.exp(2), rel=1e-9)


@pytest.mark.parametrize(
    ("f", "true"),
    [
        (lambda z: z / (z + 1), 1),
        (lambda z: np.exp(-5 / z), 0),
        (lambda z: np.log1p(z), 1),
    ],
)
@pytest.mark.parametrize("z", [1e-30, 1e-300])
def test_next_to_an_edge_at_0_they_lead_far_beyond_z(f, true, z):
    slopes = derivatives(f, np.array([[z]]), (0, np.inf))
    assert slopes.error < 1e-6, slopes
    assert np.abs(slopes.estimate - true) <= slopes.error


@pytest.mark.parametrize(
    ("f", "true"),
    [
        (lambda z: np.maximum(z, 1e-30), 0),
        (lambda z: np.minimum(z, 1e-30), 1),
        (np.sqrt, 0.5e16),
        (lambda z: 1 + np.sqrt(z), 0.5e16),
    ],
)
def test_but_not_over_what_is_there_alone(f, true):
    slopes = derivatives(f, np.array([[1e-32]]), (0, np.inf))
    assert np.abs(slopes.estimate - true) <= slopes.error, slopes


def norm(z):
    largest = np.abs(z).max(axis=-1, keepdims=True)
    return largest * np.sqrt(((z / largest) ** 2).sum(axis=-1, keepdims=True))


@pytest.mark.parametrize("size", [1e-9, 1e-20, 1e-30, 1e-250])
def test_below_every_step_a_norm_has_the_slopes_that_it_has_further_out(size):
    slopes = derivatives(norm, size * np.array([[3.0, -4.0]]), EVERYWHERE)
    assert slopes.error.max() < 1e-5
    assert (np.abs(slopes.estimate - [[0.6, -0.8]]) <= slopes.error).all()


@pytest.mark.parametrize(
    ("f", "true"),
    [
        (lambda z: z + (1 - np.cos(2 * z)) / 2, lambda z: 1 + np.sin(2 * z)),
        (lambda z: z + np.log(1 + z), lambda z: 1 + 1 / (1 + z)),
        (lambda z: (1 + z) - 1, np.ones_like),
        (lambda z: np.maximum(z, 1e-12), lambda z: np.where(z < 1e-12, 0, 1)),
        (lambda z: np.hypot(z, 1e-12), lambda z: z / np.hypot(z, 1e-12)),
        (lambda z: z / (np.abs(z) + 1e-12), lambda z: 1e-12 / (np.abs(z) + 1e-12) ** 2),
    ],
    ids=["snake", "log lost", "all lost", "maximum", "hypot", "softsign"],
)
@pytest.mark.parametrize("z", [5.7e-8, 3e-10, 4e-13, 2e-16, 1e-20, 1e-40])
def test_but_nothing_is_sure_that_may_be_lost_or_ends_before(f, true, z):
    z = np.array([[z]])
    slopes = derivatives(f, z, EVERYWHERE)
    off = np.abs(slopes.estimate - true(z))
    assert np.logical_not(off > slopes.error + 1e-9), slopes


@pytest.mark.parametrize("f", [np.median, np.max])
def test_nor_of_what_ties_there(f):
    z = np.full((1, 3), 1e-30)
    slopes = derivatives(lambda z: f(z, axis=-1, keepdims=True), z, EVERYWHERE)
    assert (np.abs(slopes.estimate - np.eye(3)) <= slopes.error).all(), slopes


def test_and_where_what_is_clear_there_is_seen_better_from_inside():
    z = np.array([[-1e5 + 1e-6]])
    slopes = derivatives(lambda z: -z * z / 2, z, (-1e5, 1e5))
    assert np.abs(slopes.estimate + z) <= slopes.error < 1e-3


def test_nor_do_they_lead_over_many_waves():
    z = np.array([[9999.999999999938]])
    slopes = derivatives(lambda z: z + np.sin(2 * z) ** 2 / 2, z, (-1e4, 1e4))
    assert np.abs(slopes.estimate - 1 - np.sin(4 * z)) <= slopes.error


@pytest.mark.parametrize("off", [2.0**-26, 2.0**-22])
def test_beside_an_extremum_they_do_not_doubt_themselves(off):
    slopes = derivatives(lambda z: np.cos(z - 2), np.array([[2 + off]]), EVERYWHERE)
    assert abs(slopes.estimate[0, 0, 0] + np.sin(off)) <= slopes.error[0, 0, 0] < 1e-10


def test_what_does_not_move_in_short_steps_is_a_stair_where_longer_ones_have_seen_a_slope():
    """Of two points of the hyperbolic line: beside 1 the quotient keeps few digits."""

    def distance(z):
        x, y = z[..., :1], z[..., 1:]
        return 2 * np.abs(np.arctanh((x - y) / (1 - x * y)))

    z = np.array([[0.999999999, -0.999]])
    slopes = derivatives(distance, z, (-1.0, 1.0))
    true = -2 / (1 - z[0, 1] ** 2)
    assert np.abs(distance(z + np.array([0, 1e-9])) - distance(z)) < 1e-12
    assert np.abs(slopes.estimate[0, 0, 1] - true) <= slopes.error[0, 0, 1]
