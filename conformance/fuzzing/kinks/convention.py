"""Which of the right answers was chosen at a kink, in words."""

from __future__ import annotations

import numpy as np

from ...compare import Float64Array

#: Up to this share from a number in few digits is next to it.
NEXT = 1e-12


def convention(z: Float64Array, jacobian: Float64Array, name: str) -> str:
    """The choice of a Jacobian at the row z, like ``relu'(0) = 1`` or ``first of the tied``."""
    if z.size == 1:
        return f"{name}'({_place(z[0])}) = {jacobian[0, 0]:.6g}"
    said = []
    for row in jacobian:
        at = np.flatnonzero(row)
        if not len(at):
            continue
        tied = np.flatnonzero(z == z[at[0]])
        if len(tied) < 2 or not set(at) <= set(tied):
            continue
        if len(at) == len(tied) and np.allclose(row[at], row[at[0]]):
            said.append("split evenly among the tied")
        elif len(at) == 1:
            place = {tied[0]: "first of the tied", tied[-1]: "last of the tied"}
            said.append(place.get(at[0], "one of the tied"))
    return said[0] if len(set(said)) == 1 else "an element of the subdifferential"


def _place(z: float) -> str:
    """A number in few digits; one next to such a number is said to be so."""
    short = float(f"{z:.6g}")
    if z == short or abs(z - short) > NEXT * abs(short):
        return f"{z:.6g}"
    return f"just {'below' if z < short else 'above'} {short:.6g}"
