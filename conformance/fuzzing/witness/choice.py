"""Which witness is asked about a target."""

from __future__ import annotations

import numpy as np

from ..drawing.regimes import numbers
from ..subject.target import Target
from .autodiff import Autodiff
from .names import name_of
from .own_differences import Differences
from .witness import Function, Witness, WitnessError


def choose(target: Target, f: Function | None) -> Witness:
    """Autodiff of f, or of the target's own forward if JAX can run it; else differences.

    Raises WitnessError for an f that JAX cannot run at any width that the target takes.
    """
    width = next(iter(target.widths())) if not target.elementwise else 1
    if f is not None:
        witness = Autodiff(f, name_of(f), factor=target.factor)
        witness.truth_at(np.full((1, width), target.inside))
        if target.elementwise:
            _require_elementwise(witness, target.domain)
        return witness
    own = Autodiff(
        target.forward, f"{target.name}.forward on JAX arrays", "mistakes in the forward itself"
    )
    try:
        truth = own.truth_at(np.full((1, width), target.inside))
        y = target.forward(np.full((1, width), target.inside))
        if truth.y.shape == np.shape(y):
            return own
    except (Exception, SystemExit):
        pass
    return Differences(target)


def _require_elementwise(witness: Autodiff, domain: tuple[float, float]) -> None:
    """Raise WitnessError unless the oracle makes of each number in a row what it makes of it alone.

    An elementwise target is judged number by number, so that would not show otherwise.
    """
    z = numbers(np.random.default_rng(0), "normal", (1, 3), domain, np.empty((0, 3)))
    alone = witness.truth_at(z.reshape(-1, 1)).y
    try:
        together = witness.truth_at(z).y
    except WitnessError:  # a function of one number cannot mix them up
        return
    if together.size != alone.size:
        came = f"{together.size} numbers for 3"
    elif not np.allclose(together.ravel(), alone.ravel(), 1e-9, 1e-9, equal_nan=True):
        came = f"{together.ravel()} for z = {z[0]}, and {alone.ravel()} for each alone"
    else:
        return
    raise WitnessError(
        f"{witness.function} must be elementwise, as the target is, but gives {came}"
    )
