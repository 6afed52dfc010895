"""Calling the hand-written side: whatever it does, it becomes a result or a finding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, final

import numpy as np

from reference.checks import Array

from ..case import FuzzCase
from ..finding import Finding
from .target import Target, diagonal

Answer = TypeVar("Answer")

#: The arguments of each method, as they are written down in a reproducer.
ARGUMENTS = {
    "forward": ("z",),
    "derivative": ("z", "y"),
    "jacobian": ("z", "y"),
    "vjp": ("z", "y", "dy"),
}


def written(method: str, suffix: str = "") -> str:
    """The call of a method in Python, like ``f.jacobian(z, y)``; suffix: of each argument."""
    return f"f.{method}({', '.join(name + suffix for name in ARGUMENTS[method])})"


#: The Jacobian of a target that has its vjp alone, in Python: a row for each unit cotangent.
BY_UNIT_COTANGENTS = (
    "np.stack([f.vjp(z, y, np.broadcast_to(e, dy.shape)) "
    "for e in np.eye(dy.shape[-1], dtype=dy.dtype)], axis=-2)"
)


@final
@dataclass(frozen=True)
class Results:
    """What the target gives for a case: y (..., m), and each backward method that it has.

    slopes: derivative (..., n). jacobian (..., m, n): its own, or from its derivative or vjp.
    """

    y: Array
    slopes: Array | None
    jacobian: Array
    dz: Array | None


@final
@dataclass
class Caller:
    """Calls the methods of a target. ``doing`` says which one is at work, for a time limit."""

    target: Target
    doing: str = ""
    arguments: tuple[Array, ...] = field(default=(), repr=False)

    def __call__(self, method: str, *arguments: Array) -> Any:
        """The method's result as it is. Raises Finding where it raises, or exits."""
        function: Callable[..., Any] | None = getattr(self.target, method)
        assert function is not None
        self.doing, self.arguments = method, arguments
        try:
            with np.errstate():  # what it sets is undone
                return function(*arguments)
        except SystemExit as error:
            raise Finding("runs", f"{method} calls sys.exit({error.code!r})", method) from None
        except Exception as error:
            text = f"{type(error).__name__}: {error}".split("\n")[0][:300]
            shape = np.shape(arguments[0])
            message = f"{method} raises {text}, for z of shape {shape}"
            raise Finding("runs", message, method, show=(written(method), None)) from error

    def values(self, z: Array) -> Array:
        """The forward of rows z (N, n): (N, m). Raises Finding where it gives other than N rows."""
        y = np.asarray(self("forward", z))
        if y.ndim != 2 or len(y) != len(z):
            message = f"forward must give {len(z)} rows for z of shape {z.shape}, got {y.shape}"
            raise Finding("structure", message, "forward", show=("f.forward(z)", None))
        return y

    def results(self, case: FuzzCase, m: int) -> Results:
        """Every method on copies of z and dy, each result held against shape and dtype.

        Raises Finding for what is no array, of another shape or dtype, and for an argument that
        was changed. m: the width of y.
        """
        z, dy = case.z, case.dy
        lead, n = z.shape[:-1], case.width
        y = self.checked("forward", (*lead, m), z)
        slopes = jacobian = dz = None
        if self.target.derivative is not None:
            slopes = self.checked("derivative", z.shape, z, y)
        if self.target.jacobian is not None:
            jacobian = self.checked("jacobian", (*lead, m, n), z, y)
        if self.target.vjp is not None:
            dz = self.checked("vjp", z.shape, z, y, dy)
        if jacobian is None and slopes is not None:
            jacobian = diagonal(slopes)
        if jacobian is None:
            rows = [self("vjp", z.copy(), y.copy(), _unit(y, i)) for i in range(m)]
            jacobian = np.stack(rows, axis=-2)
        return Results(y, slopes, jacobian, dz)

    def checked(self, method: str, shape: tuple[int, ...], *arguments: Array) -> Array:
        """The method on copies of its arguments; its result has this shape and the dtype of z."""
        copies = [a.copy() for a in arguments]
        result = self(method, *copies)
        dtype = arguments[0].dtype
        show = (written(method), None)
        if not isinstance(result, np.ndarray | np.generic):
            got = f"got {result!r}"[:100] if result is None else f"got {type(result).__name__}"
            raise Finding("structure", f"{method} must return an array, {got}", method, show=show)
        if result.shape != shape:
            what = f"{method} must have shape {shape} for z of shape {arguments[0].shape}"
            raise Finding("structure", f"{what}, got {result.shape}", method, show=show)
        if result.dtype != dtype:
            message = f"{method} must keep dtype {dtype}, got {result.dtype}"
            raise Finding(
                "structure", message, method, show=(f"{written(method)}.dtype", "z.dtype")
            )
        for name, copy, original in zip(("z", "y", "dy"), copies, arguments, strict=False):
            if not np.array_equal(copy, original, equal_nan=True):
                raise Finding(
                    "manners",
                    f"{method} must leave its arguments alone, but changes {name}",
                    method,
                    show=(f"({written(method)}, {name})[1]", "before"),
                    setup=(f"before = {name}.copy()",),
                )
            if np.may_share_memory(result, copy):
                raise Finding(
                    "manners",
                    f"{method} must return a fresh array, but returns a view of {name}",
                    method,
                    show=(f"np.shares_memory({written(method)}, {name})", "False"),
                )
        return np.asarray(result)


def answer(question: Callable[[], Answer], otherwise: Answer) -> Answer:
    """What a question gives that is asked beside the case; ``otherwise`` where the target fails.

    It may well raise for a y that is no y of its own, or a z that nobody has drawn.
    """
    try:
        return question()
    except Finding:
        return otherwise


def _unit(y: Array, i: int) -> Array:
    unit = np.zeros_like(y)
    unit[..., i] = 1
    return unit
