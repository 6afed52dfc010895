"""What is under test: an activation, or a pair of functions, behind one interface."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, final

import numpy as np

from reference.checks import Array

#: Widths to try, the most telling first: small ones, odd and even ones, squares, and some wide.
WIDTHS = (2, 3, 1, 4, 6, 5, 9, 12, 8, 7, 10, 11)

#: Where none of those is taken, a fixed width up to this is looked for.
WIDEST = 128

Method = Callable[..., Any]


class NotATarget(TypeError):
    """What was handed in cannot be put under test; the message says what is missing."""


@final
@dataclass(frozen=True)
class Target:
    """A hand-written function with its derivative.

    forward(z): (..., n) -> (..., m). Of the backward methods at least one is there:
    derivative(z, y) (..., n) of an elementwise function, jacobian(z, y) (..., m, n), and
    vjp(z, y, dy) (..., n). subject: the object that was handed in. domain: open interval of z.
    by_place: whether an entry's function depends on its place, as where each column has a slope of
    its own: then the derivative is judged as the diagonal of a Jacobian. factor: what all is
    multiplied by, a power of 2.
    """

    name: str
    subject: Any
    elementwise: bool
    forward: Method
    derivative: Method | None
    jacobian: Method | None
    vjp: Method | None
    domain: tuple[float, float]
    by_place: bool = False
    factor: float = 1.0

    @property
    def inside(self) -> float:
        """A number well inside the domain: 0.5 where that is."""
        low, high = self.domain
        if low < 0.5 < high:
            return 0.5
        if np.isfinite(low) and np.isfinite(high):
            return (low + high) / 2
        return low + 1.0 if np.isfinite(low) else high - 1.0

    def as_by_place(self) -> Target:
        """The same with the Jacobian diag(derivative), for a derivative that depends on places."""
        derivative = self.derivative
        assert derivative is not None

        def jacobian(z: Any, y: Any) -> Any:
            return diagonal(np.asarray(derivative(z, y)))

        return replace(self, elementwise=False, derivative=None, jacobian=jacobian, by_place=True)

    def times(self, factor: float) -> Target:
        """The function multiplied by a power of 2, and so is each derivative, bit by bit."""

        def scaled(method: Method | None) -> Method | None:
            if method is None:
                return None

            def of_unscaled_y(z: Any, *y_dy: Any) -> Any:
                y, *dy = y_dy
                return method(z, y / factor, *dy) * factor

            return of_unscaled_y

        forward = self.forward
        return replace(
            self,
            forward=lambda z: forward(z) * factor,
            derivative=scaled(self.derivative),
            jacobian=scaled(self.jacobian),
            vjp=scaled(self.vjp),
            factor=factor,
        )

    def at_work(self, trace: TracebackType | None) -> str:
        """The method that a traceback goes through, empty where it goes through none."""
        methods = ("forward", "derivative", "jacobian", "vjp")
        codes = {
            getattr(inspect.unwrap(getattr(self, name)), "__code__", None): name
            for name in methods
            if getattr(self, name) is not None
        }
        frames = (frame.f_code for frame, _ in traceback.walk_tb(trace))
        return next((codes[code] for code in frames if code in codes), "")

    def output_width(self, n: int) -> int:
        """The width m of y for z of width n. Raises ValueError for an n that it does not take."""
        declared = getattr(self.subject, "output_width", None)
        if declared is not None:
            return int(declared(n))
        try:
            with np.errstate(all="ignore"):
                y = self.forward(np.full((2, n), self.inside))
        except SystemExit as error:
            raise ValueError(f"forward calls sys.exit({error.code!r})") from None
        except Exception as error:
            raise ValueError(f"forward raises {type(error).__name__}: {error}") from None
        if np.ndim(y) == 0:
            raise ValueError(f"forward must return an array, got {y!r} for z of shape (2, {n})")
        return np.shape(y)[-1]

    def widths(self, at_most: int = 12) -> dict[int, int]:
        """The output width of each input width to try, in the order of WIDTHS."""
        taken: dict[int, int] = {}
        refusal: ValueError | None = None
        for n in (*WIDTHS, *range(13, WIDEST + 1)):
            if len(taken) == at_most or (n > max(WIDTHS) and taken):
                break
            try:
                m = self.output_width(n)
                if m == n or not self.by_place:
                    taken[n] = m
            except ValueError as error:
                refusal = refusal or error
            except (Exception, SystemExit) as error:
                what = f"{type(error).__name__}: {error}"
                raise NotATarget(f"{self.name}.output_width({n}) raises {what}") from None
        if not taken:
            raise NotATarget(f"{self.name}: {refusal}; so for every width of z from 1 to {WIDEST}")
        return taken


def diagonal(slopes: Array) -> Array:
    """The Jacobian (..., n, n) of an elementwise function with these slopes (..., n)."""
    on = np.eye(slopes.shape[-1], dtype=bool)
    return np.asarray(np.where(on, slopes[..., :, None], slopes.dtype.type(0)))
