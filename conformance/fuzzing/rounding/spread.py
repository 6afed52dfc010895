"""How the hand-written side rounds: by how much its results move where z moves by an ulp."""

from __future__ import annotations

import contextlib

import numpy as np

from ...compare import Float64Array
from ..case import FuzzCase
from ..finding import Finding
from ..subject.calls import Caller, Results

#: So many neighbours of z are asked, and what another rounding may come to in terms of how far
#: their results are apart.
NEIGHBOURS, SPREAD = 6, 4.0

ByMethod = dict[str, Float64Array]


def spread(call: Caller, case: FuzzCase, results: Results) -> ByMethod:
    """SPREAD times the largest change of each result, in its shape, where all of z moves."""
    random, here = np.random.default_rng(0), _by_method(results)
    moved = {name: np.zeros(value.shape) for name, value in here.items()}
    for _ in range(NEIGHBOURS):
        towards = random.choice([-np.inf, np.inf], case.z.shape).astype(case.dtype)
        near = FuzzCase(np.nextafter(case.z, towards), case.dy, case.regime)
        with contextlib.suppress(Finding):  # what it does there is judged with other cases
            there = _by_method(call.results(near, case.dy.shape[-1]))
            for name, value in there.items():
                change = np.nan_to_num(np.abs(value - here[name]), nan=0.0, posinf=0.0)
                moved[name] = np.maximum(moved[name], SPREAD * change)
    return moved


def _by_method(results: Results) -> ByMethod:
    """What each method gave, in float64; the Jacobian also where another method gave it."""
    named = {
        "forward": results.y,
        "derivative": results.slopes,
        "jacobian": results.jacobian,
        "vjp": results.dz,
    }
    return {name: a.astype(np.float64) for name, a in named.items() if a is not None}
