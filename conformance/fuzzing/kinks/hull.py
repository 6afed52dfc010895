"""The convex hull of Jacobians: is another one in it?"""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

from ...compare import Float64Array

#: Residuals are those of a least-squares fit: this many times the tolerance of an entry.
FIT_SLACK = 4.0

#: That the weights of a combination sum to 1 counts so much more than that it fits, and that they
#: are small so much less.
HEAVY, LIGHT = 1e4, 1e-6

#: Of the solution so many digits are right.
FIT_DIGITS = 9

#: The squares of slopes like this, as there are beside a pole, may overflow.
HUGE = 1e100


def distance_to_hull(
    jacobian: Float64Array, vertices: Float64Array, tolerance: Float64Array
) -> float:
    """How far a Jacobian (m, n) is from the hull of vertices (K, m, n), over its tolerance (m, n).

    That is the largest residual of the best convex combination; up to 1 it is inside.
    """
    finite, wanted = vertices.reshape(-1, jacobian.size), jacobian.ravel()
    allowed = FIT_SLACK * tolerance.ravel()
    low, high = finite.min(axis=0), finite.max(axis=0)
    outside = float((np.maximum(np.maximum(low - wanted, wanted - high), 0) / allowed).max())
    if outside > 1 or jacobian.size == 1:
        return outside
    if float((np.abs(finite - wanted) / allowed).max(axis=1).min()) <= 1:
        return 0.0
    # One of each, of which there are few; + 0 makes -0 and 0 the same.
    distinct = np.array(list({vertex.tobytes(): vertex for vertex in finite + 0.0}.values()))
    system = np.vstack([distinct.T, np.ones(len(distinct))])
    right = np.append(wanted, 1.0)
    try:
        weights, _ = nnls(system, right, maxiter=20 * len(distinct) + 100)
    except RuntimeError:  # no convergence: nothing is proved against the Jacobian
        return 0.0
    # nnls stops some digits early: the smallest correction of the weights it chose does the rest.
    used = weights > 0
    chosen = system[:, used]
    left = right - chosen @ weights[used]
    exact = weights[used] + np.linalg.lstsq(chosen, left, rcond=None)[0]
    if (exact < -1e-9).any():
        exact = weights[used]
    return float((np.abs(chosen[:-1] @ exact - wanted) / allowed).max())


def nearest(jacobian: Float64Array, vertices: Float64Array) -> Float64Array:
    """The element of the hull of vertices (K, m, n) next to a Jacobian (m, n), by least squares."""
    distinct = np.unique(vertices.reshape(-1, jacobian.size) + 0.0, axis=0)
    largest = max(1.0, float(np.abs(distinct).max()))
    unit = largest if largest > HUGE else 1.0
    points, wanted, heavy = distinct / unit, jacobian.ravel() / unit, HEAVY * (largest / unit)
    # Of the combinations that are equally near, the one that takes least of each: it is unique.
    count = len(points)
    system = np.vstack([points.T, np.full(count, heavy), LIGHT * np.eye(count)])
    try:
        weights, _ = nnls(system, np.concatenate([wanted, [heavy], np.zeros(count)]))
    except (RuntimeError, np.linalg.LinAlgError):  # no solution: the nearest vertex
        weights = np.zeros(count)
        weights[np.abs(points - wanted).max(axis=1).argmin()] = 1.0
    element = (weights / weights.sum()) @ points
    # Digits that are the solver's own.
    return np.asarray(unit * np.round(element, FIT_DIGITS)).reshape(jacobian.shape)
