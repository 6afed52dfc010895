"""Planted bugs of structure: shapes, axes, dtypes and transposed Jacobians."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import jax
import jax.numpy as jnp
import numpy as np

from reference import VectorActivation
from reference.checks import Array

from ..entry import Entry, Kind
from ..vector_functions import (
    log_softmax,
    log_softmax_jacobian,
    maximum,
    one_hot,
    softmax,
    softmax_jacobian,
)
from .forms import pair


class _Softmax(VectorActivation):
    """The right softmax, for one method to be overridden."""

    def output_width(self, n: int) -> int:
        return n

    def forward(self, z: Array) -> Array:
        return softmax(z)

    def jacobian(self, z: Array, y: Array) -> Array:
        return softmax_jacobian(z, y)


def _softmax_bug(
    kind: Kind, what: str, method: str, wrong: Callable[..., Any], about: str
) -> Entry:
    """A right softmax but for one method."""

    def overridden(self: _Softmax, *args: Array) -> Any:
        return wrong(*args)

    wrong_softmax = type("Softmax", (_Softmax,), {method: overridden})
    return Entry(f"softmax.{what}", wrong_softmax, jax.nn.softmax, about, kind)


def _one_row_as_a_batch(z: Array) -> Array:
    return softmax(np.atleast_2d(z))


def _jacobian_of_the_first_row(z: Array, y: Array) -> Array:
    first = y.reshape(-1, y.shape[-1])[0]
    return np.tile(softmax_jacobian(z, first), (*y.shape[:-1], 1, 1))


def _rows_in_another_order(z: Array, y: Array) -> Array:
    if y.ndim < 3:
        return softmax_jacobian(z, y)
    flat = np.swapaxes(y, 0, -2).reshape(-1, y.shape[-1])
    return softmax_jacobian(z, flat).reshape(*y.shape, y.shape[-1])


def _double_identity(z: Array, y: Array) -> Array:
    return y[..., :, None] * (np.eye(y.shape[-1]) - y[..., None, :])


_SHAPES = (
    _softmax_bug(
        "structure",
        "one-row-as-a-batch",
        "forward",
        _one_row_as_a_batch,
        "A single row (n,) gives y of shape (1, n).",
    ),
    _softmax_bug(
        "structure",
        "batch-of-one-squeezed",
        "forward",
        lambda z: np.squeeze(softmax(z)),
        "Axes of length 1 are squeezed away, the batch's among them.",
    ),
    _softmax_bug(
        "structure",
        "diagonal-for-the-jacobian",
        "jacobian",
        lambda z, y: y * (1 - y),
        "The Jacobian is a vector, the diagonal of what it should be.",
    ),
    _softmax_bug(
        "structure",
        "jacobian-of-the-first-row",
        "jacobian",
        _jacobian_of_the_first_row,
        "Every row gets the Jacobian of the first.",
    ),
    _softmax_bug(
        "structure",
        "rows-in-another-order",
        "jacobian",
        _rows_in_another_order,
        "Two leading axes are flattened in one order and restored in the other.",
    ),
    _softmax_bug(
        "structure",
        "vjp-keeps-an-axis",
        "vjp",
        lambda z, y, dy: dy[..., None, :] @ softmax_jacobian(z, y),
        "dy as a matrix of one row times J: the row's axis, (..., 1, n), stays.",
    ),
    _softmax_bug(
        "structure",
        "jacobian-float64",
        "jacobian",
        _double_identity,
        "np.eye without a dtype makes the Jacobian float64 (HIPS/autograd 163: float32 promoted).",
    ),
    _softmax_bug(
        "structure",
        "forward-float64",
        "forward",
        lambda z: softmax(z * np.ones(z.shape[-1])),
        "A float64 constant makes y float64, whatever z is (elixir-nx/nx 253).",
    ),
    _softmax_bug(
        "structure",
        "jacobian-list",
        "jacobian",
        lambda z, y: softmax_jacobian(z, y).tolist(),
        "The Jacobian is a nested list.",
    ),
    _softmax_bug(
        "numerics",
        "forward-in-float32",
        "forward",
        lambda z: softmax(z.astype(np.float32)).astype(z.dtype),
        "y is computed in float32 and given back as float64.",
    ),
)


def _of_log_softmax(what: str, backward: Callable[..., Any], about: str) -> Entry:
    """A right log-softmax, whose Jacobian is not symmetric, with a wrong backward."""
    id = f"log-softmax.{what}"
    return pair("structure", id, log_softmax, backward, jax.nn.log_softmax, about)


def _jacobian_times_cotangent(z: Array, y: Array, dy: Array) -> Array:
    return (log_softmax_jacobian(z, y) @ dy[..., None])[..., 0]


@final
class _MaxByColumns(VectorActivation):
    """y = max z with the Jacobian (..., n, 1)."""

    def output_width(self, n: int) -> int:
        return 1

    def forward(self, z: Array) -> Array:
        return maximum(z)

    def jacobian(self, z: Array, y: Array) -> Array:
        return np.swapaxes(one_hot(z.argmax(axis=-1)[..., None], z), -1, -2).copy()


@final
class _MaxWithoutAxis(VectorActivation):
    """y = max z, a scalar for a single row."""

    def output_width(self, n: int) -> int:
        return 1

    def forward(self, z: Array) -> Array:
        return z.max(axis=-1, keepdims=z.ndim > 1)

    def jacobian(self, z: Array, y: Array) -> Array:
        return one_hot(z.argmax(axis=-1)[..., None], z)


@final
class _Neighbours(VectorActivation):
    """y_i = z_i z_(i+1), n - 1 of them, where n are announced."""

    def output_width(self, n: int) -> int:
        return n

    def forward(self, z: Array) -> Array:
        return z[..., :-1] * z[..., 1:]

    def jacobian(self, z: Array, y: Array) -> Array:
        I = np.eye(z.shape[-1], dtype=z.dtype)
        return I[:-1] * z[..., 1:, None] + I[1:] * z[..., :-1, None]


_NOT_SYMMETRIC = (
    _of_log_softmax(
        "jacobian-times-cotangent",
        _jacobian_times_cotangent,
        "The vjp is J dy, not dy J.",
    ),
    _of_log_softmax(
        "cotangent-ignored",
        lambda z, y, dy: log_softmax_jacobian(z, y).sum(axis=-2),
        "The sum over the outputs, whatever dy is (pytorch/tutorials 216, apache/singa 510).",
    ),
    pair(
        "structure",
        "cumsum.jacobian-transposed",
        lambda z: np.cumsum(z, axis=-1),
        lambda z, y: np.tile(np.tri(z.shape[-1], dtype=z.dtype).T, (*z.shape[:-1], 1, 1)),
        jnp.cumsum,
        "The Jacobian is transposed, which for m = n no shape shows (stan-dev/math 230).",
    ),
    Entry(
        "max.jacobian-by-columns",
        _MaxByColumns,
        lambda z: jnp.max(z, keepdims=True),
        "The Jacobian is (..., n, m), not (..., m, n) (stan-dev/math 230).",
        "structure",
    ),
    Entry(
        "max.axis-lost-for-one-row",
        _MaxWithoutAxis,
        lambda z: jnp.max(z, keepdims=True),
        "For a single row y is a scalar, not (1,).",
        "structure",
    ),
    Entry(
        "neighbours.output-width",
        _Neighbours,
        lambda z: z[:-1] * z[1:],
        "output_width says n where y has the width n - 1.",
        "structure",
    ),
)


VECTOR_STRUCTURE: tuple[Entry, ...] = (*_SHAPES, *_NOT_SYMMETRIC)
