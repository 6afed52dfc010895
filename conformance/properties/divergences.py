"""Divergences and their fused forms (lecture parts 1 and 15)."""

from __future__ import annotations

import numpy as np

from reference import fuse

from ..cases import DivergenceCase, FusedCase
from ..compare import compare
from ..networks.describe import describe
from ..networks.screen import Oracle, screened
from ..property import Outcome, Property
from ..strategies import DIVERGENCES, divergence_cases, fused_cases
from ..tolerance import (
    derivative_scale,
    divergence_scale,
    forward_scale,
    fused_scale,
    fused_value_scale,
    jacobian_scale,
    tolerance,
)


def derivative_is_autodiff(case: DivergenceCase) -> Outcome:
    """value = the oracle's value, and derivative = autodiff of it."""
    return screened(lambda autodiff: _judge_derivative(case, autodiff))


def _judge_derivative(case: DivergenceCase, autodiff: Oracle) -> Outcome:
    div, dtype = case.divergence, case.y.dtype
    y, d = case.y.astype(np.float64), case.d.astype(np.float64)
    true_value, derivative = autodiff.divergence(describe(div), y, d)
    with np.errstate(over="ignore"):
        value, slope = np.asarray(div.value(case.y, case.d)), div.derivative(case.y, case.d)
    worst = max(
        compare("value", value, true_value, tolerance(divergence_scale(div, y, d), dtype)),
        compare("derivative", slope, derivative, tolerance(derivative_scale(div, y, d), dtype)),
    )
    return Outcome(worst, live=bool(derivative.any()))


def fused_is_autodiff(case: FusedCase) -> Outcome:
    """The fused form is finite for every z, and its derivative is autodiff's of the same in z."""
    return screened(lambda autodiff: _judge_fused(case, autodiff))


def _judge_fused(case: FusedCase, autodiff: Oracle) -> Outcome:
    f, div, dtype = case.activation, case.divergence, case.z.dtype
    fused = fuse(f, div)
    assert fused is not None
    z, d = case.z.astype(np.float64), case.d.astype(np.float64)
    true_value, derivative = autodiff.divergence_of_z(describe(div), describe(f), z, d)
    y, _ = autodiff.jacobian(describe(f), z)
    scale = fused_scale(f, z, y, d)
    worst = max(
        compare(
            "value",
            fused.value(case.z, case.d),
            true_value,
            tolerance(fused_value_scale(f, z, y, d), dtype),
        ),
        compare(
            "derivative", fused.derivative(case.z, case.d), derivative, tolerance(scale, dtype)
        ),
    )
    return Outcome(worst, live=bool(derivative.any()))


def fused_is_explicit(case: FusedCase) -> Outcome:
    """The fused derivative = derivative of the divergence times Jacobian, where that is finite."""
    f, div, dtype = case.activation, case.divergence, case.z.dtype
    fused = fuse(f, div)
    assert fused is not None
    with np.errstate(all="ignore"):
        y = f.forward(case.z)
        slope = div.derivative(y, case.d)
        jacobian = f.jacobian(case.z, y)
        explicit = np.einsum("ti,tij->tj", slope.astype(float), jacobian.astype(float))
        z, wide, d = (a.astype(np.float64) for a in (case.z, y, case.d))
        through = derivative_scale(div, wide, d, forward_scale(f, z, wide, dtype))
        scale = np.einsum(
            "ti,tij->tj", through, jacobian_scale(f, z, wide, jacobian.astype(float), dtype)
        )
    # Where y is smaller than this, products of two y underflow on the explicit path.
    sound = np.isfinite(explicit) & (y.min(axis=-1, keepdims=True) > np.finfo(dtype).tiny ** 0.5)
    worst = compare(
        "fused derivative",
        fused.derivative(case.z, case.d),
        np.where(sound, explicit, np.nan),
        tolerance(scale + fused_scale(f, z, wide, d), dtype),
    )
    return Outcome(worst, live=bool(sound.any()), note=None if sound.all() else "not all finite")


DIVERGENCE_PROPERTIES = (
    *(
        Property(
            f"derivative.{name}",
            "divergence and its derivative = autodiff",
            1,
            divergence_cases(name),
            derivative_is_autodiff,
        )
        for name in DIVERGENCES
    ),
    *(
        Property(f"{id_}.{f}-{div}", title, 15, fused_cases(f, div), check)
        for f, div in (("Softmax", "KLDivergence"), ("Sigmoid", "BinaryKLDivergence"))
        for id_, title, check in (
            ("fused", "fused pair in z = autodiff, to |z| = 1e4", fused_is_autodiff),
            ("explicit", "fused pair = explicit Jacobian where finite", fused_is_explicit),
        )
    ),
)
