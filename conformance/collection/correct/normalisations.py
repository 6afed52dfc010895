"""Normalisations of a row by its moments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import jax
import jax.numpy as jnp
import numpy as np

from reference import VectorActivation
from reference.checks import Array

from ..entry import Entry
from .forms import Rows, at_least, exactly, multiple_of, pair


def _mean(z: Array) -> Array:
    return z.mean(axis=-1, keepdims=True)


def _outer(a: Array, b: Array) -> Array:
    return a[..., :, None] * b[..., None, :]


def _identity(z: Array) -> Array:
    return np.eye(z.shape[-1], dtype=z.dtype)


def _layer_norm(z: Array) -> Array:
    centred = z - _mean(z)
    return centred / np.sqrt(_mean(centred**2) + 1e-5)


def _layer_norm_jacobian(z: Array, y: Array) -> Array:
    """(delta_ij - 1/n - y_i y_j / n) / sigma."""
    n, sigma = z.shape[-1], np.sqrt(z.var(axis=-1) + 1e-5)
    return (_identity(z) - 1 / n - _outer(y, y) / n) / sigma[..., None, None]


def _layer_norm_oracle(z: jax.Array) -> jax.Array:
    return (z - jnp.mean(z)) / jnp.sqrt(jnp.var(z) + 1e-5)


@final
@dataclass(frozen=True)
class LayerNorm(VectorActivation):
    """y = gain (z - mean) / sqrt(variance + eps) + bias, for four units; vjp in O(n)."""

    gain: tuple[float, ...] = (1.0, -0.5, 2.0, 0.25)
    bias: tuple[float, ...] = (0.0, 1.0, -1.0, 0.5)
    eps: float = 1e-3

    def output_width(self, n: int) -> int:
        """n, which must be 4."""
        return exactly(len(self.gain), n)

    def forward(self, z: Array) -> Array:
        """Normalised, scaled, shifted."""
        normalised, _ = self._normalise(z)
        return np.asarray(self.gain, z.dtype) * normalised + np.asarray(self.bias, z.dtype)

    def jacobian(self, z: Array, y: Array) -> Array:
        """gain_i (delta_ij - 1/n - x_i x_j / n) / sigma, x the normalised z."""
        x, sigma = self._normalise(z)
        n = z.shape[-1]
        J = (_identity(z) - 1 / n - _outer(x, x) / n) / sigma[..., None]
        return np.asarray(self.gain, z.dtype)[:, None] * J

    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        """(dx - mean(dx) - x mean(x dx)) / sigma, dx = gain dy."""
        x, sigma = self._normalise(z)
        dx = np.asarray(self.gain, z.dtype) * dy
        return (dx - _mean(dx) - x * _mean(x * dx)) / sigma

    def _normalise(self, z: Array) -> tuple[Array, Array]:
        sigma = np.sqrt(z.var(axis=-1, keepdims=True) + self.eps)
        return (z - _mean(z)) / sigma, sigma


def _affine_layer_norm_oracle(z: jax.Array) -> jax.Array:
    gain, bias = jnp.array([1.0, -0.5, 2.0, 0.25]), jnp.array([0.0, 1.0, -1.0, 0.5])
    return gain * (z - z.mean()) / jnp.sqrt(z.var() + 1e-3) + bias


def _group_norm(z: Array) -> Array:
    return _layer_norm(z.reshape(*z.shape[:-1], 2, -1)).reshape(z.shape)


def _group_norm_jacobian(z: Array, y: Array) -> Array:
    """The Jacobians of two layer norms on the diagonal."""
    n = z.shape[-1] // 2
    J = np.zeros((*z.shape, 2 * n), dtype=z.dtype)
    for half in (slice(0, n), slice(n, 2 * n)):
        J[..., half, half] = _layer_norm_jacobian(z[..., half], y[..., half])
    return J


def _group_norm_oracle(z: jax.Array) -> jax.Array:
    return jax.vmap(_layer_norm_oracle)(z.reshape(2, -1)).reshape(-1)


def _standardise(z: Array) -> Array:
    """By the sample's standard deviation, which divides by n - 1."""
    at_least(2, z.shape[-1])
    return (z - _mean(z)) / np.sqrt(z.var(axis=-1, ddof=1, keepdims=True) + 1e-3)


