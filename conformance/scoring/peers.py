"""What people check a hand-written derivative with today, on the same entries as ``fuzz``.

``torch.autograd.gradcheck`` and ``jax.test_util.check_vjp`` compare a vjp with finite differences
of the forward. Each is used as its documentation shows: float64, default tolerances, one normal
input. ``hard`` is the use of someone who expects more of them: several widths, with ties, zeros and
large values.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from jax.test_util import check_vjp as check_vjp_of_jax

import oracle  # noqa: F401  JAX takes float64 from here on
from reference.checks import Array

from ..collection.entry import Entry
from ..fuzzing.subject.making import target_of
from ..fuzzing.subject.target import Target

#: dz (..., n) from z (..., n), y (..., m) and dy (..., m).
Backward = Callable[[Array, Array, Array], Array]

ROWS, WIDTH = 2, 3
HARD_WIDTHS = 4
LARGE = 100.0


def gradcheck(entry: Entry, *, hard: bool = False) -> bool | None:
    """Whether ``torch.autograd.gradcheck`` accuses the entry; None where torch is not installed."""
    if find_spec("torch") is None:
        return None
    return _accused(entry, _torch_agrees, hard)


def check_vjp(entry: Entry, *, hard: bool = False) -> bool:
    """Whether ``jax.test_util.check_vjp`` accuses the entry."""
    return _accused(entry, _jax_agrees, hard)


PEERS: dict[str, Callable[..., bool | None]] = {
    "torch.autograd.gradcheck": gradcheck,
    "jax.test_util.check_vjp": check_vjp,
}


def _accused(entry: Entry, agrees: Callable[[Target, Backward, Array], bool], hard: bool) -> bool:
    """Whether at some input some backward method disagrees, or raises."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            target = target_of(entry.make())
            return not all(
                agrees(target, backward, z.copy())
                for z in _inputs(target, hard)
                for backward in _backwards(target)
            )
        except (Exception, SystemExit):  # a user would see it
            return True


def _torch_agrees(target: Target, backward: Backward, z: Array) -> bool:
    """With the backward in an ``autograd.Function`` that goes through NumPy."""
    torch = import_module("torch")

    def forward(ctx: Any, z: Any) -> Any:
        y = z.new_tensor(target.forward(z.detach().numpy()))
        ctx.save_for_backward(z, y)
        return y

    def carried_back(ctx: Any, dy: Any) -> Any:
        z, y = (saved.detach().numpy() for saved in ctx.saved_tensors)
        return dy.new_tensor(backward(z, y, dy.detach().numpy()))

    methods = {"forward": staticmethod(forward), "backward": staticmethod(carried_back)}
    function: Any = type("HandWritten", (torch.autograd.Function,), methods)
    inputs = torch.tensor(z, requires_grad=True)
    return bool(torch.autograd.gradcheck(function.apply, (inputs,), raise_exception=False))


def _jax_agrees(target: Target, backward: Backward, z: Array) -> bool:
    """With the backward in place of what ``jax.vjp`` would give."""

    def forward_and_vjp(z: Array) -> tuple[Array, Callable[[Array], tuple[Array]]]:
        y = target.forward(z)
        return y, lambda dy: (backward(z, y, dy),)

    try:
        check_vjp_of_jax(target.forward, forward_and_vjp, (z,))  # type: ignore[no-untyped-call]
    except AssertionError:
        return False
    return True


def _backwards(target: Target) -> Iterator[Backward]:
    """Every backward method that the target has, as a vjp."""
    vjp, jacobian, derivative = target.vjp, target.jacobian, target.derivative
    if vjp is not None:
        yield vjp
    if jacobian is not None:
        yield lambda z, y, dy: np.einsum("...i,...ij->...j", dy, jacobian(z, y))
    if derivative is not None:
        yield lambda z, y, dy: dy * derivative(z, y)


def _inputs(target: Target, hard: bool) -> Iterator[Array]:
    """One normal input of two rows, at the width nearest to 3; or four kinds at several widths."""
    random = np.random.default_rng(0)
    widths = sorted(target.widths(), key=lambda n: abs(n - WIDTH))
    for n in widths[:HARD_WIDTHS] if hard else widths[:1]:
        z = random.normal(size=(ROWS, n))
        yield _inside(target.domain, z)
        if hard:
            yield _inside(target.domain, np.round(z))  # ties, most of them at 0
            yield _inside(target.domain, np.where(random.random(z.shape) < 0.5, 0, z))
            yield _inside(target.domain, LARGE * z)


def _inside(domain: tuple[float, float], z: Array) -> Array:
    """z, moved into an interval that has edges: 0 to its middle, or by 1 away from the edge."""
    low, high = domain
    if np.isfinite(low) and np.isfinite(high):
        return (low + high) / 2 + (high - low) / 2 * z / (1 + np.abs(z))
    size = np.where(z == 0, 1, np.abs(z))
    if np.isfinite(low):
        return low + size
    return high - size if np.isfinite(high) else z
