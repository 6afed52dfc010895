"""Activations that are right, in NumPy: what the collection is built from.

Each takes z (..., n) with any leading axes, keeps float32 and float64, leaves z alone, gives a
fresh array, does not overflow where the value is finite, and loses no more than rounding.
"""

from __future__ import annotations

import math

import numpy as np

from reference.checks import Array

#: alpha and lambda of SELU (Klambauer et al. 2017, arXiv 1706.02515).
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805
#: sqrt(2 / pi) and the cubic coefficient of the tanh form of GELU (arXiv 1606.08415).
GELU_SLOPE = math.sqrt(2 / math.pi)
GELU_CUBIC = 0.044715

_erf = np.vectorize(math.erf, otypes=[np.float64])
_erfc = np.vectorize(math.erfc, otypes=[np.float64])


def erf(z: Array) -> Array:
    """2 / sqrt(pi) times the integral of exp(-t^2) from 0 to z, entry by entry in double."""
    return _erf(z).astype(z.dtype)


def normal_cdf(z: Array) -> Array:
    """Phi(z) = erfc(-z / sqrt(2)) / 2, which keeps its digits for z < 0."""
    return (0.5 * _erfc(-z.astype(np.float64) / math.sqrt(2))).astype(z.dtype)


def normal_pdf(z: Array) -> Array:
    """phi(z) = exp(-z^2 / 2) / sqrt(2 pi)."""
    return np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


def sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z)), with exp of -|z| alone."""
    decay = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, decay) / (1 + decay)


def log_sigmoid(z: Array) -> Array:
    """log(1 / (1 + exp(-z))) = -softplus(-z)."""
    return -softplus(-z)


def softplus(z: Array, beta: float = 1.0) -> Array:
    """log(1 + exp(beta z)) / beta."""
    scaled = beta * z
    return (np.maximum(scaled, 0) + np.log1p(np.exp(-np.abs(scaled)))) / beta


def swish(z: Array, beta: float = 1.0) -> Array:
    """z s(beta z), s the sigmoid; beta = 1 is SiLU, beta = 1.702 the quick form of GELU."""
    return z * sigmoid(beta * z)


def mish(z: Array) -> Array:
    """z tanh(softplus(z))."""
    return z * np.tanh(softplus(z))


def gelu(z: Array) -> Array:
    """z Phi(z), with the error function."""
    return z * normal_cdf(z)


def gelu_slope(z: Array) -> Array:
    """Phi(z) + z phi(z)."""
    return normal_cdf(z) + z * normal_pdf(z)


def gelu_tanh(z: Array) -> Array:
    """z (1 + tanh(u)) / 2 with u = sqrt(2 / pi) (z + 0.044715 z^3)."""
    return 0.5 * z * (1 + np.tanh(GELU_SLOPE * (z + GELU_CUBIC * z**3)))


def gelu_tanh_slope(z: Array) -> Array:
    """(1 + tanh(u)) / 2 + z (1 - tanh(u)^2) u' / 2."""
    t = np.tanh(GELU_SLOPE * (z + GELU_CUBIC * z**3))
    inner = GELU_SLOPE * (1 + 3 * GELU_CUBIC * z**2)
    return 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * inner


def elu(z: Array, alpha: float = 1.0) -> Array:
    """The pre-activation for z > 0, else alpha (exp(z) - 1)."""
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


def celu(z: Array, alpha: float = 1.0) -> Array:
    """The pre-activation for z > 0, else alpha (exp(z / alpha) - 1)."""
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0) / alpha))


def selu(z: Array) -> Array:
    """lambda times elu with the alpha of SELU."""
    return SELU_SCALE * elu(z, SELU_ALPHA)


def relu(z: Array) -> Array:
    """max(z, 0)."""
    return np.maximum(z, 0)


def leaky_relu(z: Array, slope: float = 0.01) -> Array:
    """The pre-activation for z >= 0, else slope * z."""
    return np.where(z >= 0, z, slope * z)


def hardtanh(z: Array, low: float = -1.0, high: float = 1.0) -> Array:
    """z held within [low, high]; relu6 is that within [0, 6]."""
    return np.clip(z, low, high)


def hardsigmoid(z: Array) -> Array:
    """z / 6 + 1 / 2 held within [0, 1]: kinks at -3 and 3."""
    return np.clip(z + 3, 0, 6) / 6


def hardswish(z: Array) -> Array:
    """z hardsigmoid(z)."""
    return z * hardsigmoid(z)


def softshrink(z: Array, threshold: float = 0.5) -> Array:
    """z moved towards 0 by the threshold, 0 within it."""
    return z - np.clip(z, -threshold, threshold)


def softsign(z: Array) -> Array:
    """z / (1 + |z|)."""
    return z / (1 + np.abs(z))


def sinc(z: Array) -> Array:
    """sin(z) / z, 1 at 0."""
    return np.divide(np.sin(z), z, out=np.ones_like(z), where=z != 0)
