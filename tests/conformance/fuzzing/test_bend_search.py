"""Joints where value and slope fit are found to the digits that rounding leaves."""

import numpy as np
import pytest

from conformance import fuzz
from conformance.fuzzing.search.bend_search import on_a_line

from .targets import EXAMPLES

EVERYWHERE = (-np.inf, np.inf)


def tangent_beyond(joint):
    """The slope of z^2 / 2 up to the joint, and of its tangent beyond."""
    return lambda z: np.minimum(z, joint)


@pytest.mark.parametrize("joint", [1.0, 1 / 3, -2.34567, 6.5, 0.01])
def test_a_joint_is_found(joint):
    found = on_a_line(tangent_beyond(joint), EVERYWHERE)
    assert np.abs(found - joint).min() < 1e-12


@pytest.mark.parametrize("slopes", [np.cos, np.tanh, lambda z: z**3, lambda z: 0 * z])
def test_a_smooth_slope_has_none(slopes):
    assert not len(on_a_line(slopes, EVERYWHERE))


def test_two_joints_in_a_bounded_domain():
    found = on_a_line(lambda z: np.clip(z, 0.25, 0.75), (0.0, 1.0))
    assert all(np.abs(found - joint).min() < 1e-12 for joint in (0.25, 0.75))
    assert ((found > 0) & (found < 1)).all()


class Huber:
    """z^2 / 2 up to 1, and its tangent beyond; by hand from ``bound`` on."""

    def __init__(self, bound):
        self.bound = bound

    def forward(self, z):
        return np.where(np.abs(z) <= 1, z * z / 2, np.abs(z) - z.dtype.type(0.5))

    def derivative(self, z, y):
        return np.where(np.abs(z) <= self.bound, z, np.sign(z))


@pytest.mark.parametrize("bound", [1.0, 1 - 1e-3, 1 + 1e-6])
def test_a_joint_is_judged_to_a_millionth(bound):
    def oracle(z):
        import jax.numpy as jnp

        return jnp.where(jnp.abs(z) <= 1, z * z / 2, jnp.abs(z) - 0.5)

    for judge in (oracle, None):
        verdict = fuzz(Huber(bound), judge, max_examples=EXAMPLES)
        assert verdict.conforms == (bound == 1), str(verdict)
        if bound != 1:
            assert verdict.explanation.check == "jacobian"
