"""Differences at kinks that are easily overlooked: small ones, and those of few directions."""

import jax.numpy as jnp
import numpy as np
import pytest

from conformance import fuzz
from conformance.fuzzing.slopes.differences import derivatives

from .targets import EXAMPLES

EVERYWHERE = (-np.inf, np.inf)


@pytest.mark.parametrize("size", [1e-3, 2e-5, 3e-7])
@pytest.mark.parametrize("centre", [0.0, 1.0, -3.0])
def test_a_kink_much_smaller_than_the_slopes_around_it(size, centre):
    def forward(z):
        return z * z / 2 + np.sin(z) + size * np.abs(z - centre)

    slopes = derivatives(forward, np.array([[centre]]), EVERYWHERE)
    assert slopes.estimate[0, 0, 0] == pytest.approx(centre + np.cos(centre), abs=size / 100)
    assert size <= slopes.error[0, 0, 0] <= 3 * size


@pytest.mark.parametrize("size", [1e-3, 2e-5])
@pytest.mark.parametrize("beside", [-3e-8, -9.4e-9, 9.4e-9, 3e-8])
def test_beside_a_small_kink_the_slope_is_within_the_error(size, beside):
    def forward(z):
        return z * z / 2 + size * np.abs(z - 1)

    z = 1 + beside
    slopes = derivatives(forward, np.array([[z]]), EVERYWHERE)
    off = abs(slopes.estimate[0, 0, 0] - (z + size * np.sign(beside)))
    assert off <= slopes.error[0, 0, 0] <= 3 * size


@pytest.mark.parametrize("tied", [(0.0, 0.0, 0.0, 10.0), (1.0, 1.0, 1.0, -0.5)])
@pytest.mark.parametrize("size", [1e-2, 3e-5, 1e-7])
def test_a_small_kink_that_no_axis_shows(size, tied):
    """The median of three that tie moves with no single one of them."""

    def forward(z):
        return (np.tanh(z).sum(axis=-1) + size * np.median(z[..., :3], axis=-1))[..., None]

    slopes = derivatives(forward, np.array([tied]), EVERYWHERE)
    assert (slopes.error[0, 0, :3] >= size).all()


def onto_the_l1_ball(z):
    sizes = np.abs(z)
    ordered = -np.sort(-sizes, axis=-1)
    count = np.arange(1, z.shape[-1] + 1)
    threshold = ((np.cumsum(ordered, axis=-1) - 1) / count).max(axis=-1, keepdims=True)
    inside = sizes.sum(axis=-1, keepdims=True) <= 1
    return np.where(inside, z, np.sign(z) * np.maximum(sizes - threshold, 0))


def test_at_a_corner_every_piece_is_within_the_error():
    """Along its axis z_2 has the slope 1/2 on both sides; inside the ball it is 1, beyond it 0."""
    slopes = derivatives(onto_the_l1_ball, np.array([[-1.0, 0.0, 0.0]]), EVERYWHERE)
    for piece in (np.eye(3), np.zeros((3, 3))):
        assert (np.abs(piece - slopes.estimate[0]) <= slopes.error[0]).all()


class FaintMaximum:
    """y = z_0^2 / 2 + 2e-5 max(z_0, z_1), where the first of those that tie counts."""

    share = 2e-5

    def output_width(self, n):
        if n != 2:
            raise ValueError("n must be 2")
        return 1

    def forward(self, z):
        return z[..., :1] ** 2 / 2 + z.dtype.type(self.share) * z.max(axis=-1, keepdims=True)

    def vjp(self, z, y, dy):
        first = np.eye(2)[z.argmax(axis=-1)] * self.share
        first[..., 0] += z[..., 0]
        return (dy * first).astype(z.dtype)


class MissingMaximum(FaintMaximum):
    """The maximum is forgotten."""

    def vjp(self, z, y, dy):
        return dy * np.concatenate([z[..., :1], 0 * z[..., 1:]], axis=-1)


def test_small_shares_are_judged_away_from_ties_and_excused_at_them():
    assert fuzz(FaintMaximum, max_examples=200).conforms
    assert fuzz(MissingMaximum, max_examples=200).outcome == "disagrees"


class FaintKink:
    """y = z + 1e-3 |z - 0.37|."""

    beyond = 1.001

    def forward(self, z):
        return z + z.dtype.type(1e-3) * np.abs(z - z.dtype.type(0.37))

    def derivative(self, z, y):
        return np.where(z > z.dtype.type(0.37), self.beyond, 0.999).astype(z.dtype)


class Steeper(FaintKink):
    """Too steep by a ten thousandth, on one side."""

    beyond = 1.0011


def two_lines(z):
    """To autodiff they tie as far as their rounding goes: hundreds of ulps of z."""
    return jnp.maximum(1.001 * z - 0.37e-3, 0.999 * z + 0.37e-3)


def test_where_rounding_hides_which_line_is_on_top_either_slope_is_right():
    assert fuzz(FaintKink, two_lines, max_examples=EXAMPLES).conforms
    assert fuzz(Steeper, two_lines).outcome == "disagrees"
