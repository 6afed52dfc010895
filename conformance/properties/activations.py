"""Activations: y = f(z), its Jacobian, its vjp and its manners (lecture parts 6 to 9)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reference import ScalarActivation
from reference.checks import Array

from ..cases import ActivationCase
from ..compare import Float64Array, compare, require
from ..networks.describe import describe
from ..networks.screen import Oracle, screened
from ..property import Outcome, Property
from ..strategies import ACTIVATIONS, activation_cases
from ..tolerance import forward_scale, jacobian_scale, tolerance


def jacobian_is_autodiff(case: ActivationCase) -> Outcome:
    """forward = the oracle's forward, and jacobian = jacrev = jacfwd of it."""
    return screened(lambda autodiff: _judge_jacobian(case, autodiff))


def _judge_jacobian(case: ActivationCase, autodiff: Oracle) -> Outcome:
    f, z, dtype = case.activation, case.z, case.z.dtype
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is not compared
        y = f.forward(z)
        jacobian = f.jacobian(z, y)
    wide = z.astype(np.float64)
    true_y, true_jacobian = autodiff.jacobian(describe(f), wide)
    scale_y = forward_scale(f, wide, true_y, dtype)
    scale_jacobian = jacobian_scale(f, wide, true_y, true_jacobian, dtype)
    require(y.dtype == dtype, f"forward must keep dtype {dtype}, got {y.dtype}")
    require(jacobian.dtype == dtype, f"jacobian must keep dtype {dtype}, got {jacobian.dtype}")
    worst = max(
        compare("forward", y, true_y, tolerance(scale_y, dtype)),
        compare("jacobian", jacobian, true_jacobian, tolerance(scale_jacobian, dtype)),
    )
    return Outcome(worst, live=bool(true_jacobian.any()))


def vjp_is_cotangent_times_jacobian(case: ActivationCase) -> Outcome:
    """vjp(z, y, dy) = dy @ jacobian(z, y), and for a scalar activation = dy f'(z)."""
    f, z, dy, dtype = case.activation, case.z, case.dy, case.z.dtype
    with np.errstate(over="ignore", invalid="ignore"):
        y = f.forward(z)
        jacobian = f.jacobian(z, y).astype(np.float64)
        dz = f.vjp(z, y, dy)
        expected = np.einsum("...i,...ij->...j", dy.astype(np.float64), jacobian)
        scale_jacobian = jacobian_scale(f, z.astype(float), y.astype(float), jacobian, dtype)
        scale = np.einsum("...i,...ij->...j", np.abs(dy).astype(float), scale_jacobian)
    require(dz.dtype == dtype, f"vjp must keep dtype {dtype}, got {dz.dtype}")
    worst = compare("vjp", dz, expected, tolerance(scale, dtype))
    if isinstance(f, ScalarActivation):
        diagonal = np.einsum("...ii->...i", jacobian)
        worst = max(worst, compare("derivative", f.derivative(z, y), diagonal, 0.0))
    return Outcome(worst, live=bool(expected.any()))


def minds_its_manners(case: ActivationCase) -> Outcome:
    """Arguments stay as they are, results are fresh, deterministic, and each row is on its own."""
    f, z, dy = case.activation, case.z, case.dy
    with np.errstate(all="ignore"):
        y = f.forward(z.copy())
        jacobian = f.jacobian(z.copy(), y.copy())
        wide = z.astype(np.float64), y.astype(np.float64)
        scale_y = forward_scale(f, *wide, z.dtype)
        scale_jacobian = jacobian_scale(f, *wide, jacobian.astype(np.float64), z.dtype)
        scale_dz = np.einsum("...i,...ij->...j", np.abs(dy).astype(float), scale_jacobian)
        worst = max(
            _manners("forward", f.forward, (z,), scale_y),
            _manners("jacobian", f.jacobian, (z, y), scale_jacobian),
            _manners("vjp", f.vjp, (z, y, dy), scale_dz),
        )
    return Outcome(worst)


def _manners(
    name: str, method: Callable[..., Array], arguments: tuple[Array, ...], scale: Float64Array
) -> float:
    frozen = [a.copy() for a in arguments]
    for a in frozen:
        a.setflags(write=False)
    first, second = method(*frozen), method(*frozen)
    for a, original in zip(frozen, arguments, strict=True):
        require(_same(a, original), f"{name} must not change its arguments")
        require(not np.shares_memory(first, a), f"{name} must return an array of its own")
    require(not np.shares_memory(first, second), f"{name} must return a fresh array")
    require(_same(first, second), f"{name} must give the same for the same arguments")
    worst = 0.0
    for row in np.ndindex(arguments[0].shape[:-1]):  # a sum may take another order in a batch
        alone = method(*(a[row] for a in arguments)).astype(np.float64)
        allowed = tolerance(scale[row], first.dtype)
        worst = max(worst, compare(f"{name} of row {row} in its batch", first[row], alone, allowed))
    return worst


def _same(a: Array, b: Array) -> bool:
    return bool(np.array_equal(a, b, equal_nan=True))


_PARTS = {
    "Softmax": 7,
    "LinearCombination": 7,
    "Polynomial": 7,
    "Product": 8,
    "PairwiseProduct": 8,
    "ReLU": 9,
    "LeakyReLU": 9,
    "RandomizedLeakyReLU": 9,
    "Threshold": 9,
    "Max": 9,
    "GroupMax": 9,
}

ACTIVATION_PROPERTIES = tuple(
    Property(f"{id_}.{name}", title, _PARTS.get(name, 6), activation_cases(name), check)
    for name in ACTIVATIONS
    for id_, title, check in (
        ("jacobian", "explicit Jacobian = autodiff", jacobian_is_autodiff),
        ("vjp", "structured vjp = cotangent times Jacobian", vjp_is_cotangent_times_jacobian),
        ("manners", "pure, fresh, deterministic, row by row", minds_its_manners),
    )
)