def _standardise_vjp(z: Array, y: Array, dy: Array) -> Array:
    n, sigma = z.shape[-1], np.sqrt(z.var(axis=-1, ddof=1, keepdims=True) + 1e-3)
    return (dy - _mean(dy) - y * (y * dy).sum(axis=-1, keepdims=True) / (n - 1)) / sigma


def _standardise_oracle(z: jax.Array) -> jax.Array:
    return (z - jnp.mean(z)) / jnp.sqrt(jnp.var(z, ddof=1) + 1e-3)


def _variance_jacobian(z: Array, y: Array) -> Array:
    return (2 / z.shape[-1] * (z - _mean(z)))[..., None, :]


def _rms_norm(z: Array) -> Array:
    return z / np.sqrt(_mean(z**2) + 1e-5)


def _rms_norm_jacobian(z: Array, y: Array) -> Array:
    rms = np.sqrt(_mean(z**2) + 1e-5)
    return (_identity(z) - _outer(y, y) / z.shape[-1]) / rms[..., None]


def _rms_norm_vjp(z: Array, y: Array, dy: Array) -> Array:
    return (dy - y * _mean(y * dy)) / np.sqrt(_mean(z**2) + 1e-5)


def _rms_norm_oracle(z: jax.Array) -> jax.Array:
    return z / jnp.sqrt(jnp.mean(z**2) + 1e-5)


def _instance_norm(z: Array) -> Array:
    centred = z - _mean(z)
    return centred / np.sqrt(_mean(centred**2) + 1e-12)


def _instance_norm_vjp(z: Array, y: Array, dy: Array) -> Array:
    sigma = np.sqrt(_mean((z - _mean(z)) ** 2) + 1e-12)
    return (dy - _mean(dy) - y * _mean(y * dy)) / sigma


def _instance_norm_oracle(z: jax.Array) -> jax.Array:
    return (z - jnp.mean(z)) / jnp.sqrt(jnp.var(z) + 1e-12)


def _deviation(z: Array) -> Array:
    return z.std(axis=-1, keepdims=True)


def _deviation_jacobian(z: Array, y: Array) -> Array:
    """(z - mean) / (n y); 0 where all entries are equal."""
    some = np.where(y > 0, y, 1)
    return (np.where(y > 0, z - _mean(z), 0) / (z.shape[-1] * some))[..., None, :]


def _deviation_oracle(z: jax.Array) -> jax.Array:
    variance = jnp.var(z, keepdims=True)
    return jnp.where(variance > 0, jnp.sqrt(jnp.where(variance > 0, variance, 1)), 0)


NORMALISATIONS: tuple[Entry, ...] = (
    pair(
        "centre",
        lambda z: z - _mean(z),
        lambda z, y, dy: dy - _mean(dy),
        lambda z: z - z.mean(),
        "dy - mean(dy)",
    ),
    pair(
        "variance",
        lambda z: z.var(axis=-1, keepdims=True),
        _variance_jacobian,
        lambda z: jnp.var(z, keepdims=True),
        "2 (z - mean) / n",
    ),
    pair(
        "layer-norm",
        _layer_norm,
        _layer_norm_jacobian,
        _layer_norm_oracle,
        "eps = 1e-5 under the root",
    ),
    pair(
        "instance-norm",
        _instance_norm,
        _instance_norm_vjp,
        _instance_norm_oracle,
        "eps = 1e-12 under the root: a slope of up to 1e6 where all entries are equal",
    ),
    pair(
        "standard-deviation",
        _deviation,
        _deviation_jacobian,
        _deviation_oracle,
        "0 where all entries are equal, an element of the subdifferential",
    ),
    Entry(
        "layer-norm.affine",
        LayerNorm,
        _affine_layer_norm_oracle,
        "a gain and a bias for each unit, with a vjp in O(n)",
    ),
    Entry(
        "group-norm",
        lambda: Rows(lambda n: multiple_of(2, n), _group_norm, _group_norm_jacobian),
        _group_norm_oracle,
        "a layer norm of each half",
    ),
    pair(
        "standardise",
        _standardise,
        _standardise_vjp,
        _standardise_oracle,
        "the variance over n - 1",
    ),
    pair("rms-norm", _rms_norm, _rms_norm_jacobian, _rms_norm_oracle, "eps = 1e-5 under the root"),
    pair("rms-norm.vjp", _rms_norm, _rms_norm_vjp, _rms_norm_oracle, "the same in O(n)"),
)
