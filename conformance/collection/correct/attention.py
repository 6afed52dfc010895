"""Attention: every entry of a row is a mean of all, weighted by a softmax of their products."""

from __future__ import annotations

import jax
import numpy as np

from reference.checks import Array

from ..entry import Entry
from ..vector_functions import softmax
from .forms import pair


def _weights(z: Array) -> Array:
    """p_ij = softmax over j of z_i z_j: (..., n, n)."""
    return softmax(z[..., :, None] * z[..., None, :])


def _attention(z: Array) -> Array:
    return np.einsum("...ij,...j->...i", _weights(z), z)


def _attention_jacobian(z: Array, y: Array) -> Array:
    """p_ij + c_ij z_i + delta_ij sum_k c_ik z_k, c_ij = dy_i / d(z_i z_j) = p_ij (z_j - y_i)."""
    p = _weights(z)
    c = p * (z[..., None, :] - y[..., :, None])
    J = p + c * z[..., :, None]
    i = np.arange(z.shape[-1])
    J[..., i, i] += (c * z[..., None, :]).sum(axis=-1)
    return J


def _attention_oracle(z: jax.Array) -> jax.Array:
    return jax.nn.softmax(z[:, None] * z[None, :], axis=-1) @ z


ATTENTION: tuple[Entry, ...] = (
    pair(
        "self-attention",
        _attention,
        _attention_jacobian,
        _attention_oracle,
        "y_i = sum_j p_ij z_j; products of large numbers make it a steep step",
    ),
)
