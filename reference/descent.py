"""Gradient descent on any function (11-785 F24 lecture 5, slides 4-8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from .checks import Array, finite_array, real_number, whole_number

#: eta, or eta as a function of the iteration k = 0, 1, 2, ...
StepSize = float | Callable[[int], float]


@final
@dataclass(frozen=True)
class Minimum:
    """Where a descent ended: w with its value, after how many steps, and whether it converged.

    values[k] is the function's value at w^k, from the starting point on.
    """

    w: Array
    value: float
    iterations: int
    converged: bool
    values: list[float]


def minimize(
    function: Callable[[Array], float],
    gradient: Callable[[Array], ArrayLike],
    start: ArrayLike,
    *,
    step_size: StepSize = 0.1,
    epsilon: float = 1e-10,
    max_iterations: int = 10_000,
) -> Minimum:
    """Repeat w <- w - eta grad f(w) until |f(w^k) - f(w^{k-1})| <= epsilon.

    ``gradient`` returns the gradient, in the shape of w. Raises ValueError where the step size or
    epsilon is no positive number (epsilon may be 0), or the gradient has another shape;
    ArithmeticError where f or its gradient stops being finite: take smaller steps.
    """
    if not real_number(epsilon, "epsilon") >= 0:
        raise ValueError(f"epsilon must be at least 0, got {epsilon}")
    whole_number(max_iterations, "max_iterations", at_least=0)
    w = finite_array(start, "start", np.float64)
    values = [_finite(function(w), "function", 0)]
    for k in range(max_iterations):
        slope = np.asarray(gradient(w))
        if slope.dtype.kind not in "biuf":
            raise TypeError(f"gradient must return real numbers, got dtype {slope.dtype}")
        slope = slope.astype(np.float64)
        if slope.shape != w.shape:
            raise ValueError(f"gradient must return shape {w.shape}, got {slope.shape}")
        if not np.isfinite(slope).all():
            raise ArithmeticError(f"gradient must be finite, got {slope} at iteration {k}")
        w = step(w, slope, step_size_at(step_size, k))
        values.append(_finite(function(w), "function", k + 1))
        if abs(values[-1] - values[-2]) <= epsilon:
            return Minimum(w, values[-1], k + 1, converged=True, values=values)
    return Minimum(w, values[-1], max_iterations, converged=False, values=values)


def step(w: Array, gradient: Array, eta: float) -> Array:
    """One step in vector form: w - eta grad f(w) (slide 5)."""
    return w - w.dtype.type(eta) * gradient


def step_in_place(w: Array, change: Array) -> None:
    """The same step in w itself, for a change of eta grad f(w)."""
    w -= change


def step_by_component(w: Array, gradient: Array, eta: float) -> Array:
    """The same step component by component: w_i - eta df/dw_i for every i (slide 6)."""
    stepped = w.copy()
    for i in np.ndindex(w.shape):
        stepped[i] = w[i] - w.dtype.type(eta) * gradient[i]
    return stepped


def step_size_at(step_size: StepSize, k: int) -> float:
    """eta at iteration k; ValueError unless it is positive and finite."""
    eta = step_size(k) if callable(step_size) else step_size
    if not 0 < real_number(eta, "step_size") < np.inf:
        raise ValueError(f"step_size must be positive and finite, got {eta} at iteration {k}")
    return float(eta)


def _finite(value: float, name: str, k: int) -> float:
    if not np.isfinite(value):
        raise ArithmeticError(f"{name} must stay finite, got {value} at iteration {k}")
    return float(value)
