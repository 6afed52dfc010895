"""What a wrong Jacobian has right, and what a wrong vjp does with its cotangent."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...compare import Float64Array
from ..finding import Finding
from ..subject.calls import Caller

#: Two numbers are the same for a diagnosis within this share of the larger.
CLOSE = 1e-5


def close(a: Float64Array, b: Float64Array) -> bool:
    """Whether two arrays have one shape and are the same for a diagnosis."""
    if np.shape(a) != np.shape(b) or not np.size(a):
        return False
    return bool((np.abs(a - b) <= CLOSE * np.maximum(np.abs(b), CLOSE)).all())


def shape_of_error(alike: list[Finding]) -> Iterator[str]:
    """What a wrong square Jacobian (..., n, n) has right."""
    pairs = [(got_of(f), expected_of(f)) for f in alike]
    if not all(J.ndim > 1 and J.shape[-1] == J.shape[-2] for J, _ in pairs):
        return
    pairs = [(J, true) for J, true in pairs if J.shape[-1] > 1]
    if not pairs or alike[0].method == "derivative" or got_of(alike[0]).shape[-1] == 1:
        return  # nor does a width of 1 have anything but a diagonal
    if all(close(J, -true) for J, true in pairs):
        return  # that is a factor
    if all(close(J, np.swapaxes(true, -1, -2)) for J, true in pairs):
        yield "transposed: J[i, j] must be dy_i / dz_j"
    elif all(not _off_diagonal(J).any() and _off_diagonal(true).any() for J, true in pairs):
        right = close(_diagonal(pairs[0][0]), _diagonal(pairs[0][1]))  # elsewhere others may tie
        diagonal = "" if right else ", and the diagonal is wrong"
        yield f"the off-diagonal entries are missing{diagonal}"
    elif all(close(_off_diagonal(J), _off_diagonal(true)) for J, true in pairs):
        yield "only the diagonal is wrong"
    elif all(close(_off_diagonal(J), -_off_diagonal(true)) for J, true in pairs):
        yield "the off-diagonal entries have the wrong sign"


def cotangent(alike: list[Finding], call: Caller) -> Iterator[str]:
    """What a wrong vjp does with dy in place of dy @ jacobian."""
    ignored, transposed, summed, averaged = [], [], [], []
    for finding in alike:
        case = finding.case
        assert case is not None
        results = call.results(case, case.dy.shape[-1])
        if results.dz is None:
            return
        got, J = results.dz.astype(np.float64), results.jacobian.astype(np.float64)
        expected = np.einsum("...i,...ij->...j", case.dy.astype(np.float64), J)
        double = call("vjp", case.z.copy(), results.y.copy(), 2 * case.dy)
        ignored.append(close(np.asarray(double, dtype=np.float64), got) and got.any())
        if J.shape[-1] == J.shape[-2] > 1:
            product = np.einsum("...ij,...j->...i", J, case.dy.astype(np.float64))
            transposed.append(close(got, product) and not close(got, expected))
        if case.z.ndim > 1 and case.z[..., 0].size > 1:
            axes = tuple(range(case.z.ndim - 1))
            total = np.broadcast_to(expected.sum(axis=axes), expected.shape)
            summed.append(close(got, total) and got.any())
            averaged.append(close(got, total / case.z[..., 0].size) and got.any())
    if all(ignored):
        yield "the cotangent is ignored"
    elif transposed and all(transposed):
        yield "transposed: this is jacobian @ dy in place of dy @ jacobian"
    elif summed and all(summed):
        yield "batch summed: every row has got what belongs to all rows together"
    elif averaged and all(averaged):
        yield "batch averaged: every row has got the mean of what belongs to each"


def got_of(finding: Finding) -> Float64Array:
    """What the target gave."""
    return np.asarray(finding.got, dtype=np.float64)


def expected_of(finding: Finding) -> Float64Array:
    """What it should have given."""
    return np.asarray(finding.expected, dtype=np.float64)


def _off_diagonal(J: Float64Array) -> Float64Array:
    return J * (1 - np.eye(J.shape[-1]))


def _diagonal(J: Float64Array) -> Float64Array:
    return np.diagonal(J, axis1=-2, axis2=-1)
