"""Approximations that are too rough: truncated constants, epsilons, clipping, early saturation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array

from ..correct.forms import Elementwise
from ..entry import Entry
from ..functions import (
    GELU_CUBIC,
    SELU_ALPHA,
    gelu,
    gelu_slope,
    gelu_tanh,
    hardswish,
    normal_cdf,
    selu,
    sigmoid,
    softplus,
    swish,
)
from .forms import pair

_numerics = partial(pair, "numerics")
_exact_gelu = partial(jax.nn.gelu, approximate=False)
_POSITIVE = (0.0, np.inf)
_UNIT = (0.0, 1.0)


def _five_digits(z: Array) -> Array:
    """The slope of the tanh form of GELU with sqrt(2 / pi) = 0.79788."""
    t = np.tanh(0.79788 * (z + GELU_CUBIC * z**3))
    return 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * 0.79788 * (1 + 3 * GELU_CUBIC * z**2)


def _in_single(f: Callable[[Array], Array], z: Array) -> Array:
    return f(z.astype(np.float32)).astype(z.dtype)


def _logit(z: Array) -> Array:
    return np.log(z) - np.log1p(-z)


def _logit_oracle(z: jax.Array) -> jax.Array:
    return jnp.log(z) - jnp.log1p(-z)


_CONSTANTS: tuple[Entry, ...] = (
    _numerics(
        "gelu.density-three-digits",
        gelu,
        lambda z: normal_cdf(z) + 0.399 * z * np.exp(-0.5 * z * z),
        _exact_gelu,
        "1 / sqrt(2 pi) is cut to 0.399: 1.4e-4 off.",
    ),
    _numerics(
        "gelu-tanh.five-digits",
        gelu_tanh,
        _five_digits,
        jax.nn.gelu,
        "sqrt(2 / pi) is cut to 0.79788 in the derivative: 6e-6 off.",
    ),
    _numerics(
        "selu.four-digits",
        selu,
        lambda z: np.where(z > 0, z.dtype.type(1.0507), 1.758 * np.exp(np.minimum(z, 0))),
        jax.nn.selu,
        "lambda and lambda alpha are cut to 1.0507 and 1.758: 6e-5 off.",
    ),
    _numerics(
        "quick-gelu.three-digits",
        lambda z: swish(z, 1.702),
        lambda z: sigmoid(1.7 * z) * (1 + 1.7 * z * sigmoid(-1.7 * z)),
        lambda z: z * jax.nn.sigmoid(1.702 * z),
        "1.7 in the derivative where the forward has 1.702.",
    ),
    _numerics(
        "hardswish.third",
        hardswish,
        lambda z: np.where(z < -3, 0, np.where(z > 3, 1, 0.3333 * z + 0.5)),
        jax.nn.hard_silu,
        "1/3 is cut to 0.3333 (tenstorrent/tt-metal 55291).",
    ),
    _numerics(
        "gelu.single-precision",
        gelu,
        lambda z: _in_single(gelu_slope, z),
        _exact_gelu,
        "float64 is computed in float32: 3e-8 off (constants in BerkeleyLab/fiats 214).",
    ),
    _numerics(
        "snake.single-precision",
        lambda z: z + np.sin(1.7 * z) ** 2 / 1.7,
        lambda z: _in_single(lambda x: 1 + np.sin(3.4 * x), z),
        lambda z: z + jnp.sin(1.7 * z) ** 2 / 1.7,
        "The phase 2 a z is rounded to float32: 1e-4 off at z = 1000.",
    ),
)

_EPSILONS: tuple[Entry, ...] = (
    _numerics(
        "abs.smoothed-slope",
        np.abs,
        lambda z: z / np.sqrt(z * z + 1e-12),
        jnp.abs,
        "z / sqrt(z^2 + eps): the slope near 0 is that of another function.",
    ),
    _numerics(
        "log-sigmoid.epsilon",
        lambda z: np.log(sigmoid(z) + 1e-7),
        lambda z: sigmoid(-z),
        jax.nn.log_sigmoid,
        "log(s + 1e-7) stops at -16.",
    ),
    Entry(
        "log.epsilon",
        lambda: Elementwise(np.log, lambda z, y: 1 / (z + 1e-7), _POSITIVE),
        jnp.log,
        "1 / (z + 1e-7) for the slope 1 / z: wrong for small z.",
        "numerics",
    ),
    Entry(
        "sqrt.epsilon",
        lambda: Elementwise(np.sqrt, lambda z, y: 0.5 / (y + 1e-6), _POSITIVE),
        jnp.sqrt,
        "1 / (2 (y + 1e-6)) for the slope 1 / (2 y).",
        "numerics",
    ),
    Entry(
        "logit.epsilon",
        lambda: Elementwise(_logit, lambda z, y: 1 / (z * (1 - z) + 1e-5), _UNIT),
        _logit_oracle,
        "1 / (z (1 - z) + 1e-5) for the slope: 4e-5 off at 1/2, and wrong at the edges.",
        "numerics",
    ),
)

_CLIPPED: tuple[Entry, ...] = (
    _numerics(
        "sigmoid.y-clipped",
        lambda z: np.clip(sigmoid(z), 1e-6, 1 - 1e-6),
        lambda z: sigmoid(z) * sigmoid(-z),
        jax.nn.sigmoid,
        "y is held within [1e-6, 1 - 1e-6], the derivative is not.",
    ),
    _numerics(
        "sigmoid.z-clipped",
        lambda z: sigmoid(np.clip(z, -12, 12)),
        lambda z, y: y * (1 - y),
        jax.nn.sigmoid,
        "z is held within 12 in exp, the slope not that of a clip (manuhuth/NoLimits.jl 337).",
    ),
    Entry(
        "logit.z-clipped",
        lambda: Elementwise(
            lambda z: _logit(np.clip(z, z.dtype.type(0.01), z.dtype.type(0.99))),
            lambda z, y: 1 / (z * (1 - z)),
            _UNIT,
        ),
        _logit_oracle,
        "z is held within [0.01, 0.99] in the forward alone.",
        "numerics",
    ),
    _numerics(
        "tanh.saturated",
        np.tanh,
        lambda z, y: np.where(np.abs(z) > 3, 0, 1 - y**2),
        jnp.tanh,
        "The slope is 0 from |z| = 3 on, where it is still 0.01.",
    ),
    _numerics(
        "gelu.saturated",
        gelu,
        lambda z: np.where(z >= 3.1719, 1, gelu_slope(z)),
        _exact_gelu,
        "The slope is 1 from z = 3.1719 on, a step of 7.5e-3 (tenstorrent/tt-metal 54867).",
    ),
    _numerics(
        "softplus.slope-clipped",
        softplus,
        lambda z: np.clip(sigmoid(z), 1e-4, 1),
        jax.nn.softplus,
        "The slope is kept above 1e-4, lest the gradient vanish.",
    ),
    _numerics(
        "selu.slope-saturated",
        selu,
        lambda z, y: (
            np.where(z > 0, z.dtype.type(1.0507009873554805), 1.0507009873554805 * SELU_ALPHA + y)
            * (z > -3)
        ),
        jax.nn.selu,
        "The slope is 0 below z = -3, where it is still 0.09.",
    ),
)

_UNITS = (
    _numerics(
        "joules.sign",
        lambda z: z.dtype.type(1e-12) * np.cos(z),
        lambda z: z.dtype.type(1e-12) * np.sin(z),
        lambda z: 1e-12 * jnp.cos(z),
        "In units in which no slope is above 1e-12, each has the wrong sign.",
    ),
    _numerics(
        "level.slope",
        lambda z: z.dtype.type(1e9) + np.sin(z),
        lambda z: z.dtype.type(0.99) * np.cos(z),
        lambda z: 1e9 + jnp.sin(z),
        "One percent is missing of slopes around 1, beside values of 1e9.",
    ),
)

SCALAR_PRECISION: tuple[Entry, ...] = (*_CONSTANTS, *_EPSILONS, *_CLIPPED, *_UNITS)
