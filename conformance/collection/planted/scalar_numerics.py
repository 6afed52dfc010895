"""Right formulas that floating point breaks: overflow, 0 / 0, cancellation."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array

from ..correct.forms import Elementwise
from ..entry import Entry
from ..functions import (
    GELU_CUBIC,
    GELU_SLOPE,
    gelu_tanh,
    gelu_tanh_slope,
    log_sigmoid,
    mish,
    sigmoid,
    sinc,
    softplus,
    swish,
)
from .forms import pair

_numerics = partial(pair, "numerics")
_POSITIVE = (0.0, np.inf)


def _tanh_by_exponentials(u: Array) -> Array:
    return (np.exp(2 * u) - 1) / (np.exp(2 * u) + 1)


def _gelu_by_exponentials(z: Array) -> Array:
    return 0.5 * z * (1 + _tanh_by_exponentials(GELU_SLOPE * (z + GELU_CUBIC * z**3)))


def _mish_slope_by_exponentials(z: Array) -> Array:
    e = np.exp(z)
    omega = 4 * (z + 1) + 4 * e**2 + e**3 + e * (4 * z + 6)
    return e * omega / (2 * e + e**2 + 2) ** 2


def _short_of_one(z: Array) -> Array:
    """The slope of the tanh form of GELU from a tanh that never reaches 1."""
    t = np.tanh(GELU_SLOPE * (z + GELU_CUBIC * z**3)) * (1 - 1e-6)
    inner = GELU_SLOPE * (1 + 3 * GELU_CUBIC * z**2)
    return 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * inner


def _sinc_oracle(z: jax.Array) -> jax.Array:
    small = jnp.abs(z) < 0.5
    near, away = jnp.where(small, z, 0.0) ** 2, jnp.where(small, 1.0, z)
    series = jnp.ones_like(z)
    for k in range(9, 0, -1):  # 1 - z^2/6 (1 - z^2/20 (1 - ...))
        series = 1 - near / (2 * k * (2 * k + 1)) * series
    return jnp.where(small, series, jnp.sin(away) / away)


def _log_expm1_oracle(z: jax.Array) -> jax.Array:
    return z + jnp.log(-jnp.expm1(-z))


def _log_expm1(z: Array) -> Array:
    return z + np.log(-np.expm1(-z))


def _log_expm1_slope(z: Array, y: Array) -> Array:
    return -1 / np.expm1(-z)


_OVERFLOW: tuple[Entry, ...] = (
    _numerics(
        "sigmoid.overflow",
        lambda z: np.exp(z) / (1 + np.exp(z)),
        lambda z, y: y * (1 - y),
        jax.nn.sigmoid,
        "exp(z) / (1 + exp(z)) is inf / inf for large z (clab/dynet 1525).",
    ),
    _numerics(
        "sigmoid.slope-overflow",
        sigmoid,
        lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2,
        jax.nn.sigmoid,
        "exp(-z) / (1 + exp(-z))^2 is inf / inf for z << 0 (jeshraghian/snntorch 433).",
    ),
    _numerics(
        "log-sigmoid.overflow",
        lambda z: -np.log(1 + np.exp(-z)),
        lambda z: sigmoid(-z),
        jax.nn.log_sigmoid,
        "-log(1 + exp(-z)) is -inf for z << 0, not z (FederatedAI/FATE 65).",
    ),
    _numerics(
        "softplus.overflow",
        lambda z: np.log(1 + np.exp(z)),
        lambda z: sigmoid(z),
        jax.nn.softplus,
        "log(1 + exp(z)) is inf for large z (tracel-ai/burn 5373).",
    ),
    _numerics(
        "softplus.slope-overflow",
        softplus,
        lambda z: np.exp(z) * (1 / (np.exp(z) + 1)),
        jax.nn.softplus,
        "exp(z) times the reciprocal of exp(z) + 1 is inf * 0 (tenstorrent/tt-metal 56397).",
    ),
    _numerics(
        "tanh.overflow",
        lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)),
        lambda z, y: 1 - y**2,
        jnp.tanh,
        "The quotient of exponentials is inf / inf (BVLC/caffe 1455).",
    ),
    _numerics(
        "gelu-tanh.overflow",
        _gelu_by_exponentials,
        lambda z: gelu_tanh_slope(z),
        jax.nn.gelu,
        "Its tanh by exponentials is NaN for z > 22 (ooples/AiDotNet.Tensors 594).",
    ),
    _numerics(
        "silu.slope-overflow",
        swish,
        lambda z: np.exp(z) * (z + np.exp(z) + 1) / (np.exp(z) + 1) ** 2,
        jax.nn.silu,
        "The slope in terms of exp(z) is inf / inf for large z (deeplearning4j/libnd4j 519).",
    ),
    _numerics(
        "mish.slope-overflow",
        mish,
        _mish_slope_by_exponentials,
        jax.nn.mish,
        "The slope in terms of exp(z) to exp(3z) is inf / inf for large z (davisking/dlib 1938).",
    ),
    _numerics(
        "elu.zero-times-infinity",
        lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
        lambda z: (z > 0) * z.dtype.type(1) + (z <= 0) * np.exp(z),
        jax.nn.elu,
        "A mask times exp(z) is 0 * inf for large z (as in apache/mxnet 14673).",
    ),
    _numerics(
        "log-cosh.overflow",
        lambda z: np.log(np.cosh(z)),
        lambda z: np.tanh(z),
        lambda z: jnp.logaddexp(z, -z) - jnp.log(2.0),
        "cosh(z) overflows long before its logarithm.",
    ),
    Entry(
        "inverse-softplus.overflow",
        lambda: Elementwise(lambda z: np.log(np.exp(z) - 1), _log_expm1_slope, _POSITIVE),
        _log_expm1_oracle,
        "log(exp(z) - 1) is inf for large z, -inf for tiny z (sims1253/bayesfam 31).",
        "numerics",
    ),
)

_ZERO_OVER_ZERO: tuple[Entry, ...] = (
    _numerics(
        "abs.quotient",
        np.abs,
        lambda z, y: z / y,
        jnp.abs,
        "z / |z| is 0 / 0 at 0 (HIPS/autograd 100).",
    ),
    _numerics(
        "silu.quotient",
        swish,
        lambda z, y: y / z * (1 + z - y),
        jax.nn.silu,
        "The sigmoid is recovered as y / z: 0 / 0 at 0, where the slope is 1/2.",
    ),
    _numerics(
        "sinc.quotient",
        sinc,
        lambda z: (np.cos(z) - np.sin(z) / z) / z,
        _sinc_oracle,
        "The slope is 0 / 0 at 0 (pytorch 56760).",
    ),
    _numerics(
        "sinc.square-underflows",
        sinc,
        lambda z: np.where(z == 0, 0, (z * np.cos(z) - np.sin(z)) / np.where(z == 0, 1, z * z)),
        _sinc_oracle,
        "0 is guarded, but z^2 is 0 for tiny z as well: 0 / 0.",
    ),
)

_CANCELLATION: tuple[Entry, ...] = (
    _numerics(
        "asinh.cancels",
        lambda z: np.log(z + np.sqrt(z * z + 1)),
        lambda z: 1 / np.sqrt(z * z + 1),
        jnp.arcsinh,
        "z + sqrt(z^2 + 1) cancels for z << 0, in float32 to log(0) (tinygrad 17749).",
    ),
    Entry(
        "inverse-softplus.cancels",
        lambda: Elementwise(lambda z: z + np.log(1 - np.exp(-z)), _log_expm1_slope, _POSITIVE),
        _log_expm1_oracle,
        "1 - exp(-z) cancels for small z, down to log(0).",
        "numerics",
    ),
    Entry(
        "inverse-softplus.slope-cancels",
        lambda: Elementwise(_log_expm1, lambda z, y: 1 / (1 - np.exp(-z)), _POSITIVE),
        _log_expm1_oracle,
        "1 - exp(-z) cancels for small z, where the slope is 1 / z.",
        "numerics",
    ),
    _numerics(
        "log-sigmoid.logarithm",
        lambda z: np.log(sigmoid(z)),
        lambda z: sigmoid(-z),
        jax.nn.log_sigmoid,
        "The logarithm of a sigmoid that has underflown to 0 is -inf at z = -750.",
    ),
    _numerics(
        "gelu-tanh.short-of-one",
        gelu_tanh,
        _short_of_one,
        jax.nn.gelu,
        "1 - tanh^2 stays at 2e-6 and is multiplied by z^3 (like tensorflow 47724).",
    ),
    _numerics(
        "log-sigmoid.slope-from-y",
        log_sigmoid,
        lambda z, y: np.exp(-y) * sigmoid(z) * sigmoid(-z),
        jax.nn.log_sigmoid,
        "exp(-y) restores what the sigmoid has lost: inf * 0 for z << 0.",
    ),
)

SCALAR_NUMERICS: tuple[Entry, ...] = (*_OVERFLOW, *_ZERO_OVER_ZERO, *_CANCELLATION)
