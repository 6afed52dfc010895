"""From what was handed in to a target: an activation, or a pair of functions."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import numpy as np

from reference import ScalarActivation, VectorActivation

from .target import WIDTHS, Method, NotATarget, Target


def target_of(subject: Any, name: str | None = None) -> Target:
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


def copy_of(target: Target) -> Target:
    """A target like this one was when it was made: nothing that one keeps is in the other."""
    try:
        fresh = target_of(copy.deepcopy(target.subject), target.name)
    except Exception:  # what cannot be copied is shared
        return target
    fresh = fresh.as_by_place() if target.by_place else fresh
    return fresh.times(target.factor) if target.factor != 1 else fresh


def is_by_place(target: Target) -> bool:
    """Whether the forward, of one derivative for each entry, treats places differently."""
    if not target.elementwise:
        return False
    forward, (low, high) = copy_of(target).forward, target.domain
    n = max(copy_of(target).widths())
    for number in (target.inside, -1.25, 0.25, 1.5):
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
    """How many positional arguments it needs; 1, z alone, where its signature is hidden."""
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
