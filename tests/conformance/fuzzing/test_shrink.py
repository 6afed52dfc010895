"""The smallest case of a bug fits on a line or two, and its numbers are short."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conformance import fuzz
from conformance.fuzzing.case import FuzzCase
from conformance.fuzzing.explain.shrink import shrink
from conformance.fuzzing.finding import Finding
from reference import ScalarActivation

from .targets import EXAMPLES, Max, Softmax, Tanh, verdict, with_


def case_of(v):
    """z and dy of the smallest case."""
    names = {"array": np.array, "float32": np.float32, "inf": np.inf, "nan": np.nan}
    exec(v.explanation.counterexample, names)
    return names["z"], names["dy"]


def is_short(z, dy):
    return all(len(repr(float(x))) <= 8 for x in (*z.flat, *dy.flat))


class HalfWrong(Tanh):
    def derivative(self, z, y):
        return (1 - y * y) * np.where(z > 2.37, z.dtype.type(1.01), 1)


class OddBatches(Tanh):
    def derivative(self, z, y):
        slopes = 1 - y * y
        if z.ndim > 1:
            slopes[1:] = slopes[:1]
        return slopes


class ClippedCotangent(Tanh):
    def vjp(self, z, y, dy):
        return np.clip(dy, -50, 50) * (1 - y * y)


class ByExponentials(Tanh):
    def forward(self, z):
        return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))


class NoOffDiagonal(Softmax):
    def jacobian(self, z, y):
        return (y * (1 - y))[..., :, None] * np.eye(z.shape[-1], dtype=z.dtype)


class Unshifted(Softmax):
    def forward(self, z):
        weights = np.exp(z)
        return weights / weights.sum(axis=-1, keepdims=True)


class ForgetsTheLast(Softmax):
    def vjp(self, z, y, dy):
        return y * (dy - (dy * y)[..., :-1].sum(axis=-1, keepdims=True))


class AllOfTheTied(Max):
    def jacobian(self, z, y):
        return (z == y)[..., None, :].astype(z.dtype)


class NoneOfThree(Max):
    """Wrong where three or more are tied."""

    def jacobian(self, z, y):
        many = (z == y).sum(axis=-1, keepdims=True)[..., None] >= 3
        return np.where(many, 0, super().jacobian(z, y))


@pytest.mark.parametrize(
    ("target", "width", "rows"),
    [
        (HalfWrong, 1, 1),
        (OddBatches, 1, 2),
        (ClippedCotangent, 1, 1),
        (ByExponentials, 1, 1),
        (NoOffDiagonal, 2, 1),
        (Unshifted, 1, 1),
        (ForgetsTheLast, 1, 1),
        (AllOfTheTied, 2, 1),
        (NoneOfThree, 3, 1),
    ],
)
def test_as_narrow_as_the_bug_allows_and_in_short_numbers(target, width, rows):
    z, dy = case_of(verdict(target))
    assert z.shape[-1] == width
    assert z[..., 0].size == rows
    assert is_short(z, dy)


def test_a_slope_outside_the_subdifferential_shrinks_to_its_kink():
    class ReLU(ScalarActivation):
        def forward(self, z):
            return np.maximum(z, 0)

        def derivative(self, z, y):
            return np.where(z == 0, 2, z > 0).astype(z.dtype)

    z, _ = case_of(fuzz(ReLU, jax.nn.relu, max_examples=EXAMPLES))
    np.testing.assert_array_equal(z, [0])


def test_a_kink_that_is_no_short_number_stays_what_it_is():
    class Third(ScalarActivation):
        def forward(self, z):
            return np.maximum(z - 1 / 3, 0).astype(z.dtype)

        def derivative(self, z, y):
            return np.where(z == 1 / 3, 2, z > 1 / 3).astype(z.dtype)

    z, _ = case_of(fuzz(Third, lambda z: jnp.maximum(z - 1 / 3, 0), max_examples=EXAMPLES))
    np.testing.assert_array_equal(z, [1 / 3])


def test_only_widths_of_6_and_more_gives_6():
    def jacobian(self, z, y):
        return Softmax.jacobian(self, z, y) * z.dtype.type(1.5 if z.shape[-1] >= 6 else 1)

    z, dy = case_of(verdict(with_(Softmax, jacobian=jacobian)))
    assert z.shape == (6,)
    assert is_short(z, dy)


def test_no_number_leaves_the_domain_on_the_way():
    class Log(ScalarActivation):
        domain = (0.0, np.inf)
        smallest = np.inf

        def forward(self, z):
            Log.smallest = min(Log.smallest, z.min())
            return np.log(z)

        def derivative(self, z, y):
            return np.where(z < 0.3, 2 / z, 1 / z)

    z, dy = case_of(fuzz(Log, jnp.log, max_examples=EXAMPLES))
    assert Log.smallest > 0
    assert 0 < z < 0.3
    assert is_short(z, dy)


@pytest.mark.parametrize(
    ("z", "needed", "smallest"),
    [
        (np.array([5.0, 0, 0, 7]), lambda z: (z != 0).sum() == 2, (2,)),
        (np.eye(5), lambda z: z.ndim == 2 and z.shape[0] == z.shape[1] and z.any(), (1, 1)),
    ],
    ids=["the columns between", "rows and columns of a square"],
)
def test_what_is_not_needed_is_dropped(z, needed, smallest):
    def judge(case):
        return Finding("jacobian", "", "jacobian", case=case) if needed(case.z) else None

    start = FuzzCase(z, np.ones(z.shape), "ordinary")
    widths = {n: n for n in range(1, 6)}
    found = shrink(Finding("jacobian", "", "jacobian", case=start), judge, widths, (-9.0, 9.0))
    assert found.case.z.shape == smallest
