"""What is under test: an activation, or a pair of functions, behind one interface."""

from __future__ import annotations

import copy
import inspect
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, final

import numpy as np

from reference import ScalarActivation, VectorActivation
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

    @classmethod
    def of(cls, subject: Any, name: str | None = None) -> Target:
        """The target in an activation (class or instance) or a pair of functions.

        A pair is (forward, backward) with backward one of derivative(z) or (z, y), jacobian(z) or
        (z, y), vjp(z, y, dy). Raises NotATarget for anything else.
        """
        if isinstance(subject, Target):
            return subject
        if isinstance(subject, tuple):
            return _of_pair(subject, name)
        if inspect.isclass(subject):
            subject = _instance(subject)
        return _of_object(subject, name)

    @property
    def inside(self) -> float:
        """A number well inside the domain: 0.5 where that is."""
        low, high = self.domain
        if low < 0.5 < high:
            return 0.5
        if np.isfinite(low) and np.isfinite(high):
            return (low + high) / 2
        return low + 1.0 if np.isfinite(low) else high - 1.0

    def copy(self) -> Target:
        """A target like this one was when it was made: nothing that one keeps is in the other."""
        try:
            fresh = Target.of(copy.deepcopy(self.subject), self.name)
        except Exception:  # what cannot be copied is shared
            return self
        fresh = fresh.as_by_place() if self.by_place else fresh
        return fresh.times(self.factor) if self.factor != 1 else fresh

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

    def is_by_place(self) -> bool:
        """Whether the forward, of one derivative for each entry, treats places differently."""
        if not self.elementwise:
            return False
        forward, (low, high) = self.copy().forward, self.domain
        n = max(self.copy().widths())
        for number in (self.inside, -1.25, 0.25, 1.5):
            if low < number < high:
                with np.errstate(all="ignore"):
                    try:
                        alone = np.asarray(forward(np.full((1, 1), number)))
                        row = np.asarray(forward(np.full((1, n), number)))
                    except (Exception, SystemExit):
                        return True
                if alone.shape != (1, 1) or not np.allclose(row, alone[0, 0], equal_nan=True):
                    return True
        return False

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


def _instance(cls: type) -> Any:
    try:
        return cls()
    except TypeError as error:
        raise NotATarget(f"{cls.__name__} must be made without arguments: {error}") from None


def _of_object(subject: Any, name: str | None) -> Target:
    title = name or _title(subject)
    if not callable(getattr(subject, "forward", None)):
        raise NotATarget(f"{title} must have a method forward(z), or be a pair of functions")
    derivative, jacobian, vjp = (
        getattr(subject, method, None) for method in ("derivative", "jacobian", "vjp")
    )
    if derivative is None and jacobian is None and vjp is None:
        raise NotATarget(
            f"{title} must have one of derivative(z, y), jacobian(z, y) and vjp(z, y, dy)"
        )
    elementwise = derivative is not None and not isinstance(subject, VectorActivation)
    domain = getattr(subject, "domain", (-np.inf, np.inf))
    return Target(
        title,
        subject,
        elementwise or isinstance(subject, ScalarActivation),
        subject.forward,
        derivative if elementwise else None,
        jacobian,
        vjp,
        _checked(domain, title),
    )


def _of_pair(pair: tuple[Any, ...], name: str | None) -> Target:
    if len(pair) != 2 or not all(callable(f) for f in pair):
        raise NotATarget(f"a pair must be (forward, backward), two functions, got {pair!r}")
    forward, backward = pair
    title = name or str(getattr(forward, "__name__", type(forward).__name__))
    count = _parameters(backward)
    everywhere = (-np.inf, np.inf)
    if count == 3:
        return Target(title, pair, False, forward, None, None, backward, everywhere)
    if count not in (1, 2):
        raise NotATarget(f"the backward of {title} must take (z), (z, y) or (z, y, dy)")
    takes_y = backward if count == 2 else lambda z, y: backward(z)
    if _is_derivative(forward, takes_y):
        return Target(title, pair, True, forward, takes_y, None, None, everywhere)
    return Target(title, pair, False, forward, None, takes_y, None, everywhere)


def _is_derivative(forward: Method, backward: Method) -> bool:
    """Whether the backward of a pair gives slopes (..., n), and no Jacobian (..., m, n).

    Nor one (m, n) that has forgotten the batch.
    """
    for n in WIDTHS:
        z = np.full((max(WIDTHS) + 1, n), 0.5)
        try:
            with np.errstate(all="ignore"):
                y = forward(z.copy())
                got = np.shape(backward(z, y))
                return len(got) == 2 and got != (np.shape(y)[-1], n)
        except (Exception, SystemExit):
            continue
    return True


def _parameters(function: Method) -> int:
    """How many positional arguments it needs, None for one whose signature is hidden: z alone."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 1
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in positional and p.default is p.empty for p in parameters)


def _title(subject: Any) -> str:
    text = repr(subject)
    plain = text.startswith("<") or len(text) > 60 or "\n" in text
    return type(subject).__name__ if plain else text.removesuffix("()")


def _checked(domain: Any, title: str) -> tuple[float, float]:
    try:
        low, high = (float(edge) for edge in domain)
    except (TypeError, ValueError):
        low = high = np.nan
    if not low < high:
        raise NotATarget(f"{title}.domain must be (low, high) with low < high, got {domain!r}")
    return low, high
