"""The derivative of an analytic function by a step into the complex numbers.

Im f(z + ih) / h cancels nothing, so h can be tiny (W. Squire and G. Trapp 1998).
"""

from __future__ import annotations

import numpy as np

from ...compare import Float64Array
from .slopes import Forward, Slopes

STEP = 1e-30

#: It is no surer than this of itself, nor than it is at so many moves of z, this far on each side.
RELATIVE = 1e-10
JITTER, MOVES = 2.0**-20, 16

#: The noise that those moves show is this many times less than it may be.
SAFETY = 8.0


def complex_step(forward: Forward, z: Float64Array) -> Slopes | None:
    """Im f(z + ih e_j) / h for each row z (N, n); None where f takes no complex numbers.

    It is the derivative of an analytic f alone, so it is never believed by itself. The step cancels
    nothing, but f may: what does not change evenly where z moves by some millionths is noise.
    """
    moved = z * (1 + JITTER * np.arange(-MOVES, MOVES + 1.0)[:, None, None])
    points = moved[:, :, None, :] + 1j * STEP * np.eye(z.shape[1])
    try:
        with np.errstate(all="ignore"):
            y = np.asarray(forward(points.reshape(-1, *points.shape[2:])))
    except Exception:
        return None
    if not np.iscomplexobj(y) or y.ndim != 3:
        return None
    slopes = np.swapaxes(y.imag / STEP, -1, -2).reshape(*moved.shape[:2], -1, z.shape[1])
    estimate, noise = slopes[MOVES], np.abs(np.diff(slopes, n=2, axis=0)).max(axis=0)
    return Slopes(estimate, SAFETY * noise + RELATIVE * np.abs(estimate))
