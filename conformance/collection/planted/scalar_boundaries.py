"""Wrong at 0, on a branch, or where two forms of one function meet."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from ..entry import Entry
from ..functions import (
    celu,
    elu,
    erf,
    leaky_relu,
    log_sigmoid,
    relu,
    sigmoid,
    softplus,
)
from .forms import pair

_boundary = partial(pair, "boundary")


def _elu_oracle(z: jax.Array, alpha: float) -> jax.Array:
    return jnp.where(z > 0, z, alpha * jnp.expm1(jnp.where(z > 0, 0.0, z)))


_AT_ZERO: tuple[Entry, ...] = (
    _boundary(
        "relu.two-at-zero",
        relu,
        lambda z: ((z >= 0) + 1.0 * (z == 0)).astype(z.dtype),
        jax.nn.relu,
        "The slope at 0 is 2, outside [0, 1].",
    ),
    _boundary(
        "leaky-relu.zero-at-zero",
        lambda z: leaky_relu(z, 0.25),
        lambda z: ((z > 0) + 0.25 * (z < 0)).astype(z.dtype),
        lambda z: jax.nn.leaky_relu(z, 0.25),
        "Neither mask holds at 0: the slope there is 0, outside [1/4, 1].",
    ),
    _boundary(
        "elu.zero-at-zero",
        elu,
        lambda z: ((z > 0) + (z < 0) * np.exp(np.minimum(z, 0))).astype(z.dtype),
        jax.nn.elu,
        "Neither mask holds at 0, where elu is smooth with slope 1.",
    ),
    _boundary(
        "softplus.zero-at-zero",
        softplus,
        lambda z: np.where(z == 0, 0, sigmoid(z)),
        jax.nn.softplus,
        "The slope at 0 is 0, not 1/2 (jax 2107).",
    ),
    _boundary(
        "log-sigmoid.minus-half-at-zero",
        log_sigmoid,
        lambda z: np.where(z == 0, -0.5, sigmoid(-z)),
        jax.nn.log_sigmoid,
        "The slope at 0 has the wrong sign (of softplus: FluxML/NNlib.jl 679).",
    ),
    _boundary(
        "erf.zero-at-zero",
        erf,
        lambda z: np.abs(np.sign(z)) * 1.1283791670955126 * np.exp(-z * z),
        jax.scipy.special.erf,
        "sign(z) erf(|z|) differentiated piece by piece: slope 0 at 0 (tinygrad 17861).",
    ),
    _boundary(
        "asinh.zero-at-zero",
        np.arcsinh,
        lambda z: np.sign(z) ** 2 / np.sqrt(1 + z * z),
        jnp.arcsinh,
        "sign(z) asinh(|z|) differentiated piece by piece: slope 0 at 0 (tinygrad 17758).",
    ),
    _boundary(
        "hardshrink.threshold-zero",
        lambda z: np.where(np.abs(z) > 0, z, 0),
        lambda z: (np.abs(z) > 0).astype(z.dtype),
        lambda z: z,
        "With threshold 0 it is the identity, but the slope at 0 is 0 (pytorch 80803).",
    ),
    _boundary(
        "relu.dead-zone",
        relu,
        lambda z: (z > 1e-6).astype(z.dtype),
        jax.nn.relu,
        "Inputs are compared with 1e-6, not with 0: smaller ones get slope 0.",
    ),
)

_BRANCHES: tuple[Entry, ...] = (
    _boundary(
        "relu.always-one",
        relu,
        lambda z: np.ones_like(z),
        jax.nn.relu,
        "The slope for z < 0 is 1 as well (deeplearning4j/nd4j 271).",
    ),
    _boundary(
        "leaky-relu.wrong-side",
        lambda z: leaky_relu(z, 0.1),
        lambda z: np.where(z < 0, 1, z.dtype.type(0.1)),
        lambda z: jax.nn.leaky_relu(z, 0.1),
        "The small slope is on the positive side.",
    ),
    _boundary(
        "leaky-relu.maximum",
        lambda z: np.maximum(z, 1.5 * z),
        lambda z: np.where(z >= 0, 1, z.dtype.type(1.5)),
        lambda z: jax.nn.leaky_relu(z, 1.5),
        "max(z, slope z) is right for slopes up to 1 only; here it is 1.5.",
    ),
    _boundary(
        "leaky-relu.negative-slope",
        lambda z: leaky_relu(z, -2.0),
        lambda z, y: np.where(y > 0, 1, z.dtype.type(-2)),
        lambda z: jax.nn.leaky_relu(z, -2.0),
        "The sign of y tells the branch, though y > 0 on both (pytorch 31938).",
    ),
    _boundary(
        "leaky-relu.zero-slope",
        lambda z: leaky_relu(z, 0.0),
        lambda z, y: np.where(y >= 0, 1, z.dtype.type(0)),
        jax.nn.relu,
        "With slope 0 the branch is told by y >= 0, true everywhere (chainer 5898).",
    ),
    _boundary(
        "elu.negative-alpha",
        lambda z: elu(z, -2.0),
        lambda z, y: np.where(y <= 0, y - 2, 1),
        partial(_elu_oracle, alpha=-2.0),
        "With alpha < 0, y > 0 on both branches: slope 1 for z < 0 (pytorch 47671).",
    ),
    _boundary(
        "elu.branches-exchanged",
        elu,
        lambda z: np.where(z < 0, 1, np.exp(np.minimum(z, 0))),
        jax.nn.elu,
        "The branches are exchanged: the slope for z < 0 is 1.",
    ),
    _boundary(
        "celu.branch-at-minus-alpha",
        lambda z: celu(z, 0.5),
        lambda z: np.where(z > -0.5, 1, np.exp(np.minimum(z, 0) / 0.5)),
        lambda z: jax.nn.celu(z, 0.5),
        "The branches of the derivative meet at -alpha, not at 0.",
    ),
)

_FORMS: tuple[Entry, ...] = (
    _boundary(
        "softplus.threshold-on-y",
        lambda z: softplus(z, 3.0),
        lambda z, y: np.where(3 * y > 1, 1, sigmoid(3 * z)),
        lambda z: jax.nn.softplus(3 * z) / 3,
        "Linear from where beta y, not beta z, passes a low threshold (pytorch 55587, 61568).",
    ),
    _boundary(
        "softplus.threshold-without-beta",
        lambda z: np.where(z > 20, z, softplus(z, 0.25)),
        lambda z: np.where(z > 20, 1, sigmoid(0.25 * z)),
        lambda z: jax.nn.softplus(0.25 * z) / 0.25,
        "Linear from z > 20 though beta z is 5 there (brainpy/BrainPy 581).",
    ),
    _boundary(
        "softplus.linear-early",
        lambda z: np.where(z > 3, z, softplus(z)),
        lambda z: np.where(z > 3, 1, sigmoid(z)),
        jax.nn.softplus,
        "Linear from z > 3, where exp(-3) = 0.05 is still missing.",
    ),
    _boundary(
        "softplus.first-order-tail",
        softplus,
        lambda z: np.where(z > 3, 1 - np.exp(-np.abs(z)), sigmoid(z)),
        jax.nn.softplus,
        "From 3 on the tail 1 - exp(-z) of the sigmoid lacks exp(-2z) = 2e-3.",
    ),
    _boundary(
        "sigmoid.short-series",
        sigmoid,
        lambda z, y: np.where(np.abs(z) < 0.1, z.dtype.type(0.25), y * (1 - y)),
        jax.nn.sigmoid,
        "Around 0 the series 1/4 - z^2 / 16 is broken off after its first term.",
    ),
)

SCALAR_BOUNDARIES: tuple[Entry, ...] = (*_AT_ZERO, *_BRANCHES, *_FORMS)
