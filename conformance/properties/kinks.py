"""Where no derivative exists: subgradients, the secant of the step, random slopes (part 9)."""

from __future__ import annotations

import numpy as np

from reference import RandomizedLeakyReLU
from reference.piecewise import Threshold

from ..cases import ActivationCase
from ..compare import compare, require
from ..property import Outcome, Property
from ..strategies import activation_cases
from ..tolerance import tolerance

CONVEX = ("ReLU", "Max", "GroupMax")


def jacobian_is_a_subgradient(case: ActivationCase) -> Outcome:
    """f(x) - f(z) >= J (x - z) for each output of a convex f, for x on every side (slide 112)."""
    f, z = case.activation, case.z.astype(np.float64)
    y = f.forward(z)
    jacobian = f.jacobian(z, y)
    for size in (2.0**-10, 1.0, 64.0):
        for x in (z + size, z - size, *(z + size * e for e in _corners(z.shape[-1]))):
            rise = np.einsum("...ij,...j->...i", jacobian, x - z)
            rounding = tolerance(np.abs(x).max() + np.abs(z).max() + np.abs(y), np.float64)
            above = f.forward(x) - y - rise + rounding
            require(bool((above >= 0).all()), f"f({x}) lies {-above.min():.2g} below the tangent")
    return Outcome(live=bool(jacobian.any()))


def _corners(n: int) -> list[np.ndarray]:
    return [*np.eye(n), *(-np.eye(n))]


def derivative_is_the_secant(case: ActivationCase) -> Outcome:
    """The derivative of the step = (f(z + w/2) - f(z - w/2)) / w of its own forward."""
    f, z = case.activation, case.z
    assert isinstance(f, Threshold)
    half = z.dtype.type(f.width / 2)
    secant = (f.forward(z + half) - f.forward(z - half)).astype(np.float64) / f.width
    slopes = f.derivative(z, f.forward(z))
    return Outcome(
        compare("derivative", slopes, secant, tolerance(np.abs(secant), z.dtype)),
        live=bool(secant.any()),
    )


def random_slopes_are_recovered(case: ActivationCase) -> Outcome:
    """In training y = slope z with a slope within [low, high], and the derivative is that slope."""
    f, z = case.activation, case.z
    assert isinstance(f, RandomizedLeakyReLU)
    y = f.training_forward(z)
    slopes = f.derivative(z, y)
    require(bool((slopes[z >= 0] == 1).all()), "the slope must be 1 where z >= 0")
    negative = slopes[z < 0]
    if f.low < f.high and negative.size:
        again = f.training_forward(z)
        require(not np.array_equal(y, again), "each training pass must draw its slopes anew")
    inside = (negative >= z.dtype.type(f.low)) & (negative <= z.dtype.type(f.high))
    require(bool(inside.all()), f"slopes must lie in [{f.low}, {f.high}], got {negative}")
    expected = slopes.astype(np.float64) * z
    worst = compare("forward", y, expected, tolerance(np.abs(expected), z.dtype))
    return Outcome(worst, live=bool((z < 0).any()))


KINK_PROPERTIES = (
    *(
        Property(
            f"subgradient.{name}",
            "the Jacobian lies under a convex f everywhere",
            9,
            activation_cases(name),
            jacobian_is_a_subgradient,
        )
        for name in CONVEX
    ),
    Property(
        "secant.Threshold",
        "the stand-in derivative = secant of the forward",
        9,
        activation_cases("Threshold"),
        derivative_is_the_secant,
    ),
    Property(
        "slopes.RandomizedLeakyReLU",
        "slopes drawn in training are recovered",
        9,
        activation_cases("RandomizedLeakyReLU"),
        random_slopes_are_recovered,
    ),
)
