"""Planted bugs of state: what is kept between calls, overwritten, or shared with the caller."""

from __future__ import annotations

from typing import Any, final

import jax
import jax.numpy as jnp
import numpy as np

from reference import VectorActivation
from reference.checks import Array, Indices

from ..entry import Entry
from ..vector_functions import one_hot, softmax, softmax_jacobian, softmax_vjp
from .forms import pair


class _Keeping(VectorActivation):
    """A softmax that keeps something between its calls."""

    def __init__(self) -> None:
        self._kept: dict[Any, Array] = {}

    def output_width(self, n: int) -> int:
        return n

    def forward(self, z: Array) -> Array:
        return softmax(z)

    def jacobian(self, z: Array, y: Array) -> Array:
        return softmax_jacobian(z, y)


@final
class _LastForward(_Keeping):
    """The backward methods take the y of the last forward, not the one that they are given."""

    def forward(self, z: Array) -> Array:
        self._kept["y"] = softmax(z)
        return self._kept["y"].copy()

    def jacobian(self, z: Array, y: Array) -> Array:
        return softmax_jacobian(z, self._kept.get("y", y))

    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        return softmax_vjp(z, self._kept.get("y", y), dy)


@final
class _JacobianOfTheShape(_Keeping):
    """The Jacobian is computed once for each shape."""

    def jacobian(self, z: Array, y: Array) -> Array:
        return self._kept.setdefault((y.shape, y.dtype), softmax_jacobian(z, y)).copy()


@final
class _Accumulating(_Keeping):
    """Each vjp is added to those before, of the same shape."""

    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        key = (dy.shape, dy.dtype)
        self._kept[key] = self._kept.get(key, np.zeros_like(dy)) + softmax_vjp(z, y, dy)
        return self._kept[key].copy()


@final
class _OneBuffer(_Keeping):
    """Every y of a shape is written into the same array."""

    def forward(self, z: Array) -> Array:
        buffer = self._kept.setdefault((z.shape, z.dtype), np.empty_like(z))
        buffer[...] = softmax(z)
        return buffer


class _Sort(VectorActivation):
    """The right ascending sort."""

    def output_width(self, n: int) -> int:
        return n

    def forward(self, z: Array) -> Array:
        return np.sort(z, axis=-1)

    def jacobian(self, z: Array, y: Array) -> Array:
        return one_hot(self._order(z), z)

    def _order(self, z: Array) -> Indices:
        return z.argsort(axis=-1, kind="stable")


@final
class _OrderOfTheShape(_Sort):
    """The permutation is computed once for each shape."""

    def __init__(self) -> None:
        self._orders: dict[Any, Indices] = {}

    def _order(self, z: Array) -> Indices:
        return self._orders.setdefault(z.shape, super()._order(z))


@final
class _SortInPlace(_Sort):
    """z itself is sorted."""

    def forward(self, z: Array) -> Array:
        z.sort(axis=-1)
        return z.copy()


@final
class _TossedTie(VectorActivation):
    """y = max z; of a tie a winner is drawn anew in each call."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(0)

    def output_width(self, n: int) -> int:
        return 1

    def forward(self, z: Array) -> Array:
        return z.max(axis=-1, keepdims=True)

    def jacobian(self, z: Array, y: Array) -> Array:
        lots = np.where(z == y, 1 + self._random.random(z.shape), 0)
        return one_hot(lots.argmax(axis=-1)[..., None], z)


def _exponentials_in_place(z: Array) -> Array:
    z -= z.max(axis=-1, keepdims=True)
    np.exp(z, out=z)
    return z / z.sum(axis=-1, keepdims=True)


def _cotangent_in_place(z: Array, y: Array, dy: Array) -> Array:
    dy *= y
    return dy - y * dy.sum(axis=-1, keepdims=True)


def _output_in_place(z: Array, y: Array) -> Array:
    J = -y[..., :, None] * y[..., None, :]
    np.subtract(y, y * y, out=y)
    i = np.arange(y.shape[-1])
    J[..., i, i] = y
    return J


def _softmax_state(id: str, make: type[VectorActivation], about: str) -> Entry:
    return Entry(f"softmax.{id}", make, jax.nn.softmax, about, "state")


VECTOR_STATE: tuple[Entry, ...] = (
    _softmax_state(
        "last-forward",
        _LastForward,
        "Jacobian and vjp take the y of the last forward, whatever they are given (torch/nn 1015).",
    ),
    _softmax_state(
        "jacobian-of-the-shape",
        _JacobianOfTheShape,
        "The Jacobian is computed once for each shape and given back for every other z.",
    ),
    _softmax_state(
        "accumulating",
        _Accumulating,
        "Each vjp is added to those of the calls before "
        "(bshillingford/autobw.torch 7: right the first time only).",
    ),
    _softmax_state(
        "one-buffer",
        _OneBuffer,
        "Every y of a shape is the same array: a second forward overwrites the first result.",
    ),
    Entry(
        "sort.order-of-the-shape",
        _OrderOfTheShape,
        jnp.sort,
        "The permutation is kept for each shape, not found anew for each z.",
        "state",
    ),
    Entry("sort.in-place", _SortInPlace, jnp.sort, "The argument itself is sorted.", "state"),
    Entry(
        "max.tossed-tie",
        _TossedTie,
        lambda z: jnp.max(z, keepdims=True),
        "Of a tie another input wins in each call: valid each time, but not deterministic.",
        "state",
    ),
    pair(
        "state",
        "softmax.exponentials-in-place",
        _exponentials_in_place,
        softmax_jacobian,
        jax.nn.softmax,
        "The exponentials are written over the argument z.",
    ),
    pair(
        "state",
        "softmax.cotangent-in-place",
        softmax,
        _cotangent_in_place,
        jax.nn.softmax,
        "dy is multiplied by y in place (pytorch 81417 asks for a check of that).",
    ),
    pair(
        "state",
        "softmax.output-in-place",
        softmax,
        _output_in_place,
        jax.nn.softmax,
        "The Jacobian's diagonal is computed in y, which is the caller's.",
    ),
    pair(
        "state",
        "reverse.view",
        lambda z: z[..., ::-1],
        lambda z, y: np.tile(np.eye(z.shape[-1], dtype=z.dtype)[::-1], (*z.shape[:-1], 1, 1)),
        lambda z: z[::-1],
        "y is a view of z: what is written into one appears in the other.",
    ),
)
