"""Planted bugs of layer norm, RMS norm and what else has a mean or a variance in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array

from ..entry import Entry, Kind
from ..vector_functions import (
    EPSILON,
    centred,
    deviation,
    identity,
    layer_norm,
    outer,
    rms_norm,
    root_mean_square,
)
from .forms import pair


def _layer_norm_oracle(z: jax.Array) -> jax.Array:
    c = z - z[0]
    c = c - c.mean()
    return c / jnp.sqrt((c * c).mean() + EPSILON)


def _jacobian(z: Array, y: Array) -> Array:
    """(I - 1/n - y y^T / n) / s, the right one."""
    n = z.shape[-1]
    return (identity(z) - 1 / n - outer(y, y) / n) / deviation(z)[..., None]


def _backward(kind: Kind, what: str, backward: Callable[..., Any], about: str) -> Entry:
    """A right layer norm with a wrong Jacobian or vjp."""
    return pair(kind, f"layer-norm.{what}", layer_norm, backward, _layer_norm_oracle, about)


def _forward(kind: Kind, what: str, forward: Callable[[Array], Array], about: str) -> Entry:
    """A wrong forward with the Jacobian of the layer norm."""
    return pair(kind, f"layer-norm.{what}", forward, _jacobian, _layer_norm_oracle, about)


def _sample_deviation(z: Array) -> Array:
    n = z.shape[-1]
    return np.sqrt((centred(z) ** 2).sum(axis=-1, keepdims=True) / (n - 1) + EPSILON)


def _vjp_with_means(over: Callable[[Array], Any]) -> Callable[[Array, Array, Array], Array]:
    """The right formula with another mean: (dy - mean(dy) - y mean(dy y)) / s."""
    return lambda z, y, dy: (dy - over(dy) - y * over(dy * y)) / deviation(z)


def _two_axes_only(z: Array, y: Array, dy: Array) -> Array:
    rows = (z.shape[0], -1) if z.ndim > 1 else (1, -1)
    zs, ys, dys = (a.reshape(rows) for a in (z, y, dy))
    mean = dys.mean(axis=-1, keepdims=True)
    dz = (dys - mean - ys * (dys * ys).mean(axis=-1, keepdims=True)) / deviation(zs)
    return dz.reshape(z.shape)


def _epsilon_with_the_width(z: Array) -> Array:
    c = centred(z)
    return c / np.sqrt((c * c).sum(axis=-1, keepdims=True) / (z.shape[-1] + EPSILON))


def _epsilon_outside(z: Array) -> Array:
    c = centred(z)
    return c / (np.sqrt((c * c).mean(axis=-1, keepdims=True)) + EPSILON)


def _batch_statistics(z: Array) -> Array:
    if z.ndim == 1:
        return layer_norm(z)
    c = z - z.mean(axis=0)
    return c / np.sqrt((c * c).mean(axis=0) + EPSILON)


def _deviation_by_moments(z: Array) -> Array:
    square, mean = (z * z).mean(axis=-1, keepdims=True), z.mean(axis=-1, keepdims=True)
    return np.sqrt(np.maximum(square - mean * mean, 0) + EPSILON)


def _jacobian_by_moments(z: Array, y: Array) -> Array:
    return _jacobian(z, y) * (deviation(z) / _deviation_by_moments(z))[..., None]


_LAYER_NORM = (
    _backward(
        "formula",
        "statistics-held-constant",
        lambda z, y: identity(z) / deviation(z)[..., None],
        "Mean and deviation are taken for constants: the Jacobian is I / s.",
    ),
    _backward(
        "formula",
        "without-mean-term",
        lambda z, y: (identity(z) - outer(y, y) / z.shape[-1]) / deviation(z)[..., None],
        "The derivative of the mean, -1/n, is missing.",
    ),
    _backward(
        "formula",
        "without-projection",
        lambda z, y: (identity(z) - 1 / z.shape[-1]) / deviation(z)[..., None],
        "The derivative of the deviation, -y y^T / n, is missing.",
    ),
    _backward(
        "formula",
        "sum-for-mean",
        lambda z, y, dy: (
            (dy - dy.mean(axis=-1, keepdims=True) - y * (dy * y).sum(axis=-1, keepdims=True))
            / deviation(z)
        ),
        "The projection takes the sum of dy y where its mean is due.",
    ),
    _backward(
        "formula",
        "sample-variance",
        lambda z, y: _jacobian(z, y) * (deviation(z) / _sample_deviation(z))[..., None],
        "The forward divides the variance by n, the Jacobian by n - 1.",
    ),
    _backward(
        "structure",
        "mean-of-the-batch",
        _vjp_with_means(lambda a: a.mean()),
        "The means in the vjp run over all rows (flagos-ai/FlagGems 59).",
    ),
    _backward(
        "structure",
        "two-axes-only",
        _two_axes_only,
        "The vjp takes shape[0] for the number of rows: wrong from three axes on "
        "(flagos-ai/FlagGems 5392).",
    ),
    _backward(
        "numerics",
        "variance-by-moments",
        _jacobian_by_moments,
        "The variance as E[z^2] - E[z]^2, which cancels (nalgebra 1236, k2-fsa/sherpa-onnx 3857).",
    ),
    _forward(
        "numerics",
        "epsilon-outside-the-root",
        _epsilon_outside,
        "Epsilon is added to the deviation, not to the variance.",
    ),
    _forward(
        "boundary",
        "epsilon-with-the-width",
        _epsilon_with_the_width,
        "Epsilon is added to n: 0 / 0 for a constant row (xlite-dev/LeetCUDA 309).",
    ),
    _forward(
        "formula",
        "square-for-root",
        lambda z: centred(z) / deviation(z) ** 4,
        "(var + epsilon)^2 in place of the root (131250208/TPlinker-joint-extraction 37).",
    ),
    _forward(
        "structure",
        "batch-statistics",
        _batch_statistics,
        "Mean and variance of each column over the batch, as a batch norm has them.",
    ),
)


def _gains(n: int) -> Any:
    """The weights 1, 2, 1, 2, ... of an RMS norm."""
    return np.arange(n) % 2 + 1


def _weighted(z: Array) -> Array:
    return _gains(z.shape[-1]).astype(z.dtype) * rms_norm(z)


def _rms_oracle(z: jax.Array) -> jax.Array:
    return z / jnp.sqrt((z * z).mean() + EPSILON)


def _weight_twice(z: Array, y: Array, dy: Array) -> Array:
    w, u = _gains(z.shape[-1]).astype(z.dtype), rms_norm(z)
    projection = u * (dy * w * u).mean(axis=-1, keepdims=True)
    return w * (dy - projection) / root_mean_square(z)


def _variance(z: Array) -> Array:
    return (centred(z) ** 2).mean(axis=-1, keepdims=True)


def _variance_oracle(z: jax.Array) -> jax.Array:
    c = z - z[0]
    return ((c - c.mean()) ** 2).mean(keepdims=True)


def _scaled_to_range(z: Array) -> Array:
    """(z - min) / (max - min + 1)."""
    low = z.min(axis=-1, keepdims=True)
    return (z - low) / (z.max(axis=-1, keepdims=True) - low + 1)


_OTHERS = (
    pair(
        "formula",
        "rms-norm.rms-held-constant",
        rms_norm,
        lambda z, y, dy: dy / root_mean_square(z),
        _rms_oracle,
        "The vjp forgets that the root mean square depends on z (review of ooples/AiDotNet 695).",
    ),
    pair(
        "formula",
        "rms-norm.weight-twice",
        _weighted,
        _weight_twice,
        lambda z: _gains(z.shape[0]) * _rms_oracle(z),
        "The projection is multiplied by the weights a second time (NVIDIA/Megatron-LM 6859).",
    ),
    pair(
        "formula",
        "centre.mean-held-constant",
        centred,
        lambda z, y, dy: dy.copy(),
        lambda z: z - z.mean(),
        "z - mean(z) with the Jacobian I.",
    ),
    pair(
        "formula",
        "variance.not-centred",
        _variance,
        lambda z, y: 2 * z[..., None, :] / z.shape[-1],
        _variance_oracle,
        "2 z / n, the derivative of the mean square: the mean is not subtracted.",
    ),
    pair(
        "formula",
        "min-max.range-held-constant",
        _scaled_to_range,
        lambda z, y: identity(z) / (z.max(axis=-1) - z.min(axis=-1) + 1)[..., None, None],
        lambda z: (z - z.min()) / (z.max() - z.min() + 1),
        "(z - min) / (max - min + 1) with minimum and range taken for constants.",
    ),
)

NORMALISATIONS: tuple[Entry, ...] = (*_LAYER_NORM, *_OTHERS)
