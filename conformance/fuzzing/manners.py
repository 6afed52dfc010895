"""Manners: pure, without state, deterministic, row by row, linear in dy, for any memory layout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from reference.checks import Array

from ..compare import Float64Array
from .calls import Caller, Results, written
from .case import FuzzCase
from .finding import Finding, worst

#: dy times these: exact in floating point, so that a linear vjp is off by roundings alone.
FACTORS = (-1.0, 2.0**20, 2.0**-30)

#: So many rows of a batch are judged alone too.
ROWS_ALONE = 4


@final
@dataclass(frozen=True)
class Trial:
    """Two results of one method that must be equal, and what it means where they are not."""

    method: str
    message: str
    got: Any
    expected: Array
    show: tuple[str, str]
    rows: Any = ...
    factor: float = 1.0


def check(call: Caller, case: FuzzCase, first: Results, scales: dict[str, Float64Array]) -> None:
    """Raise Finding for the first trial whose results differ by more than rounding.

    scales: of each method, the tolerance of each entry of its result.
    """
    for trial in _trials(call, case, first):
        allowed = np.broadcast_to(
            scales[trial.method][trial.rows] * abs(trial.factor), trial.expected.shape
        )
        got = np.asarray(trial.got)
        if got.shape != trial.expected.shape:
            message = (
                f"{trial.message}: shape {got.shape} where {trial.expected.shape} was expected"
            )
            raise Finding("manners", message, trial.method, show=trial.show)
        with np.errstate(all="ignore"):
            wide, expected = got.astype(np.float64), trial.expected.astype(np.float64)
            error = np.where(
                _same(wide, expected) | ~np.isfinite(expected), 0, np.abs(wide - expected)
            )
        error = np.where(np.isnan(error), np.inf, error)
        if (error > allowed).any():
            raise Finding(
                "manners",
                trial.message,
                trial.method,
                got=got,
                expected=expected,
                tolerance=allowed,
                index=worst(error, allowed),
                show=trial.show,
            )


def _trials(call: Caller, case: FuzzCase, first: Results) -> Iterator[Trial]:
    z, dy, y = case.z, case.dy, first.y
    methods: dict[str, tuple[Array, tuple[Array, ...]]] = {"forward": (first.y, (z,))}
    if first.slopes is not None:
        methods["derivative"] = (first.slopes, (z, y))
    if call.target.jacobian is not None:
        methods["jacobian"] = (first.jacobian, (z, y))
    if first.dz is not None:
        methods["vjp"] = (first.dz, (z, y, dy))

    other = _other(z, call.target.inside)
    for method, (expected, arguments) in methods.items():
        text = written(method)
        call("forward", other.copy())
        again = call(method, *(_frozen(a) for a in arguments))
        message = f"{method} must not depend on what was computed before"
        yield Trial(method, message, again, expected, (f"(f.forward({_code(z)}), {text})[1]", text))
        twice = call(method, *(_frozen(a) for a in arguments))
        yield Trial(method, f"{method} must be deterministic", twice, again, (text, text))
        if (
            isinstance(again, np.ndarray)
            and again.flags.writeable
            and np.may_share_memory(again, twice)
        ):
            message = f"{method} must return a fresh array at every call"
            raise Finding(
                "manners", message, method, show=(f"np.shares_memory({text}, {text})", "False")
            )
        layout = call(method, *(_strided(a) for a in arguments))
        message = f"{method} must give the same for arrays that are not contiguous"
        strided = "z, y, dy = (np.repeat(a, 2, axis=-1)[..., ::2] for a in (z, y, dy))"
        yield Trial(method, message, layout, expected, (f"{text}  # after {strided}", text))
        for row in list(np.ndindex(z.shape[:-1]))[:ROWS_ALONE] if z.ndim > 1 else []:
            alone = call(method, *(a[row].copy() for a in arguments))
            at = str(list(row))
            message = f"{method} must treat each row on its own, but row {at} differs in its batch"
            show = (f"{text}{at}", written(method, at))
            yield Trial(method, message, expected[row], np.asarray(alone), show, row)
    if first.dz is not None:
        for factor in FACTORS:
            scaled = call("vjp", z.copy(), y.copy(), dy * dy.dtype.type(factor))
            message = f"vjp must be linear in dy, but is not for dy times {factor:g}"
            expected = first.dz * first.dz.dtype.type(factor)
            show = (f"f.vjp(z, y, {factor} * dy)", f"{factor} * f.vjp(z, y, dy)")
            yield Trial("vjp", message, scaled, expected, show, factor=factor)
    yield from _reused_buffer(call, z, other, methods)


def _reused_buffer(
    call: Caller, z: Array, other: Array, methods: dict[str, tuple[Array, tuple[Array, ...]]]
) -> Iterator[Trial]:
    """The same memory with other numbers in it, as where a caller reuses an array."""
    buffer = other.copy()
    call("forward", buffer)
    buffer[...] = z
    message = "forward must look at the numbers, not at which array holds them"
    show = (
        "f.forward(buffer)  # an array whose numbers have changed since the last call",
        "f.forward(z)",
    )
    yield Trial("forward", message, call("forward", buffer), methods["forward"][0], show)


def _other(z: Array, inside: float) -> Array:
    """Another z of the same shape: the same numbers in reverse, moved if that is z again."""
    other = z[..., ::-1][::-1] if z.ndim > 1 else z[::-1]
    if np.array_equal(other, z):
        other = (z + z.dtype.type(inside)) / 2
    return np.array(other)


def _frozen(array: Array) -> Array:
    copy = array.copy()
    copy.setflags(write=False)
    return copy


def _strided(array: Array) -> Array:
    """Every second entry of an array twice as wide, with its axes in Fortran's order."""
    wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype, order="F")
    wide[..., ::2] = array
    wide[..., 1::2] = 7
    return wide[..., ::2]


def _same(a: Float64Array, b: Float64Array) -> Any:
    return (a == b) | (np.isnan(a) & np.isnan(b))


def _code(z: Array) -> str:
    return "z[..., ::-1][::-1].copy()" if z.ndim > 1 else "z[::-1].copy()"
