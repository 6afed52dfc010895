"""The affine map z = W y + b: its explicit Jacobians and its vjp (part 12)."""

from __future__ import annotations

import numpy as np

import oracle
from reference import Affine

from ..cases import AffineCase
from ..compare import compare
from ..networks.screen import Oracle, screened
from ..property import Outcome, Property
from ..strategies import affine_cases
from ..tolerance import tolerance


def affine_jacobians_are_autodiff(case: AffineCase) -> Outcome:
    """J_z(y) = W, J_z(b) = I, J_z(W) = delta_ik y_j, and the vjp is the cotangent times them."""
    return screened(lambda autodiff: _judge_affine(case, autodiff))


def _judge_affine(case: AffineCase, autodiff: Oracle) -> Outcome:
    affine, y, dz = Affine(case.W, case.b), case.y, case.dz
    dtype = y.dtype
    W, wide, cotangent = (np.abs(a).astype(np.float64) for a in (case.W, y, dz))
    layer = oracle.Layer(weights=case.W, bias=case.b, activation={"name": "Identity"})
    z = affine.forward(y)
    squares = {"name": "SquaredError"}
    (true,) = autodiff.local_vjps([layer], squares, z, y=[y], z=[z], dy=[], dz=[dz])
    dW, db, dy = affine.vjp(y, dz)
    size = wide @ W.T + np.abs(case.b).astype(np.float64)
    worst = max(
        compare("z", z, true.z, tolerance(size, dtype)),
        compare("dW", dW, true.weights, tolerance(cotangent.T @ wide, dtype)),
        compare("db", db, true.bias, tolerance(cotangent.sum(axis=0), dtype)),
        compare("dy", dy, true.input, tolerance(cotangent @ W, dtype)),
    )
    for t in range(len(y)):  # the vjp of each row, from the explicit Jacobians
        row, scale = dz[t].astype(np.float64), cotangent[t]
        single = affine.vjp(y[t : t + 1], dz[t : t + 1])
        by_W = np.einsum("i,ikj->kj", row, affine.jacobian_W(y[t]))
        worst = max(
            worst,
            compare("dW", single[0], by_W, tolerance(np.outer(scale, wide[t]), dtype)),
            compare("db", single[1], row @ affine.jacobian_b(), tolerance(scale, dtype)),
            compare("dy", single[2][0], row @ affine.jacobian_y(), tolerance(scale @ W, dtype)),
        )
    return Outcome(worst, live=bool(true.weights.any()))


AFFINE_PROPERTIES = (
    Property(
        "jacobian.Affine",
        "W, I and y delta_ik = autodiff",
        12,
        affine_cases(),
        affine_jacobians_are_autodiff,
    ),
)
