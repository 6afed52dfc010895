"""How large an error rounding explains: derived from the dtype and from the size of the terms.

A value that is computed as a sum of terms t, each with a handful of roundings, is off by at most

    tolerance = ROUNDINGS * eps * scale + FLOOR * tiny,    scale = sum |t|

(N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., lemma 3.1), with eps the
spacing of the dtype at 1 and tiny its smallest normal number. The scale is that of each entry: an
entry without cancellation has the scale of its own value, so that its tolerance is relative.
The second term is for underflow, where XLA flushes to zero and NumPy does not.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from reference import Activation, Divergence, KLDivergence, SquaredError
from reference.polynomial import LinearCombination, Polynomial
from reference.product import Product
from reference.softmax import Softmax

from .compare import Float64Array

ROUNDINGS = 64
FLOOR = 2.0**6

#: exp(t) turns a rounding of t into |t| roundings of its own, until it underflows at -LARGEST; and
#: either side may round t, a difference of two z, twice.
LARGEST_EXPONENT = 750.0
EXPONENT_ROUNDINGS = 4


def tolerance(
    scale: Float64Array, dtype: DTypeLike, roundings: int | NDArray[np.int_] = ROUNDINGS
) -> Float64Array:
    """roundings * eps * scale + FLOOR * tiny, entry by entry."""
    eps, tiny = _limits(np.dtype(dtype))
    return roundings * eps * scale + FLOOR * tiny


def underflow(dtype: DTypeLike) -> float:
    """What underflow adds to a scale, so that it is carried along where the scale is multiplied."""
    eps, tiny = _limits(np.dtype(dtype))
    return FLOOR * tiny / (ROUNDINGS * eps)


@cache
def _limits(dtype: np.dtype[Any]) -> tuple[float, float]:
    """eps and tiny, as Python floats."""
    info = np.finfo(dtype)
    return float(info.eps), float(info.tiny)


def forward_scale(
    activation: Activation, z: Float64Array, y: Float64Array, dtype: DTypeLike
) -> Float64Array:
    """The size of the terms that y_i is a sum of: (..., m)."""
    match activation:
        case Softmax():
            terms = y * _softmax_growth(z)
        case LinearCombination():
            terms = np.abs(z) @ np.abs(activation.matrix).T
        case Polynomial():
            terms = _powers(activation, z).prod(axis=-1) @ np.abs(activation.coefficients).T
        case _:
            terms = np.abs(y)
    return np.asarray(terms + underflow(dtype) * _underflow_growth(activation, z))


def jacobian_scale(
    activation: Activation,
    z: Float64Array,
    y: Float64Array,
    jacobian: Float64Array,
    dtype: DTypeLike,
) -> Float64Array:
    """The size of the terms that dy_i/dz_j is a sum of: (..., m, n)."""
    match activation:
        case Softmax():
            terms = y[..., :, None] * (np.eye(y.shape[-1]) + y[..., None, :])
            terms = terms * _softmax_growth(z)[..., None]
        case Polynomial():
            slopes = _monomial_slopes(activation, z)
            terms = np.einsum("ik,...kj->...ij", np.abs(activation.coefficients), slopes)
        case _:
            terms = np.abs(jacobian)
    growth = _underflow_growth(activation, z)
    growth = growth if isinstance(growth, float) else growth[..., None]
    return np.asarray(terms + underflow(dtype) * growth)


def divergence_scale(divergence: Divergence, y: Float64Array, d: Float64Array) -> Float64Array:
    """The size of the terms that div(y, d) is a sum of: (...)."""
    if isinstance(divergence, SquaredError):
        return ((y - d) ** 2).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_d, log_y, log_rest = (np.abs(np.log(v)) for v in (d, y, 1 - y))
        if isinstance(divergence, KLDivergence):
            terms = np.where(d > 0, d * (log_d + log_y), 0)
        else:
            terms = np.where(d > 0, d * log_y, 0) + np.where(d < 1, (1 - d) * (log_rest + 1), 0)
    return terms.sum(axis=-1)


def derivative_scale(
    divergence: Divergence, y: Float64Array, d: Float64Array, y_scale: Float64Array | float = 0.0
) -> Float64Array:
    """The size of the terms of d div/dy_i, for a y that is off by eps * y_scale: (..., n)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.where(d > 0, d / y * (1 + y_scale / y), 0)
        rest = np.where(d < 1, (1 - d) / (1 - y) * (1 + y_scale / (1 - y)), 0)
    match divergence:
        case SquaredError():
            return np.abs(y - d) + y_scale
        case KLDivergence():
            return first
        case _:
            return first + rest


