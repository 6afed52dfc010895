"""The vjp beside the cotangent times the hand-written Jacobian."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from ..tolerance import ROUNDINGS
from .calls import written
from .finding import Finding, worst
from .number_check import NumberCheck
from .rounding import GREY, USES, epsilon, inherited, jacobian_scale
from .target import diagonal
from .units import HEADROOM, Units
from .witness import Truth


@final
@dataclass
class VjpCheck(NumberCheck):
    """vjp(z, y, dy) is dy @ jacobian(z, y), and jacobian is diag(derivative)."""

    def check(self, units: Units) -> None:
        """Raise Finding unless the vjp is the cotangent times the Jacobian, for each row."""
        results, case = units.results, units.case
        eps = epsilon(case.dtype)
        no_other = self.call.target.jacobian is None and results.slopes is None
        self._diagonal(units)
        if results.dz is None or no_other:
            return
        J, dy = results.jacobian.astype(np.float64), case.dy.astype(np.float64)
        hand = Truth(units.y, units.jacobian, np.zeros_like(units.jacobian))
        with np.errstate(all="ignore"):
            scale = jacobian_scale(hand)
            expected = np.einsum("...i,...ij->...j", dy, J)
            if results.slopes is not None:
                expected = dy * results.slopes.astype(np.float64)
            size = np.einsum("ki,kij->kj", units.cotangents(), scale).reshape(case.z.shape)
            tolerance = ROUNDINGS * eps * size + self.floor(units)
            judged = (np.abs(size) < np.finfo(case.dtype).max / HEADROOM) & np.isfinite(expected)
        got = results.dz.astype(np.float64)
        bad = judged & ~(np.abs(got - expected) <= tolerance)
        if bad.any():
            more = USES * self.conditioning(units)[1] + inherited(self.call, units, scale)
            more = more + self.own_rounding(units)[1]
            tolerance = tolerance + np.einsum("ki,kij->kj", units.cotangents(), more).reshape(
                case.z.shape
            )
            grey = GREY[case.dtype] * size
            bad = judged & ~(np.abs(got - expected) <= np.maximum(tolerance, grey))
        if bad.any():
            error = np.where(bad, np.abs(got - expected), 0)
            product = "np.einsum('...i,...ij->...j', dy, f.jacobian(z, y))"
            if results.slopes is not None:
                product = "dy * f.derivative(z, y)"
            raise Finding(
                "vjp",
                "vjp is not dy @ jacobian"
                if results.slopes is None
                else "vjp is not dy * derivative",
                "vjp",
                got=results.dz,
                expected=expected,
                tolerance=tolerance,
                index=worst(error, tolerance),
                show=(written("vjp"), product),
            )

    def _diagonal(self, units: Units) -> None:
        """Raise Finding unless jacobian = diag(derivative), where both are written by hand."""
        results = units.results
        if results.slopes is None or self.call.target.jacobian is None:
            return
        slopes, got = (a.astype(np.float64) for a in (results.slopes, results.jacobian))
        expected = diagonal(slopes).astype(np.float64)
        tolerance = self.floor(units) + ROUNDINGS * epsilon(units.case.dtype) * np.abs(expected)
        error = np.where(np.isfinite(expected), np.abs(got - expected), 0)
        if not (error <= tolerance).all():
            raise Finding(
                "jacobian",
                "jacobian is not diag(derivative)",
                "jacobian",
                got=results.jacobian,
                expected=expected,
                tolerance=tolerance,
                index=worst(error, tolerance),
                show=(written("jacobian"), "np.eye(z.shape[-1]) * f.derivative(z, y)[..., None]"),
            )
