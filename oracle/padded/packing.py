"""Descriptions into forms: what an activation is, how wide, and its parameters in their corner."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from oracle.description import Description
from oracle.padded.form import LARGEST_EXPONENT, WIDTH, DoesNotFit, Form, Kind


def fill_in(form: Form, i: int, description: Description, n: int) -> tuple[Kind, int]:
    """Fill in form i of several, for z of width n. Returns its kind and the width of y.

    Raises ValueError for an unknown name, and DoesNotFit for a width that the activation does not
    take and for what does not fit the form.
    """
    parameters = dict(description)
    name = parameters.pop("name", None)
    if name not in _FILL_IN:
        raise ValueError(f"activation must be one of {', '.join(_FILL_IN)}, got {name!r}")
    _require("z", 1 <= n <= WIDTH, f"1 to {WIDTH} wide", n)
    one = Form(*(field[i, ...] for field in form))
    kind, m = _FILL_IN[name](one, n, **parameters)
    one.kind[...], one.inputs[...], one.outputs[...] = kind, n, m
    return kind, m


def _elementwise(kind: Kind) -> Callable[[Form, int], tuple[Kind, int]]:
    return lambda form, n: (kind, n)


def _leaky_relu(form: Form, n: int, slope: float) -> tuple[Kind, int]:
    form.scalar[...] = slope
    return Kind.LEAKY_RELU, n


def _threshold(form: Form, n: int, width: float) -> tuple[Kind, int]:
    form.scalar[...] = width
    return Kind.THRESHOLD, n


def _group_max(form: Form, n: int, groups: Sequence[Sequence[int]]) -> tuple[Kind, int]:
    _require("groups", 1 <= len(groups) <= WIDTH, f"1 to {WIDTH}", len(groups))
    for i, group in enumerate(groups):
        _require("groups", 1 <= len(group) <= WIDTH, f"of 1 to {WIDTH} indices", group)
        _require("groups", all(0 <= j < n for j in group), f"of indices in 0..{n - 1}", group)
        for place, j in reversed(list(enumerate(group))):  # of a j listed twice, the first place
            form.places[i, j] = place
    return Kind.GROUP_MAX, len(groups)


def _product(form: Form, n: int, exponents: Sequence[Sequence[float]] | None) -> tuple[Kind, int]:
    alpha = np.ones((n, 1)) if exponents is None else np.asarray(exponents, dtype=np.float64)
    _copy("exponents", alpha, form.exponents, (n, None))
    whole = _whole(alpha)
    return Kind.PRODUCT if whole.all() else Kind.REAL_PRODUCT, alpha.shape[1]


def _pairwise_product(form: Form, n: int, pairs: Sequence[Sequence[int]]) -> tuple[Kind, int]:
    """The product z_j z_l has the exponents 1 and 1, or 2 where j = l."""
    _require("pairs", 1 <= len(pairs) <= WIDTH, f"1 to {WIDTH}", len(pairs))
    for i, pair in enumerate(pairs):
        _require("pairs", all(0 <= j < n for j in pair), f"of indices in 0..{n - 1}", pair)
        for j in pair:
            form.exponents[j, i] += 1
    return Kind.PRODUCT, len(pairs)


def _linear_combination(form: Form, n: int, matrix: npt.ArrayLike) -> tuple[Kind, int]:
    A = np.asarray(matrix, dtype=np.float64)
    _copy("matrix", A, form.matrix, (None, n))
    form.combines[...] = 1
    return Kind.IDENTITY, len(A)


def _polynomial(
    form: Form, n: int, exponents: npt.ArrayLike, coefficients: npt.ArrayLike
) -> tuple[Kind, int]:
    powers, C = (np.asarray(array, dtype=np.float64) for array in (exponents, coefficients))
    _copy("exponents", powers, form.exponents.T, (None, n))
    _copy("coefficients", C, form.matrix, (None, len(powers)))
    _require("exponents", bool(_whole(powers).all()), "whole numbers from 0 up", exponents)
    form.combines[...] = 1
    return Kind.PRODUCT, len(C)


_FILL_IN: dict[str, Callable[..., tuple[Kind, int]]] = {
    "Identity": _elementwise(Kind.IDENTITY),
    "Sigmoid": _elementwise(Kind.SIGMOID),
    "Tanh": _elementwise(Kind.TANH),
    "Softplus": _elementwise(Kind.SOFTPLUS),
    "ReLU": lambda form, n: _leaky_relu(form, n, 0.0),
    "LeakyReLU": _leaky_relu,
    "RandomizedLeakyReLU": lambda form, n, low, high, seed=0: _leaky_relu(
        form, n, (low + high) / 2
    ),
    "Threshold": _threshold,
    "Softmax": _elementwise(Kind.SOFTMAX),
    "Max": lambda form, n: _group_max(form, n, [range(n)]),
    "GroupMax": _group_max,
    "Product": _product,
    "PairwiseProduct": _pairwise_product,
    "LinearCombination": _linear_combination,
    "Polynomial": _polynomial,
}


def _copy(
    name: str, source: npt.NDArray[Any], target: npt.NDArray[Any], shape: tuple[int | None, ...]
) -> None:
    """Into the corner of `target`; None in `shape` is any length from 1 to WIDTH."""
    fits = source.ndim == 2 and all(
        1 <= length <= WIDTH if wanted is None else length == wanted
        for length, wanted in zip(source.shape, shape, strict=True)
    )
    _require(name, fits, f"of shape {shape} with None from 1 to {WIDTH}", source.shape)
    target[: source.shape[0], : source.shape[1]] = source


def _whole(exponents: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which exponents are 0, 1, 2, ...; ValueError for one that is too large."""
    whole = (exponents >= 0) & (exponents == np.floor(exponents))
    largest = exponents.max(where=whole, initial=0)
    _require("whole exponents", largest <= LARGEST_EXPONENT, f"<= {LARGEST_EXPONENT}", largest)
    return whole


def _require(name: str, holds: bool, expected: str, got: object) -> None:
    if not holds:
        raise DoesNotFit(f"{name} must be {expected}, got {got}")
