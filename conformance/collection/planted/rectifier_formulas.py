"""Wrong formulas of rectifiers and bell curves: constants mixed up, factors missing."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from ..entry import Entry
from ..functions import SELU_ALPHA, SELU_SCALE, celu, elu, relu, selu
from .forms import pair

_formula = partial(pair, "formula")

RECTIFIER_FORMULAS: tuple[Entry, ...] = (
    _formula(
        "elu.alpha-missing",
        lambda z: elu(z, 1.5),
        lambda z: np.where(z > 0, 1, np.exp(np.minimum(z, 0))),
        lambda z: jax.nn.elu(z, 1.5),
        "exp(z) in place of alpha exp(z).",
    ),
    _formula(
        "elu.one-for-alpha",
        lambda z: elu(z, 0.5),
        lambda z, y: np.where(z > 0, 1, y + 1),
        lambda z: jax.nn.elu(z, 0.5),
        "y + 1 in place of y + alpha.",
    ),
    _formula(
        "celu.inner-slope",
        lambda z: celu(z, 2.0),
        lambda z: np.where(z > 0, 1, 2 * np.exp(np.minimum(z, 0) / 2)),
        lambda z: jax.nn.celu(z, 2.0),
        "The inner 1 / alpha does not cancel the outer alpha: alpha exp(z / alpha).",
    ),
    _formula(
        "celu.slope-of-elu",
        lambda z: celu(z, 2.0),
        lambda z: np.where(z > 0, 1, np.exp(np.minimum(z, 0))),
        lambda z: jax.nn.celu(z, 2.0),
        "exp(z) in place of exp(z / alpha).",
    ),
    _formula(
        "selu.scale-for-one",
        selu,
        lambda z, y: np.where(z > 0, SELU_SCALE, SELU_SCALE * (y + SELU_ALPHA)),
        jax.nn.selu,
        "lambda (y + alpha) in place of y + lambda alpha (RubixML/ML 427).",
    ),
    _formula(
        "selu.alpha-for-scale",
        selu,
        lambda z: np.where(z > 0, SELU_ALPHA, SELU_ALPHA * SELU_SCALE * np.exp(np.minimum(z, 0))),
        jax.nn.selu,
        "The slope for z > 0 is alpha, not lambda.",
    ),
    _formula(
        "selu.scale-missing",
        lambda z: np.where(z > 0, z, selu(z)),
        lambda z, y: np.where(z > 0, SELU_SCALE, y + SELU_SCALE * SELU_ALPHA),
        jax.nn.selu,
        "The forward lacks lambda for z > 0 (GiorgosXou/NeuralNetworks 51).",
    ),
    _formula(
        "selu.alpha-missing",
        lambda z: SELU_SCALE * elu(z),
        lambda z, y: np.where(z > 0, SELU_SCALE, y + SELU_SCALE),
        jax.nn.selu,
        "lambda elu(z) by an elu that takes no alpha, in both (cf. tflearn/tflearn 853).",
    ),
    _formula(
        "relu-squared.factor",
        lambda z: relu(z) ** 2,
        lambda z: relu(z),
        lambda z: jnp.maximum(z, 0) ** 2,
        "The factor 2 is missing.",
    ),
    _formula(
        "isru.power",
        lambda z: z / np.sqrt(1 + z * z),
        lambda z: 1 / (1 + z * z),
        lambda z: z / jnp.sqrt(1 + z * z),
        "The power of 1 / sqrt(1 + z^2) is 2, not 3.",
    ),
    _formula(
        "gaussian.factor",
        lambda z: np.exp(-z * z),
        lambda z, y: -z * y,
        lambda z: jnp.exp(-z * z),
        "The factor 2 of -2 z y is missing.",
    ),
)
