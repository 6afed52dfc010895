"""A slope for each column: entry by entry, but another function in every place."""

import re
import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pytest

from conformance import fuzz
from reference import ScalarActivation

from .targets import EXAMPLES

SLOPES = np.array([0.1, 0.25, 0.5])


def prelu(z):
    """The oracle, of a row (3,)."""
    return jnp.where(z > 0, z, SLOPES * z)


class PReLU:
    """y_j = z_j where that is positive, else a_j z_j (K. He et al. 2015)."""

    def forward(self, z):
        return np.where(z > 0, z, SLOPES.astype(z.dtype) * z)

    def derivative(self, z, y):
        return np.where(z > 0, 1, SLOPES).astype(z.dtype)


class Turned(PReLU):
    """The slopes stand in the wrong columns."""

    def derivative(self, z, y):
        return np.where(z > 0, 1, SLOPES[::-1]).astype(z.dtype)


class OfThree(PReLU):
    """The same where a width is asked for."""

    def output_width(self, n):
        if n != len(SLOPES):
            raise ValueError(f"n must be {len(SLOPES)}, got {n}")
        return n


class Activation(OfThree, ScalarActivation):
    """The same as an activation of the reference."""


@pytest.mark.parametrize("oracle", [prelu, None])
@pytest.mark.parametrize("target", [PReLU, OfThree, Activation])
def test_a_slope_for_each_column_conforms(target, oracle):
    v = fuzz(target, oracle, max_examples=EXAMPLES)
    assert v.outcome == "conforms", str(v)


@pytest.mark.parametrize("oracle", [prelu, None])
def test_and_slopes_in_the_wrong_columns_are_found(oracle):
    v = fuzz(Turned, oracle, max_examples=EXAMPLES)
    assert v.outcome == "disagrees", str(v)
    assert "only the diagonal is wrong" in v.explanation.likely


def test_the_reproducer_shows_it_by_itself():
    script = fuzz(Turned, prelu, max_examples=EXAMPLES).explanation.reproducer
    assert "derivative = f.derivative" in script
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    difference = done.stdout.partition("difference")[2]
    assert np.abs(np.array(re.findall(r"-?\d\.\d*", difference), float)).max() > 0.1
