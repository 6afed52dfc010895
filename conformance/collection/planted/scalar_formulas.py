"""Wrong formulas of scalar activations: the slip of a pen, at every ordinary z."""

from __future__ import annotations

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array

from ..entry import Entry
from ..functions import (
    GELU_CUBIC,
    GELU_SLOPE,
    gelu,
    gelu_slope,
    gelu_tanh,
    gelu_tanh_slope,
    hardsigmoid,
    hardswish,
    log_sigmoid,
    mish,
    normal_cdf,
    sigmoid,
    softplus,
    softsign,
    swish,
)
from .forms import pair

_formula = partial(pair, "formula")
_exact_gelu = partial(jax.nn.gelu, approximate=False)


def _cubic_slope_missing(z: Array) -> Array:
    t = np.tanh(GELU_SLOPE * (z + GELU_CUBIC * z**3))
    inner = GELU_SLOPE * (1 + GELU_CUBIC * z**2)
    return 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * inner


_SIGMOIDS: tuple[Entry, ...] = (
    _formula(
        "sigmoid.z-for-y",
        sigmoid,
        lambda z: z * (1 - z),
        jax.nn.sigmoid,
        "y (1 - y) is taken of z (BoltzmannEntropy/interviews.ai 4).",
    ),
    _formula(
        "sigmoid.of-y",
        sigmoid,
        lambda z, y: sigmoid(y) * (1 - sigmoid(y)),
        jax.nn.sigmoid,
        "The derivative as a function of z is given y.",
    ),
    _formula(
        "sigmoid.sign",
        sigmoid,
        lambda z, y: y * (y - 1),
        jax.nn.sigmoid,
        "The sign is reversed: y (y - 1).",
    ),
    _formula(
        "sigmoid.inner-slope",
        lambda z: sigmoid(1.5 * z),
        lambda z, y: y * (1 - y),
        lambda z: jax.nn.sigmoid(1.5 * z),
        "The factor a of s(a z) is missing (yzhao062/MetaOD 6).",
    ),
    _formula(
        "sigmoid.vjp-without-complement",
        sigmoid,
        lambda z, y, dy: dy * y,
        jax.nn.sigmoid,
        "The vjp is dy y, without the factor 1 - y.",
    ),
    _formula(
        "tanh.z-for-y",
        np.tanh,
        lambda z: 1 - z**2,
        jnp.tanh,
        "1 - y^2 is taken of z (apache/incubator-retired-horn 4).",
    ),
    _formula(
        "tanh.of-y",
        np.tanh,
        lambda z, y: 1 - np.tanh(y) ** 2,
        jnp.tanh,
        "The derivative as a function of z is given y (davidrmiller/neural2d 40).",
    ),
    _formula(
        "tanh.not-squared",
        np.tanh,
        lambda z, y: 1 - y,
        jnp.tanh,
        "1 - y in place of 1 - y^2.",
    ),
    _formula(
        "scaled-tanh.inner-slope",
        lambda z: 1.7159 * np.tanh(2 * z / 3),
        lambda z: 1.7159 * (1 - np.tanh(2 * z / 3) ** 2),
        lambda z: 1.7159 * jnp.tanh(2 * z / 3),
        "The factor 2/3 of 1.7159 tanh(2z / 3) is missing.",
    ),
    _formula(
        "tanhshrink.y-for-tanh",
        lambda z: z - np.tanh(z),
        lambda z, y: y**2,
        lambda z: z - jnp.tanh(z),
        "tanh(z)^2 with y = z - tanh(z) taken for tanh(z).",
    ),
    _formula(
        "log-sigmoid.reflected",
        log_sigmoid,
        lambda z: sigmoid(z),
        jax.nn.log_sigmoid,
        "s(z) in place of s(-z).",
    ),
    _formula(
        "softplus.beta-twice",
        lambda z: softplus(z, 2.0),
        lambda z: 2 * sigmoid(2 * z),
        lambda z: jax.nn.softplus(2 * z) / 2,
        "The inner factor beta appears though 1 / beta has cancelled it.",
    ),
    _formula(
        "softsign.not-squared",
        softsign,
        lambda z: 1 / (1 + np.abs(z)),
        jax.nn.soft_sign,
        "1 / (1 + |z|) is not squared.",
    ),
)

_GATES: tuple[Entry, ...] = (
    _formula(
        "silu.gate-only",
        swish,
        lambda z: sigmoid(z),
        jax.nn.silu,
        "The product rule stops at s, without z s (1 - s).",
    ),
    _formula(
        "silu.sign",
        swish,
        lambda z, y: sigmoid(z) - y * (1 - sigmoid(z)),
        jax.nn.silu,
        "The second term of the product rule has the wrong sign.",
    ),
    _formula(
        "swish.beta-missing",
        lambda z: swish(z, 1.5),
        lambda z, y: sigmoid(1.5 * z) + y * (1 - sigmoid(1.5 * z)),
        lambda z: z * jax.nn.sigmoid(1.5 * z),
        "The factor beta of beta z s (1 - s) is missing.",
    ),
    _formula(
        "mish.inner-slope",
        mish,
        lambda z: np.tanh(softplus(z)) + z * (1 - np.tanh(softplus(z)) ** 2),
        jax.nn.mish,
        "The slope s(z) of the inner softplus is missing.",
    ),
    _formula(
        "hardswish.gate-only",
        hardswish,
        lambda z: hardsigmoid(z),
        jax.nn.hard_silu,
        "The product rule stops at the gate, without z / 6.",
    ),
    _formula(
        "gelu.cdf-only",
        gelu,
        lambda z: normal_cdf(z),
        _exact_gelu,
        "The product rule stops at Phi(z), without z phi(z).",
    ),
    _formula(
        "gelu.density-factor",
        gelu,
        lambda z: normal_cdf(z) + z * np.exp(-0.5 * z * z) / math.sqrt(math.pi),
        _exact_gelu,
        "phi is divided by sqrt(pi), not by sqrt(2 pi).",
    ),
    _formula(
        "gelu.slope-of-tanh-form",
        gelu,
        lambda z: gelu_tanh_slope(z),
        _exact_gelu,
        "The forward has the error function, the derivative is that of the tanh form.",
    ),
    _formula(
        "gelu-tanh.slope-of-erf-form",
        gelu_tanh,
        lambda z: gelu_slope(z),
        jax.nn.gelu,
        "The forward is the tanh form, the derivative that with the error function.",
    ),
    _formula(
        "gelu-tanh.cubic-slope",
        gelu_tanh,
        _cubic_slope_missing,
        jax.nn.gelu,
        "The 3 of the derivative of z^3 is missing.",
    ),
    _formula(
        "quick-gelu.slope-of-tanh-form",
        lambda z: swish(z, 1.702),
        lambda z: gelu_tanh_slope(z),
        lambda z: z * jax.nn.sigmoid(1.702 * z),
        "Forward z s(1.702 z), derivative of the tanh form (harvard-edge/cs249r_book 1399).",
    ),
    _formula(
        "snake.amplitude",
        lambda z: z + np.sin(2 * z) ** 2 / 2,
        lambda z: 1 + np.sin(4 * z) / 2,
        lambda z: z + jnp.sin(2 * z) ** 2 / 2,
        "1 + sin(2 a z) is divided by a once more, at a = 2.",
    ),
)

SCALAR_FORMULAS: tuple[Entry, ...] = (*_SIGMOIDS, *_GATES)
