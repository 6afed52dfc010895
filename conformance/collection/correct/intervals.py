"""Smooth scalar activations of z in an open interval, up to its edges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..entry import Entry
from .forms import Elementwise

_POSITIVE = (0.0, np.inf)
_UNIT = (0.0, 1.0)
_SYMMETRIC = (-1.0, 1.0)


def _on(
    domain: tuple[float, float],
    id: str,
    f: Callable[..., Any],
    slope: Callable[..., Any],
    oracle: Any,
    about: str,
) -> Entry:
    return Entry(id, lambda: Elementwise(f, slope, domain), oracle, about)


def _entropy_oracle(z: jax.Array) -> jax.Array:
    return -z * jnp.log(z) - (1 - z) * jnp.log1p(-z)


INTERVALS: tuple[Entry, ...] = (
    _on(_POSITIVE, "log", np.log, lambda z, y: 1 / z, jnp.log, "f' = 1 / z"),
    _on(
        _POSITIVE,
        "log2",
        np.log2,
        lambda z, y: 1 / (z * np.log(z.dtype.type(2))),
        jnp.log2,
        "f' = 1 / (z log 2)",
    ),
    _on(_POSITIVE, "sqrt", np.sqrt, lambda z, y: 0.5 / y, jnp.sqrt, "f' = 1 / (2y)"),
    _on(
        _POSITIVE,
        "rsqrt",
        lambda z: 1 / np.sqrt(z),
        lambda z, y: -0.5 * y / z,
        jax.lax.rsqrt,
        "f' = -y / (2z)",
    ),
    _on(_POSITIVE, "cbrt", np.cbrt, lambda z, y: y / (3 * z), jnp.cbrt, "f' = y / (3z)"),
    _on(
        _POSITIVE,
        "power",
        lambda z: z * np.sqrt(z),
        lambda z, y: 1.5 * np.sqrt(z),
        lambda z: z**1.5,
        "z^(3/2)",
    ),
    _on(
        _POSITIVE, "reciprocal", lambda z: 1 / z, lambda z, y: -(y**2), lambda z: 1 / z, "f' = -y^2"
    ),
    _on(
        _POSITIVE,
        "x-log-x",
        lambda z: z * np.log(z),
        lambda z, y: np.log(z) + 1,
        lambda z: z * jnp.log(z),
        "f' = log(z) + 1",
    ),
    _on((-1.0, np.inf), "log1p", np.log1p, lambda z, y: 1 / (1 + z), jnp.log1p, "f' = 1 / (1 + z)"),
    _on(
        _UNIT,
        "logit",
        lambda z: np.log(z) - np.log1p(-z),
        lambda z, y: 1 / (z * (1 - z)),
        lambda z: jnp.log(z / (1 - z)),
        "f' = 1 / (z (1 - z))",
    ),
    _on(
        _UNIT,
        "binary-entropy",
        lambda z: -z * np.log(z) - (1 - z) * np.log1p(-z),
        lambda z, y: np.log1p(-z) - np.log(z),
        _entropy_oracle,
        "f' = log((1 - z) / z)",
    ),
    _on(
        _SYMMETRIC,
        "arctanh",
        np.arctanh,
        lambda z, y: 1 / ((1 - z) * (1 + z)),
        jnp.arctanh,
        "f' = 1 / ((1 - z)(1 + z))",
    ),
    _on(
        _SYMMETRIC,
        "arcsin",
        np.arcsin,
        lambda z, y: 1 / np.sqrt((1 - z) * (1 + z)),
        jnp.arcsin,
        "f' = 1 / sqrt((1 - z)(1 + z))",
    ),
    _on(
        _SYMMETRIC,
        "arccos",
        np.arccos,
        lambda z, y: -1 / np.sqrt((1 - z) * (1 + z)),
        jnp.arccos,
        "f' = -1 / sqrt((1 - z)(1 + z))",
    ),
)
