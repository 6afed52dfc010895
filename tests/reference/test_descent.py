"""Gradient descent on functions whose minimum is known."""

from __future__ import annotations

import numpy as np
import pytest

from reference import Minimum, minimize
from reference.descent import step, step_by_component, step_size_at

from .cases import exactly

CENTRE = np.array([3.0, -1.0])


def bowl(w):
    """1/2 ||w - centre||^2: a step of eta leaves 1 - eta of the distance to the centre."""
    return 0.5 * ((w - CENTRE) ** 2).sum()


def slope(w):
    return w - CENTRE


def test_converges_to_the_minimum_of_a_quadratic():
    found = minimize(bowl, slope, [0, 0], step_size=0.5, epsilon=1e-20)
    assert found.converged
    np.testing.assert_allclose(found.w, CENTRE, atol=1e-8)
    assert found.value == found.values[-1] == bowl(found.w)
    assert len(found.values) == found.iterations + 1


def test_it_stops_at_the_first_change_within_epsilon():
    """values are 5 / 4^k and change by 15 / 4^(k+1): 15/16 is the first within it."""
    found = minimize(bowl, slope, [0, 0], step_size=0.5, epsilon=15 / 16)
    assert found.values == [5, 5 / 4, 5 / 16]
    assert (found.iterations, found.converged) == (2, True)
    np.testing.assert_array_equal(found.w, CENTRE * 3 / 4)


def test_the_defaults():
    """Step 0.1 leaves 0.81 of the value, until 0.19 * 5 * 0.81^(k-1) <= 1e-10."""
    found = minimize(bowl, slope, [0, 0])
    k = 1 + int(np.ceil(np.log(1e-10 / (0.19 * 5)) / np.log(0.81)))
    assert (found.iterations, found.converged) == (k, True)
    assert found.values[1] == pytest.approx(5 * 0.81)
    forever = minimize(lambda w: float(w), lambda w: 1.0, 0.0, step_size=1)
    assert (forever.iterations, forever.converged) == (10_000, False)


def test_the_step_size_may_depend_on_the_iteration():
    """eta = 1 / (k + 2) leaves 1/2, then 2/3, then 3/4 of the distance."""
    seen = []

    def schedule(k):
        seen.append(k)
        return 1 / (k + 2)

    found = minimize(bowl, slope, [0, 0], step_size=schedule, epsilon=0, max_iterations=3)
    assert seen == [0, 1, 2]
    np.testing.assert_allclose(found.values, [5, 5 / 4, 5 / 9, 5 / 16])


@pytest.mark.parametrize("most", [0, 1, 7])
def test_it_says_that_it_did_not_converge(most):
    found = minimize(bowl, slope, [0, 0], step_size=0.5, epsilon=0, max_iterations=most)
    assert isinstance(found, Minimum)
    assert (found.iterations, found.converged, len(found.values)) == (most, False, most + 1)
    assert found.value == 5 / 4**most
    np.testing.assert_allclose(found.w, CENTRE * (1 - 0.5**most))


def test_w_stays_float64_whatever_the_gradient_is():
    for dtype in np.float32, np.longdouble:
        found = minimize(bowl, lambda w, t=dtype: slope(w).astype(t), [0, 0], step_size=0.5)
        assert found.w.dtype == np.float64


def test_at_the_minimum_the_first_step_changes_nothing():
    found = minimize(bowl, slope, CENTRE, epsilon=0)
    assert (found.iterations, found.converged, found.value) == (1, True, 0)


def test_w_may_have_any_shape_and_the_start_is_left_alone():
    start = np.ones((2, 3))
    found = minimize(lambda w: (w**2).sum(), lambda w: 2 * w, start)
    assert found.w.shape == (2, 3)
    np.testing.assert_array_equal(start, np.ones((2, 3)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_the_vector_step_is_the_component_steps(shape, dtype):
    random = np.random.default_rng(0)
    w, gradient = random.normal(size=(2, *shape)).astype(dtype)
    w, gradient = np.asarray(w), np.asarray(gradient)
    before = w.copy()
    stepped = step(w, gradient, 0.1)
    np.testing.assert_array_equal(stepped, step_by_component(w, gradient, 0.1))
    np.testing.assert_allclose(stepped, before - dtype(0.1) * gradient, rtol=1e-6)
    np.testing.assert_array_equal(w, before)
    assert stepped.dtype == step_by_component(w, gradient, 0.1).dtype == dtype


def run(**changes):
    arguments = {"function": bowl, "gradient": slope, "start": [0.0, 0.0]} | changes
    return minimize(**arguments)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"epsilon": -1e-9}, ValueError, "epsilon must be at least 0, got -1e-09"),
        ({"epsilon": np.nan}, ValueError, "epsilon must be at least 0, got nan"),
        ({"max_iterations": -1}, ValueError, "max_iterations must be at least 0, got -1"),
        ({"max_iterations": 1.5}, TypeError, "max_iterations must be a whole number, got 1.5"),
        ({"start": [0, np.nan]}, ValueError, "start must be finite in float64, got nan at (1,)"),
        (
            {"step_size": 0},
            ValueError,
            "step_size must be positive and finite, got 0 at iteration 0",
        ),
        (
            {"step_size": lambda k: 0.1 - k},
            ValueError,
            "step_size must be positive and finite, got -0.9 at iteration 1",
        ),
        (
            {"step_size": np.inf},
            ValueError,
            "step_size must be positive and finite, got inf at iteration 0",
        ),
        ({"gradient": lambda w: w[:1]}, ValueError, "gradient must return shape (2,), got (1,)"),
        (
            {"gradient": lambda w: w / np.array([1, 0]) if w.any() else w - 1, "step_size": 0.5},
            ArithmeticError,
            "gradient must be finite, got [0.5 inf] at iteration 1",
        ),
        (
            {"function": lambda w: np.nan},
            ArithmeticError,
            "function must stay finite, got nan at iteration 0",
        ),
        (
            {"function": lambda w: np.inf if w.any() else 1.0},
            ArithmeticError,
            "function must stay finite, got inf at iteration 1",
        ),
    ],
)
def test_what_is_refused(changes, error, message):
    with np.errstate(divide="ignore"), pytest.raises(error, match=exactly(message)):
        run(**changes)


def test_steps_that_are_too_large_diverge():
    with (
        np.errstate(over="ignore"),
        pytest.raises(ArithmeticError, match="function must stay finite, got inf at iteration"),
    ):
        run(step_size=1e3)


def test_the_step_size_at_an_iteration():
    assert step_size_at(0.25, 7) == 0.25
    assert step_size_at(lambda k: np.float32(k), 7) == 7
    assert type(step_size_at(np.float32(1), 0)) is float


def test_a_complex_gradient_is_refused():
    with pytest.raises(TypeError, match=r"^gradient must return real numbers, got dtype complex"):
        minimize(lambda w: float((w**2).sum()), lambda w: 2j * w, [1.0])


def test_epsilon_must_be_a_real_number():
    with pytest.raises(TypeError, match=r"^epsilon must be a real number, got None"):
        minimize(lambda w: float((w**2).sum()), lambda w: 2 * w, [1.0], epsilon=None)