def fused_scale(activation: Activation, z: Float64Array, y: Float64Array, d: Any) -> Float64Array:
    """The size of the terms of d div(f(z), d)/dz_j where the two are differentiated as one."""
    if isinstance(activation, Softmax):
        return y * d.sum(axis=-1, keepdims=True) * _softmax_growth(z) + d
    sigmoid, complement = np.exp(-np.logaddexp(0, -z)), np.exp(-np.logaddexp(0, z))
    return sigmoid * (1 - d) + complement * d


def fused_value_scale(
    activation: Activation, z: Float64Array, y: Float64Array, d: Float64Array
) -> Float64Array:
    """The size of the terms that div(f(z), d) is a sum of, as a function of z: (...)."""
    if isinstance(activation, Softmax):
        with np.errstate(divide="ignore", invalid="ignore"):
            entropy = np.where(d > 0, d * np.abs(np.log(d)), 0)
        depth = z.max(axis=-1, keepdims=True) - z + np.log(z.shape[-1])
        return (entropy + d * depth).sum(axis=-1)
    return (d * np.logaddexp(0, -z) + (1 - d) * np.logaddexp(0, z)).sum(axis=-1)


def _softmax_growth(z: Float64Array) -> Float64Array:
    """How many times its roundings exp(z_i - max z) multiplies, over ROUNDINGS: (..., 1)."""
    spread = z.max(axis=-1, keepdims=True) - z.min(axis=-1, keepdims=True)
    return 1 + EXPONENT_ROUNDINGS * np.minimum(spread, LARGEST_EXPONENT) / ROUNDINGS


def _powers(activation: Polynomial, z: Float64Array) -> Float64Array:
    """|z_l|^e_kl: (..., M, n)."""
    return np.abs(z)[..., None, :] ** np.asarray(activation.exponents)


def _monomial_slopes(activation: Polynomial, z: Float64Array) -> Float64Array:
    """|d monomial_k / dz_j|: (..., M, n)."""
    exponents = np.asarray(activation.exponents)
    powers = _powers(activation, z)
    one_less = np.abs(z)[..., None, :] ** np.maximum(exponents - 1, 0)
    slopes = []
    for j in range(z.shape[-1]):
        others = np.delete(powers, j, axis=-1).prod(axis=-1)
        slopes.append(exponents[:, j] * one_less[..., j] * others)
    return np.stack(slopes, axis=-1)


def _underflow_growth(activation: Activation, z: Float64Array) -> Float64Array | float:
    """How many times what underflows in a product of powers is multiplied: (..., m), or 1."""
    if isinstance(activation, Polynomial):
        factors = np.maximum(_powers(activation, z), 1)
        slopes = np.maximum(_monomial_slopes(activation, z).max(axis=-1), 1)
        return (factors.prod(axis=-1) * slopes) @ np.abs(activation.coefficients).T
    if isinstance(activation, Product):
        exponents = activation.exponents or np.ones((z.shape[-1], 1))
        alpha = np.asarray(exponents, dtype=np.float64)
        wide = np.abs(z)[..., :, None]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            slopes = np.abs(alpha) * wide ** np.where(alpha == 0, 0, alpha - 1)
            return np.maximum(wide**alpha, 1).prod(axis=-2) * np.maximum(slopes, 1).max(axis=-2)
    return 1.0
