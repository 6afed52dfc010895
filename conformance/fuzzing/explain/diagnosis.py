"""The likely mistake, in words, where the numbers show it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import numpy as np

from ...compare import Float64Array
from ..arbitration.arbitrate import differences_stand_with_hand
from ..case import FuzzCase
from ..finding import OF_NUMBERS, Finding
from ..judge import Judge
from ..subject.calls import Caller
from ..subject.making import copy_of
from ..units import Units
from ..witness.witness import Witness
from .circumstances import only_where
from .factors import evidence, factor
from .patterns import close, cotangent, expected_of, got_of, shape_of_error

#: What is right to three digits has lost some.
FEW_DIGITS = 1e-3

#: A number that is off by this share of it, or by this, is far off; beyond this share of the
#: findings that have one it is no loss of digits.
FAR_OFF, MOST = 0.1, 0.5

#: Computed in float32, a number is off by some of its spacings.
SINGLE = 4 * float(np.finfo(np.float32).eps)

#: What takes z for y is wrong nearly always: not where so many cases have passed for each finding.
OFTEN = 3

#: So many cases that passed are looked at for what contradicts a likely mistake.
CASES_ASKED = 50

#: So many cases, and of each the rows or numbers that are furthest off, tell whether a derivative
#: belongs to a forward.
FEW_CASES, FEW_UNITS = 4, 4

#: An exponential overflows from 88 in float32, from 709 in float64; |z| of this size is suspect, as
#: it may be squared, and as 1 - tanh(z) has no digit left.
BIG = 30.0


def diagnose(
    finding: Finding,
    others: list[Finding],
    passed: list[FuzzCase],
    call: Caller,
    witness: Witness,
) -> tuple[str, ...]:
    """What would explain the finding and those like it, the most telling first."""
    alike = [
        f for f in (finding, *others) if (f.check, f.method) == (finding.check, finding.method)
    ]
    said: list[str] = []
    smooth = [f for f in alike if not f.kink]  # at a kink many slopes are right
    with np.errstate(all="ignore"):
        if finding.check == "jacobian" and smooth:
            said += _swapped(smooth, passed, call)
        if finding.check in ("forward", "jacobian", "vjp") and smooth and not said:
            said += _lost_digits(smooth)
        if finding.check == "jacobian" and smooth and not said:
            said += shape_of_error(smooth)
        if finding.check in ("vjp", "manners") and finding.method == "vjp" and not said:
            with contextlib.suppress(Finding):  # what breaks its manners may not be asked again
                said += cotangent(alike, call)
        if finding.check in ("forward", "jacobian", "vjp") and smooth and not said:
            said += factor(evidence(smooth, passed, call))
        if finding.check == "forward" and finding.got is not None and witness.smooth:
            with contextlib.suppress(Finding):
                said += _another_function(alike, call, witness)
        if finding.check == "finite":
            said += _not_finite(finding)
        failed = [f.case for f in alike if f.case is not None]
        said += only_where(failed, passed, _wrong(alike), _fails_like(finding, call, witness))
    return tuple(dict.fromkeys(said))


def _fails_like(finding: Finding, call: Caller, witness: Witness) -> Callable[[FuzzCase], bool]:
    """Whether a case inside the domain fails the same check; of those of numbers, any."""
    low, high = call.target.domain
    alike = OF_NUMBERS if finding.check in OF_NUMBERS else (finding.check,)

    def fails(case: FuzzCase) -> bool:
        if not ((case.z > low) & (case.z < high)).all():
            return False
        manners_too = finding.check == "manners"
        found = Judge(copy_of(call.target), witness).judge(case, manners_too=manners_too)
        return found is not None and found.check in alike

    return fails


def _lost_digits(alike: list[Finding]) -> Iterator[str]:
    """Is the smallest case right but for its last digits, and are most of them nearly right?"""
    got, true = got_of(alike[0]), expected_of(alike[0])
    if not close(got, true) or np.mean([_far_off(f) for f in alike]) > MOST:
        return
    off = float(np.abs(got / true - 1)[true != 0].max(initial=np.finfo(np.float64).eps))
    if off < FEW_DIGITS:
        if off < SINGLE and all(map(_single, alike)):
            yield "right to the digits of float32: is something computed in it?"
            return
        doubles = [f for f in alike if f.case is not None and f.case.dtype == np.float64]
        here = "here, to none at some other z" if any(map(_far_off, doubles)) else "here"
        why = "the others cancel, a constant is rough, or an approximation ends"
        yield f"right to {int(-np.log10(off))} digits {here}: {why}"


def _wrong(alike: list[Finding]) -> Float64Array:
    """Of an elementwise function the numbers z that are wrong; none of any other."""
    found: list[Float64Array] = [np.empty(0)]
    for finding in alike:
        z, got = finding.case.z if finding.case is not None else np.empty(0), got_of(finding)
        if finding.method == "derivative" and got.shape == z.shape:
            allowed = 0.0 if finding.tolerance is None else finding.tolerance
            right = np.abs(got - expected_of(finding)) <= allowed
            found.append(z[np.logical_not(right)].astype(np.float64))
    return np.concatenate(found)


def _far_off(finding: Finding) -> bool:
    """Whether some number has hardly a digit right."""
    got, true = got_of(finding), expected_of(finding)
    return bool((np.abs(got - true) > FAR_OFF * np.abs(true) + FAR_OFF).any())


def _single(finding: Finding) -> bool:
    """Whether numbers that came in float64 have the digits of float32 alone."""
    case, got = finding.case, got_of(finding)
    double = case is not None and case.dtype == np.float64
    return double and np.array_equal(got.astype(np.float32), got)


def _swapped(alike: list[Finding], passed: list[FuzzCase], call: Caller) -> Iterator[str]:
    """Does the derivative come right when y is given for z, or z for y, and stay so elsewhere?"""
    method = alike[0].method
    if method not in ("derivative", "jacobian") or len(passed) > OFTEN * len(alike):
        return
    pairs = [(got_of(f), expected_of(f)) for f in alike]
    if all(close(got, true) for got, true in pairs):
        return  # the digits that are lost would not show
    if all(close(got, -true) for got, true in pairs):
        return  # a sign says it more simply
    for given, text in (
        ("zz", "y is used where z belongs"),
        ("yy", "z is used where y belongs"),
        ("yz", "z and y are mixed up"),
    ):
        try:
            right = [close(_given(f.case, method, given, call), expected_of(f)) for f in alike]
            right += [
                close(_given(case, method, given, call), _given(case, method, "zy", call))
                for case in passed[:CASES_ASKED]
            ]
        except (Finding, TypeError, ValueError):
            continue
        if all(right):
            yield text
            return


def _given(case: FuzzCase | None, method: str, given: str, call: Caller) -> Float64Array:
    """What the method makes of z and y, or of what is given in their places.

    Raises ValueError where y cannot stand for z: outside the domain it may never return.
    """
    assert case is not None
    arrays = {"z": case.z, "y": call("forward", case.z.copy())}
    low, high = call.target.domain
    in_place_of_z = arrays[given[0]]
    if not ((in_place_of_z > low) & (in_place_of_z < high)).all():
        raise ValueError(f"z must lie inside {call.target.domain}")
    result = call(method, *(arrays[name].copy() for name in given))
    return np.asarray(result, dtype=np.float64)


def _not_finite(finding: Finding) -> Iterator[str]:
    assert finding.got is not None
    assert finding.case is not None
    value, z = float(finding.got[finding.index]), finding.case.z.astype(np.float64)
    row = np.abs(z[finding.index[: z.ndim - 1]])
    if finding.got.shape == z.shape and finding.method in ("forward", "derivative"):
        row = np.abs(z[finding.index])[None]
    if row.max() >= BIG:
        beyond = f"an exponential or a power beyond the range of {finding.case.dtype}"
        if not np.isnan(value):
            yield f"overflow: {beyond}"
        elif row.max() >= np.log(np.finfo(finding.case.dtype).max):
            yield f"overflow or underflow: {beyond}, then inf - inf, inf / inf, 0 * inf or 0 / 0"
        else:
            yield "NaN where |z| is large: overflow, or 1 - 1 where a digit is lost, then 0 / 0"
    elif np.isnan(value):
        yield "NaN from 0/0, from 0 * inf, or from the root or logarithm of what is negative"
    else:
        yield "a division by zero"


def _another_function(alike: list[Finding], call: Caller, witness: Witness) -> Iterator[str]:
    """Does the hand-written derivative belong to the hand-written forward?"""
    for finding in alike[:FEW_CASES]:
        case = finding.case
        assert case is not None
        results = call.results(case, case.dy.shape[-1])
        units = Units.of(case, results, witness, elementwise=call.target.elementwise)
        off = np.abs(got_of(finding) - expected_of(finding)).reshape(len(units.z), -1).max(axis=1)
        worst = map(int, np.argsort(-off)[:FEW_UNITS])
        if not all(differences_stand_with_hand(call, units, unit) for unit in worst):
            return
    yield "the derivative is that of this forward: which of the two functions is meant?"
