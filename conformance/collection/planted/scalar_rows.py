"""Elementwise activations that go wrong with some shapes, layouts or cotangents."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array

from ..entry import Entry
from ..functions import gelu_tanh_slope
from .bases import GELU, ReLU, Sigmoid, SiLU, Tanh

_exact_gelu = partial(jax.nn.gelu, approximate=False)


class _CotangentIgnored(SiLU):
    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        return self.derivative(z, y)


class _CotangentWithinOne(Tanh):
    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        return np.clip(dy, -1, 1) * self.derivative(z, y)


class _CotangentWithinHundred(SiLU):
    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        return np.clip(dy, -100, 100) * self.derivative(z, y)


class _SignOfCotangent(ReLU):
    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        return np.where(dy > 0, dy, 0) * self.derivative(z, y)


class _Averaged(Sigmoid):
    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        return dy * self.derivative(z, y) / len(z)


class _Summed(Tanh):
    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        rows = tuple(range(z.ndim - 1))
        return dy.sum(axis=rows, keepdims=True) * self.derivative(z, y)


class _FusedTanhForm(GELU):
    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        return dy * gelu_tanh_slope(z)


class _FortranRows(Sigmoid):
    """Leading axes are flattened in one order and restored in the other: three axes show it."""

    def derivative(self, z: Array, y: Array) -> Array:
        rows = y.reshape((-1, y.shape[-1]), order="F")
        return (rows * (1 - rows)).reshape(y.shape)


class _LastAxesExchanged(Tanh):
    def derivative(self, z: Array, y: Array) -> Array:
        slopes = super().derivative(z, y)
        square = z.ndim >= 2 and z.shape[-2] == z.shape[-1]
        return np.swapaxes(slopes, -1, -2).copy() if square else slopes


class _MemoryOrder(SiLU):
    """Entries are read as they lie in memory and written in the order of the axes."""

    def derivative(self, z: Array, y: Array) -> Array:
        flat = z.ravel(order="K")
        return super().derivative(flat, super().forward(flat)).reshape(z.shape)


class _SingleRow(Tanh):
    def derivative(self, z: Array, y: Array) -> Array:
        slopes = super().derivative(z, y)
        return slopes if z.ndim > 1 else slopes.mean(keepdims=True) + 0 * slopes


class _FourRows(GELU):
    """A buffer of four rows: the slopes of further rows stay 0."""

    def derivative(self, z: Array, y: Array) -> Array:
        slopes = np.zeros_like(z).reshape((-1, z.shape[-1]))
        first = z.reshape((-1, z.shape[-1]))[:4]
        slopes[:4] = super().derivative(first, super().forward(first))
        return slopes.reshape(z.shape)


class _FourColumns(ReLU):
    def forward(self, z: Array) -> Array:
        y = z.copy()
        y[..., :4] = super().forward(z[..., :4])
        return y


class _SixthColumn(Sigmoid):
    def derivative(self, z: Array, y: Array) -> Array:
        y = y.copy()
        y[..., 5:] = y[..., 4:5]
        return super().derivative(z, y)


class _FastSingle(Tanh):
    """In float32 the slope comes from a rational approximation of tanh."""

    def derivative(self, z: Array, y: Array) -> Array:
        if z.dtype != np.float32:
            return super().derivative(z, y)
        near = np.clip(z, -3, 3)
        return 1 - (near * (27 + near**2) / (27 + 9 * near**2)) ** 2


class _Revived(ReLU):
    def derivative(self, z: Array, y: Array) -> Array:
        dead = z.size > 0 and bool((z <= 0).all())
        return np.full_like(z, 0.01) if dead else super().derivative(z, y)


class _BatchScale(SiLU):
    """Slopes are rounded to 1/4096 of the largest in the batch, as in a quantized backward."""

    def derivative(self, z: Array, y: Array) -> Array:
        slopes = super().derivative(z, y)
        step = np.abs(slopes).max() / 4096
        return np.round(slopes / step) * step


def _rows(id: str, make: Callable[[], Any], oracle: Callable[..., Any], about: str) -> Entry:
    return Entry(id, make, oracle, about, "structure")


_COTANGENTS: tuple[Entry, ...] = (
    _rows(
        "silu.cotangent-ignored",
        _CotangentIgnored,
        jax.nn.silu,
        "The vjp is the slope, whatever dy is (as in pytorch/tutorials 216).",
    ),
    _rows(
        "tanh.cotangent-within-1",
        _CotangentWithinOne,
        jnp.tanh,
        "The vjp clips dy to [-1, 1].",
    ),
    _rows(
        "silu.cotangent-within-100",
        _CotangentWithinHundred,
        jax.nn.silu,
        "The vjp clips dy to [-100, 100].",
    ),
    _rows(
        "relu.cotangent-rectified",
        _SignOfCotangent,
        jax.nn.relu,
        "Negative dy are dropped, as in guided backpropagation.",
    ),
    _rows(
        "sigmoid.vjp-averaged",
        _Averaged,
        jax.nn.sigmoid,
        "The vjp is divided by the batch size, or by n for a single row.",
    ),
    _rows("tanh.vjp-summed", _Summed, jnp.tanh, "The vjp sums dy over the rows."),
    _rows(
        "gelu.vjp-of-tanh-form",
        _FusedTanhForm,
        _exact_gelu,
        "The derivative is right, the vjp is that of the tanh form.",
    ),
)

_SHAPES: tuple[Entry, ...] = (
    _rows(
        "sigmoid.three-axes",
        _FortranRows,
        jax.nn.sigmoid,
        "With two leading axes the rows of the slope are permuted.",
    ),
    _rows(
        "tanh.square-batch",
        _LastAxesExchanged,
        jnp.tanh,
        "With as many rows as columns the slope is transposed.",
    ),
    _rows(
        "silu.memory-order",
        _MemoryOrder,
        jax.nn.silu,
        "The slope is permuted where z is not C-contiguous (pytorch 175188).",
    ),
    _rows(
        "tanh.single-row",
        _SingleRow,
        jnp.tanh,
        "The slopes of a single row (n,) are averaged, as if it were a batch.",
    ),
    _rows(
        "gelu.four-rows",
        _FourRows,
        _exact_gelu,
        "The slope is 0 from the fifth row on.",
    ),
    _rows(
        "relu.four-columns",
        _FourColumns,
        jax.nn.relu,
        "Columns from the fifth on are not rectified (chuckcho/video-caffe 65).",
    ),
    _rows(
        "sigmoid.sixth-column",
        _SixthColumn,
        jax.nn.sigmoid,
        "From the sixth column on the slope is that of the fifth.",
    ),
    _rows(
        "tanh.fast-float32",
        _FastSingle,
        jnp.tanh,
        "In float32 alone, the slope is up to 0.04 off.",
    ),
    _rows(
        "relu.revived",
        _Revived,
        jax.nn.relu,
        "Where the whole batch is negative the slope is 0.01: rows depend on each other.",
    ),
    _rows(
        "silu.batch-scale",
        _BatchScale,
        jax.nn.silu,
        "Slopes are rounded on a scale that the largest of the batch sets.",
    ),
)

SCALAR_ROWS: tuple[Entry, ...] = (*_COTANGENTS, *_SHAPES)
