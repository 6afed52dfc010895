"""Activations that sort: each order for ties is an entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array, Indices

from ..entry import Entry
from .forms import Rows, at_least, one_hot, pair

Matrix = Callable[[Array, Array], Array]


def _order(z: Array) -> Indices:
    """The order of a stable sort."""
    return np.argsort(z, axis=-1, kind="stable")


def _order_reversed(z: Array) -> Indices:
    """The order of a sort that reverses ties."""
    return z.shape[-1] - 1 - np.argsort(z[..., ::-1], axis=-1, kind="stable")


def _sort_vjp(z: Array, y: Array, dy: Array) -> Array:
    dz = np.empty_like(dy)
    np.put_along_axis(dz, _order(z), dy, axis=-1)
    return dz


def _median(order: Callable[[Array], Indices]) -> Matrix:
    def jacobian(z: Array, y: Array) -> Array:
        n = z.shape[-1]
        middle = order(z)[..., [(n - 1) // 2, n // 2]]
        return one_hot(middle, z).mean(axis=-2, keepdims=True)

    return jacobian


def _top_2(z: Array) -> Array:
    return np.sort(z, axis=-1)[..., :-3:-1].copy()


def _cumulative_first(z: Array) -> Array:
    """Each running maximum is the first input that reached it."""
    y = np.maximum.accumulate(z, axis=-1)
    return one_hot((z[..., None, :] == y[..., :, None]).argmax(axis=-1), z)


def _cumulative_last(z: Array, y: Array) -> Array:
    """Each running maximum is the last input so far that reached it."""
    n = z.shape[-1]
    reached = (z[..., None, :] == y[..., :, None]) & np.tri(n, dtype=bool)
    return one_hot(n - 1 - reached[..., ::-1].argmax(axis=-1), z)


def _rows(
    id: str, width: Callable[[int], int], f: Any, matrix: Matrix, oracle: Any, about: str
) -> Entry:
    return Entry(id, lambda: Rows(width, f, matrix), oracle, about)


SORTING: tuple[Entry, ...] = (
    pair(
        "cumulative-max.first",
        lambda z: np.maximum.accumulate(z, axis=-1),
        _cumulative_first,
        jax.lax.cummax,
        "the first of the tied has it",
    ),
    pair(
        "cumulative-max.last",
        lambda z: np.maximum.accumulate(z, axis=-1),
        _cumulative_last,
        jax.lax.cummax,
        "the last of the tied so far has it",
    ),
    pair(
        "median.stable",
        lambda z: np.median(z, axis=-1, keepdims=True),
        _median(_order),
        lambda z: jnp.median(z, keepdims=True),
        "ties in the order of a stable sort",
    ),
    pair(
        "median.reversed",
        lambda z: np.median(z, axis=-1, keepdims=True),
        _median(_order_reversed),
        lambda z: jnp.median(z, keepdims=True),
        "ties reversed",
    ),
    pair(
        "sort.stable",
        lambda z: np.sort(z, axis=-1),
        lambda z: one_hot(_order(z), z),
        jnp.sort,
        "ties in the order of a stable sort",
    ),
    pair(
        "sort.reversed",
        lambda z: np.sort(z, axis=-1),
        lambda z: one_hot(_order_reversed(z), z),
        jnp.sort,
        "ties reversed",
    ),
    pair(
        "sort.vjp",
        lambda z: np.sort(z, axis=-1),
        _sort_vjp,
        jnp.sort,
        "each cotangent back to where its value came from",
    ),
    _rows(
        "top-2.stable",
        lambda n: at_least(2, n) and 2,
        _top_2,
        lambda z, y: one_hot(_order(-z)[..., :2], z),
        lambda z: jax.lax.top_k(z, 2)[0],
        "of ties the first come first",
    ),
    _rows(
        "top-2.reversed",
        lambda n: at_least(2, n) and 2,
        _top_2,
        lambda z, y: one_hot(_order(z)[..., :-3:-1], z),
        lambda z: jax.lax.top_k(z, 2)[0],
        "of ties the last come first",
    ),
)
