"""Smooth scalar activations of powers, roots and |z|, each with a textbook derivative."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from ..entry import Entry
from .forms import pair


def _symlog_oracle(z: jax.Array) -> jax.Array:
    above = jnp.log1p(jnp.where(z >= 0, z, 0))
    return jnp.where(z >= 0, above, -jnp.log1p(jnp.where(z >= 0, 0, -z)))


ALGEBRAIC: tuple[Entry, ...] = (
    pair("identity", lambda z: z.copy(), lambda z: np.ones_like(z), lambda z: z, "f' = 1"),
    pair(
        "affine",
        lambda z: 0.5 - 3 * z,
        lambda z: np.full_like(z, -3),
        lambda z: 0.5 - 3 * z,
        "f' = -3",
    ),
    pair(
        "constant",
        lambda z: np.full_like(z, 2),
        lambda z: np.zeros_like(z),
        lambda z: jnp.full_like(z, 2),
        "f' = 0",
    ),
    pair("square", np.square, lambda z: 2 * z, jnp.square, "f' = 2z"),
    pair("cube", lambda z: z**3, lambda z: 3 * z**2, lambda z: z**3, "f' = 3z^2"),
    pair(
        "square.signed",
        lambda z: z * np.abs(z),
        lambda z: 2 * np.abs(z),
        lambda z: z * jnp.abs(z),
        "f' = 2|z|: no kink",
    ),
    pair(
        "square.relu",
        lambda z: np.maximum(z, 0) ** 2,
        lambda z: 2 * np.maximum(z, 0),
        lambda z: jax.nn.relu(z) ** 2,
        "f' = 2 max(z, 0): no kink",
    ),
    pair(
        "softsign",
        lambda z: z / (1 + np.abs(z)),
        lambda z: 1 / (1 + np.abs(z)) ** 2,
        jax.nn.soft_sign,
        "f' = 1 / (1 + |z|)^2",
    ),
    pair(
        "softsign.from-y",
        lambda z: z / (1 + np.abs(z)),
        lambda z, y: (1 - np.abs(y)) ** 2,
        jax.nn.soft_sign,
        "f' = (1 - |y|)^2",
    ),
    pair("arctan", np.arctan, lambda z: 1 / (1 + z**2), jnp.arctan, "f' = 1 / (1 + z^2)"),
    pair(
        "arcsinh",
        np.arcsinh,
        lambda z: 1 / np.sqrt(1 + z**2),
        jnp.arcsinh,
        "f' = 1 / sqrt(1 + z^2)",
    ),
    pair(
        "rational-quadratic",
        lambda z: 1 / (1 + z**2),
        lambda z, y: -2 * z * y**2,
        lambda z: 1 / (1 + z**2),
        "f' = -2 z y^2",
    ),
    pair(
        "isru",
        lambda z: z / np.sqrt(1 + z**2),
        lambda z: (1 + z**2) ** -1.5,
        lambda z: z / jnp.sqrt(1 + z**2),
        "f' = (1 + z^2)^(-3/2)",
    ),
    pair(
        "bent-identity",
        lambda z: (np.sqrt(z**2 + 1) - 1) / 2 + z,
        lambda z: z / (2 * np.sqrt(z**2 + 1)) + 1,
        lambda z: (jnp.sqrt(z**2 + 1) - 1) / 2 + z,
        "f' = 1 + z / (2 sqrt(z^2 + 1))",
    ),
    pair(
        "pseudo-huber",
        lambda z: np.sqrt(1 + z**2) - 1,
        lambda z, y: z / (y + 1),
        lambda z: jnp.sqrt(1 + z**2) - 1,
        "f' = z / (y + 1)",
    ),
    pair(
        "symlog",
        lambda z: np.sign(z) * np.log1p(np.abs(z)),
        lambda z, y: np.exp(-np.abs(y)),
        _symlog_oracle,
        "f' = exp(-|y|) = 1 / (1 + |z|): no kink",
    ),
    pair(
        "huber",
        lambda z: np.where(np.abs(z) <= 1, 0.5 * z**2, np.abs(z) - 0.5),
        lambda z: np.clip(z, -1, 1),
        lambda z: jnp.where(jnp.abs(z) <= 1, z**2 / 2, jnp.abs(z) - 0.5),
        "f' = z held within [-1, 1]: no kink",
    ),
)
