"""Of two forwards that differ by a little, the one that is rough has lost digits."""

import math

import jax.numpy as jnp
import numpy as np
import pytest

from conformance import fuzz
from conformance.fuzzing.rounding.roughness import oracle_is_rougher
from reference import ScalarActivation

from .targets import EXAMPLES, with_

EVERYWHERE = (-np.inf, np.inf)


def cancels(z):
    """(exp(z) - 1) / z, which loses the digits of a small z."""
    away = np.where(z == 0, 1, z)
    return np.where(z == 0, 1, (np.exp(away) - 1) / away)


def good(z):
    away = np.where(z == 0, 1, z)
    return np.where(z == 0, 1, np.expm1(away) / away)


@pytest.mark.parametrize("z", [1e-7, -3e-9, 2.2e-6])
def test_the_smooth_one_stands(z):
    row = np.array([z])
    assert abs(cancels(row) - good(row)) > 1e-12
    assert oracle_is_rougher(good, cancels, row, EVERYWHERE)
    assert not oracle_is_rougher(cancels, good, row, EVERYWHERE)


def test_neither_stands_where_both_are_smooth():
    assert not oracle_is_rougher(np.sin, lambda z: np.sin(z) + 1e-9, np.array([0.5]), EVERYWHERE)


@pytest.mark.parametrize("z", [1e-9, 1e-3, 0.3])
def test_neither_a_jump_nor_a_kink_of_the_oracle_is_roughness(z):
    for oracle in (np.sign, np.abs, lambda z: np.maximum(z, 1e-9)):
        assert not oracle_is_rougher(lambda z: 0 * z, oracle, np.array([z]), EVERYWHERE)


class Exprel:
    """y = (e^z - 1) / z by hand with expm1; y' = (e^z - y) / z, near 0 by its series."""

    domain = (-20, 20)

    def forward(self, z):
        return good(z).astype(z.dtype)

    def derivative(self, z, y):
        small, away = np.abs(z) < 0.05, np.where(np.abs(z) < 0.05, 1, z)
        terms = (1 / 2, 1 / 3, 1 / 8, 1 / 30, 1 / 144, 1 / 840, 1 / 5760)
        series = sum(c * z**k for k, c in enumerate(terms))
        return np.where(small, series, (np.exp(away) - good(away)) / away).astype(z.dtype)


def test_an_oracle_that_cancels_is_suspect_and_nobody_accused():
    def naive(z):
        small = jnp.abs(z) < 1e-8
        away = jnp.where(small, 1, z)
        return jnp.where(small, 1 + z / 2, (jnp.exp(away) - 1) / away)

    verdict = fuzz(Exprel, naive, max_examples=EXAMPLES)
    assert verdict.outcome == "oracle suspect", str(verdict)
    assert any("is rough around it" in sentence for sentence in verdict.suspects)


TERMS = [1 / math.factorial(k + 1) for k in range(20)]


def polynomial(u, coefficients):
    """Of rising powers, by Horner's rule."""
    total = 0 * u
    for coefficient in reversed(coefficients):
        total = total * u + coefficient
    return total


def by_its_series(u):
    """(exp(u) - 1) / u, of which nothing cancels for small u."""
    return polynomial(u, TERMS)


class ExpRatio(ScalarActivation):
    """y = (exp(z - 1) - 1) / (z - 1), with a slope of 1/2 at 1; by its series where |z - 1| < 1."""

    domain = (-20.0, 20.0)

    def forward(self, z):
        u = np.where(np.abs(z - 1) < 1, 1, z - 1)
        return np.where(np.abs(z - 1) < 1, by_its_series(z - 1), np.expm1(u) / u)

    def derivative(self, z, y):
        return self.slope(z, y, within=1)

    def slope(self, z, y, within):
        u = np.where(np.abs(z - 1) < within, 1, z - 1)
        series = polynomial(z - 1, [k * TERMS[k] for k in range(1, 20)])
        return np.where(np.abs(z - 1) < within, series, (np.exp(u) - np.expm1(u) / u) / u)


def exp_ratio(z):
    u = jnp.where(jnp.abs(z - 1) < 1, 1, z - 1)
    return jnp.where(jnp.abs(z - 1) < 1, by_its_series(z - 1), jnp.expm1(u) / u)


@pytest.mark.parametrize("oracle", [exp_ratio, None])
def test_what_cancels_beside_a_whole_number_is_seen(oracle):
    assert fuzz(ExpRatio, oracle).conforms
    lossy = with_(ExpRatio, derivative=lambda self, z, y: self.slope(z, y, within=1e-12))
    assert not fuzz(lossy, oracle).conforms
