"""Planted bugs of what is sorted: permutations the wrong way round, medians, cumulative maxima."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array, Indices

from ..entry import Entry
from ..vector_functions import one_hot
from .forms import pair


def _order(z: Array) -> Indices:
    return z.argsort(axis=-1, kind="stable")


def _lower_median(z: Array) -> Array:
    return np.sort(z, axis=-1)[..., [(z.shape[-1] - 1) // 2]]


def _lower_median_oracle(z: jax.Array) -> jax.Array:
    return jnp.sort(z)[jnp.array([(z.shape[0] - 1) // 2])]


def _place_in_sorted(z: Array, y: Array) -> Array:
    return one_hot(np.full(y.shape, (z.shape[-1] - 1) // 2), z)


def _middle(n: int) -> list[int]:
    """The places of the one or two middle entries of n sorted ones."""
    return sorted({(n - 1) // 2, n // 2})


def _median(z: Array) -> Array:
    return np.sort(z, axis=-1)[..., _middle(z.shape[-1])].mean(axis=-1, keepdims=True)


def _median_oracle(z: jax.Array) -> jax.Array:
    return jnp.sort(z)[jnp.array(_middle(z.shape[0]))].mean(keepdims=True)


def _both_middle(z: Array, y: Array) -> Array:
    middle = _order(z)[..., _middle(z.shape[-1])]
    return one_hot(middle, z).sum(axis=-2, keepdims=True)


def _top_two(z: Array) -> Array:
    """The two largest, the largest first."""
    if z.shape[-1] < 2:
        raise ValueError(f"z must have width 2 or more, got {z.shape[-1]}")
    return np.sort(z, axis=-1)[..., :-3:-1].copy()


def _cumulative_maximum(z: Array) -> Array:
    return np.maximum.accumulate(z, axis=-1)


def _cumulative_oracle(z: jax.Array) -> jax.Array:
    # One running maximum at a time: at a tie each of the tied gets 1 / 2, or a product of them.
    return jax.lax.associative_scan(jnp.maximum, z)


ORDER_STATISTICS: tuple[Entry, ...] = (
    pair(
        "formula",
        "sort.gather-for-scatter",
        lambda z: np.sort(z, axis=-1),
        lambda z, y, dy: np.take_along_axis(dy, _order(z), axis=-1),
        jnp.sort,
        "dy is permuted as z was, P dy, where it should go back, P^T dy; the two agree for n = 2 "
        "(PaddlePaddle/Paddle 22739: wrong gradients of argsort).",
    ),
    pair(
        "formula",
        "sort.descending-for-ascending",
        lambda z: np.sort(z, axis=-1),
        lambda z, y: one_hot(_order(-z), z),
        jnp.sort,
        "The Jacobian is that of the descending order.",
    ),
    pair(
        "formula",
        "top-two.ascending",
        _top_two,
        lambda z, y: one_hot(_order(z)[..., -2:], z),
        lambda z: jnp.sort(z)[::-1][:2],
        "y has the largest first, the Jacobian has it last (mlx 1428: wrong gradients of topk).",
    ),
    pair(
        "boundary",
        "median.every-equal",
        _lower_median,
        lambda z, y: (z == y).astype(z.dtype)[..., None, :],
        _lower_median_oracle,
        "Every input that equals the median gets 1 (review of PaddlePaddle/Paddle 42385).",
    ),
    pair(
        "formula",
        "median.place-in-the-sorted-row",
        _lower_median,
        _place_in_sorted,
        _lower_median_oracle,
        "The place in the sorted row is taken for the place in z.",
    ),
    pair(
        "structure",
        "median.even-widths",
        _median,
        _both_middle,
        _median_oracle,
        "For an even width each of the two middle entries gets 1, not 1 / 2.",
    ),
    pair(
        "formula",
        "cummax.new-maxima-only",
        _cumulative_maximum,
        lambda z, y, dy: np.where(z == y, dy, 0),
        _cumulative_oracle,
        "The cotangents of the outputs that repeat an earlier maximum are dropped.",
    ),
    pair(
        "formula",
        "cummax.winner-of-the-row",
        _cumulative_maximum,
        lambda z, y: one_hot(np.broadcast_to(z.argmax(axis=-1)[..., None], z.shape), z),
        _cumulative_oracle,
        "Every output is taken to come from the maximum of the whole row.",
    ),
)
