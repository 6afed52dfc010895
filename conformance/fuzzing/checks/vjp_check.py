"""The vjp beside the cotangent times the Jacobian: by hand, or of the vjp's own unit cotangents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from ...tolerance import ROUNDINGS
from ..finding import Finding, worst
from ..rounding.allowances import GREY, USES, epsilon, inherited, terms_of_all, terms_of_y
from ..subject.calls import BY_UNIT_COTANGENTS, Results, written
from ..subject.target import diagonal
from ..units import HEADROOM, Units
from .number_check import NumberCheck


@final
@dataclass
class VjpCheck(NumberCheck):
    """vjp(z, y, dy) is dy @ jacobian(z, y), and jacobian is diag(derivative).

    Of a target that has its vjp alone, the Jacobian is that of the unit cotangents: the vjp of a
    cotangent must be the sum of theirs.
    """

    def check(self, units: Units) -> None:
        """Raise Finding unless the vjp is the cotangent times the Jacobian, for each row."""
        results, case = units.results, units.case
        eps = epsilon(case.dtype)
        self._diagonal(units)
        if results.dz is None:
            return
        J, dy = results.jacobian.astype(np.float64), case.dy.astype(np.float64)
        with np.errstate(all="ignore"):
            largest = np.nan_to_num(terms_of_y(units.y), nan=0, posinf=0).max(axis=1)
            scale = terms_of_all(units.jacobian) + largest[:, None, None]
            expected = np.einsum("...i,...ij->...j", dy, J)
            if results.slopes is not None:
                expected = dy * results.slopes.astype(np.float64)
            size = np.einsum("ki,kij->kj", units.cotangents(), scale).reshape(case.z.shape)
            tolerance = ROUNDINGS * eps * size + self.floor(units)
            judged = (np.abs(size) < np.finfo(case.dtype).max / HEADROOM) & np.isfinite(expected)
        of_rows = case.z.shape if units.elementwise else (*case.z.shape[:-1], 1)
        judged &= units.seen.reshape(of_rows)
        got = results.dz.astype(np.float64)
        bad = judged & ~(np.abs(got - expected) <= tolerance)
        if bad.any():
            more = USES * self.conditioning(units)[1] + inherited(self.call, units, scale)
            more = more + self.own_rounding(units, np.abs(got - expected) / size)[1]
            tolerance = tolerance + np.einsum("ki,kij->kj", units.cotangents(), more).reshape(
                case.z.shape
            )
            grey = GREY[case.dtype] * size
            bad = judged & ~(np.abs(got - expected) <= np.maximum(tolerance, grey))
        if bad.any():
            error = np.where(bad, np.abs(got - expected), 0)
            message, product, source = self._in_words(results)
            raise Finding(
                "vjp",
                message,
                "vjp",
                got=results.dz,
                expected=expected,
                tolerance=tolerance,
                index=worst(error, tolerance),
                show=(written("vjp"), product),
                source=source,
            )

    def _in_words(self, results: Results) -> tuple[str, str, str]:
        """What is wrong; and what the vjp must be, in Python and in words."""
        if results.slopes is not None:
            right = "dy * derivative"
            return f"vjp is not {right}", "dy * f.derivative(z, y)", f"{right}, by hand"
        if self.call.target.jacobian is not None:
            right, product = "dy @ jacobian", "np.einsum('...i,...ij->...j', dy, f.jacobian(z, y))"
            return f"vjp is not {right}", product, f"{right}, by hand"
        right = "the sum over i of dy_i times that of unit i"
        product = f"np.einsum('...i,...ij->...j', dy, {BY_UNIT_COTANGENTS})"
        return f"vjp is not linear in dy: not {right}", product, right

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
