"""Manners: pure, without state, deterministic, row by row, linear in dy, for any memory layout."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from reference.checks import Array

from ..case import FuzzCase
from ..finding import Finding, worst
from ..subject.calls import ARGUMENTS, Caller, Results, written
from .tolerances import Tolerances

#: dy times these: exact in floating point, so that a linear vjp is off by roundings alone.
FACTORS = (-1.0, 2.0**20, 2.0**-30)

#: So many rows of a batch are judged alone too.
ROWS_ALONE = 4

#: Values of y for a row alone and in its batch, relative to each other.
SAME = 1e-6

#: What makes the arguments read-only, in Python.
READ_ONLY = ("for a in (z, y, dy):", "    a.setflags(write=False)")


@final
@dataclass(frozen=True)
class Call:
    """A method with the arguments that it got in the first place, and what it gave."""

    method: str
    arguments: tuple[Array, ...]
    result: Array


@final
@dataclass(frozen=True)
class Pair:
    """Two results of one method that must be equal, and what it means where they are not.

    rows: which part of the whole result they are. factor: what the result was multiplied by.
    reordered: whether NumPy may sum in another order. setup, show: lines before, and the
    expressions of both results, for a reproducer.
    """

    method: str
    message: str
    got: Any
    expected: Array
    show: tuple[str, str | None]
    setup: tuple[str, ...] = ()
    rows: Any = ...
    factor: float = 1.0
    reordered: bool = False


def check(call: Caller, case: FuzzCase, first: Results, tolerances: Tolerances) -> None:
    """Raise Finding for the first pair whose results differ by more than rounding."""
    calls = _calls(call, case, first)
    other = _other(case.z, call.target.inside)
    for made in calls:
        for pair in (
            *_state(call, made, other),
            *_layout(call, made),
            *_rows(call, made),
            *_linearity(call, made),
        ):
            _compare(pair, tolerances)
    _compare(_reused_buffer(call, calls[0], other), tolerances)


def _compare(pair: Pair, tolerances: Tolerances) -> None:
    got, expected = np.asarray(pair.got), np.asarray(pair.expected)
    allowed = tolerances.usual[pair.method][pair.rows] * abs(pair.factor)
    if got.shape != allowed.shape or expected.shape != allowed.shape:
        wrong = got.shape if got.shape != allowed.shape else expected.shape
        message = f"{pair.message}: shape {wrong} where {allowed.shape} was expected"
        raise Finding("manners", message, pair.method, show=pair.show, setup=pair.setup)
    with np.errstate(all="ignore"):
        got, expected = (np.asarray(a, dtype=np.float64) for a in (got, expected))
        same = (got == expected) | (np.isnan(got) & np.isnan(expected)) | ~np.isfinite(expected)
        error = np.where(same, 0, np.abs(got - expected))
    error = np.where(np.isnan(error), np.inf, error)
    if (error > allowed).any() and pair.reordered:
        allowed = tolerances.reordered[pair.method][pair.rows]
    if (error > allowed).any():
        raise Finding(
            "manners",
            pair.message,
            pair.method,
            got=got,
            expected=expected,
            tolerance=allowed,
            index=worst(error, allowed),
            show=pair.show,
            setup=pair.setup,
        )


def _calls(call: Caller, case: FuzzCase, first: Results) -> list[Call]:
    z, y, dy = case.z, first.y, case.dy
    calls = [Call("forward", (z,), y)]
    if first.slopes is not None:
        calls.append(Call("derivative", (z, y), first.slopes))
    if call.target.jacobian is not None:
        calls.append(Call("jacobian", (z, y), first.jacobian))
    if first.dz is not None:
        calls.append(Call("vjp", (z, y, dy), first.dz))
    return calls


def _state(call: Caller, made: Call, other: Array) -> Iterator[Pair]:
    """After a forward of something else, and twice; on arrays that may not be written to."""
    method, text = made.method, written(made.method)
    call("forward", other.copy())
    frozen = [a.copy() for a in made.arguments]
    for a in frozen:
        a.setflags(write=False)
    if method != "forward":
        y = np.asarray(call("forward", other.copy()))
        with contextlib.suppress(Finding):  # what it does there is judged with other cases
            call(method, other.copy(), y, *(a.copy() for a in made.arguments[2:]))
    again, twice = _read_only(call, method, frozen), _read_only(call, method, frozen)
    message = f"{method} must be deterministic"
    yield Pair(method, message, twice, np.asarray(again), (text, text))
    setup: tuple[str, ...] = (
        f"before = {text}",
        f"f.forward({_written(other, made.arguments[0], call)})",
    )
    message = f"{method} must not depend on what was computed before"
    usual = (a.copy() for a in made.arguments)
    if not _equal(again, made.result) and _equal(call(method, *usual), made.result):
        setup = (f"before = {text}", *READ_ONLY)
        message = f"{method} must give the same for arrays that are read-only"
    yield Pair(method, message, again, made.result, (text, "before"), setup)
    if other.ndim > 1:
        turned = call(method, *(a[::-1].copy() for a in made.arguments))
        shown = f"f.{method}({', '.join(f'{a}[::-1].copy()' for a in ARGUMENTS[method])})[::-1]"
        if isinstance(turned, np.ndarray) and turned.shape == made.result.shape:
            message = f"{method} must not depend on the order of the rows, nor on earlier calls"
            lines = (f"before = {text}",)
            yield Pair(method, message, turned[::-1], made.result, (shown, "before"), lines)
    fresh = not isinstance(again, np.ndarray) or not again.flags.writeable
    if not fresh and np.may_share_memory(again, twice):
        message = f"{method} must return a fresh array at every call"
        show = (f"np.shares_memory({text}, {text})", "False")
        raise Finding("manners", message, method, show=show)


def _equal(got: Any, expected: Array) -> bool:
    alike = isinstance(got, np.ndarray) and got.dtype == expected.dtype
    return alike and np.array_equal(got, expected, equal_nan=True)


def _read_only(call: Caller, method: str, frozen: list[Array]) -> Any:
    try:
        return call(method, *frozen)
    except Finding as finding:
        if "read-only" not in finding.message:
            raise
        message = f"{method} must leave its arguments alone: {finding.message}"
        shown = (written(method), None)
        raise Finding("manners", message, method, show=shown, setup=READ_ONLY) from finding


def _layout(call: Caller, made: Call) -> Iterator[Pair]:
    """On every second entry of arrays twice as wide, with their axes in Fortran's order; and on
    arrays that lie backwards in memory.
    """
    strided, backwards = [], []
    for a in made.arguments:
        wide = np.zeros((*a.shape[:-1], 2 * a.shape[-1]), a.dtype, order="F")
        wide[..., ::2], wide[..., 1::2] = a, 7
        strided.append(wide[..., ::2])
        backwards.append(a[..., ::-1].copy()[..., ::-1])
    method, text = made.method, written(made.method)
    message = f"{method} must give the same for arrays that are not contiguous"
    for arguments, layout in (
        (strided, "np.asfortranarray(np.repeat(a, 2, axis=-1))[..., ::2]"),
        (backwards, "a[..., ::-1].copy()[..., ::-1]"),
    ):
        setup = (f"same = {text}", f"z, y, dy = ({layout} for a in (z, y, dy))")
        got = call(method, *arguments)
        yield Pair(method, message, got, made.result, (text, "same"), setup, reordered=True)


def _rows(call: Caller, made: Call) -> Iterator[Pair]:
    """Each of the first rows alone."""
    method, lead = made.method, made.arguments[0].shape[:-1]
    for row in list(np.ndindex(lead))[:ROWS_ALONE] if lead else []:
        arguments = [a[row].copy() for a in made.arguments]
        if len(arguments) > 1:
            # A y that the batch has lost the digits of, however small, is not this row's own.
            y = np.asarray(call("forward", arguments[0].copy()))
            if y.shape == arguments[1].shape and not np.allclose(y, arguments[1], SAME, 0):
                arguments[1] = y
        alone = call(method, *arguments)
        at = str(list(row))
        differs = f"row {at} differs in its batch"
        if made.arguments[0][..., 0].size == 1:
            differs = "a batch of one row differs from the row itself"
        message = f"{method} must treat each row on its own, but {differs}"
        show = (f"{written(method)}{at}", written(method, at))
        alone = np.asarray(alone)
        yield Pair(method, message, made.result[row], alone, show, rows=row, reordered=True)


def _linearity(call: Caller, made: Call) -> Iterator[Pair]:
    if made.method != "vjp":
        return
    z, y, dy = made.arguments
    sizes = np.abs(np.concatenate([z.ravel(), y.ravel()]))
    smallest = float(sizes[sizes > 0].min(initial=1.0))
    for factor in FACTORS:
        kept = np.finfo(dy.dtype)
        lost = abs(factor) * smallest < kept.tiny
        if lost or abs(factor) * float(np.abs(dy).max()) > smallest * float(kept.max):
            continue  # what is lost beyond the range of numbers says nothing of the formula
        with np.errstate(over="ignore"):
            expected = made.result * dy.dtype.type(factor)
        if np.isinf(expected).any() and np.isfinite(made.result).all():
            continue  # nor does what overflows only then
        scaled = call("vjp", z.copy(), y.copy(), dy * dy.dtype.type(factor))
        message = f"vjp must be linear in dy, but is not for dy times {factor:.8g}"
        show = (f"f.vjp(z, y, {factor!r} * dy)", f"{factor!r} * f.vjp(z, y, dy)")
        yield Pair("vjp", message, scaled, expected, show, factor=factor)


def _reused_buffer(call: Caller, made: Call, other: Array) -> Pair:
    """The same memory with other numbers in it, as where a caller reuses an array."""
    buffer = other.copy()
    call("forward", buffer)
    buffer[...] = made.arguments[0]
    message = "forward must look at the numbers, not at which array holds them"
    made_of_z = _written(other, made.arguments[0], call)
    setup = (f"buffer = {made_of_z}", "f.forward(buffer)", "buffer[...] = z")
    show = ("f.forward(buffer)", None)
    return Pair("forward", message, call("forward", buffer), made.result, show, setup)


def _other(z: Array, inside: float) -> Array:
    """Another z of the same shape: the same numbers in reverse, moved if that is z again."""
    other = z[..., ::-1][::-1] if z.ndim > 1 else z[::-1]
    if np.array_equal(other, z):
        other = (z + z.dtype.type(inside)) / 2
    return np.array(other)


def _written(other: Array, z: Array, call: Caller) -> str:
    """That z in Python."""
    if not np.array_equal(other.ravel()[::-1], z.ravel()):
        return f"(z + {call.target.inside!r}) / 2"
    return "z[..., ::-1][::-1].copy()" if z.ndim > 1 else "z[::-1].copy()"
