"""Planted bugs of maxima: who wins a tie, which input won, and windows that overlap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array, Indices

from ..entry import Entry, Kind
from ..vector_functions import maximum, one_hot
from .forms import pair


def _bug(kind: Kind, what: str, backward: Callable[..., Any], about: str) -> Entry:
    """y = max z, (..., 1), with a wrong backward."""
    return pair(kind, f"max.{what}", maximum, backward, lambda z: jnp.max(z, keepdims=True), about)


def _winner(z: Array) -> Indices:
    """The first argmax of each row: (..., 1)."""
    return z.argmax(axis=-1, keepdims=True)


def _loser(z: Array) -> Indices:
    """The first argmin of each row: (..., 1)."""
    return z.argmin(axis=-1, keepdims=True)


def _first_and_last(z: Array, y: Array) -> Array:
    last = z.shape[-1] - 1 - z[..., ::-1].argmax(axis=-1, keepdims=True)
    return np.maximum(one_hot(_winner(z), z), one_hot(last, z))


def _halves(z: Array, y: Array) -> Array:
    wins = (z == y).astype(z.dtype)
    tied = wins.sum(axis=-1, keepdims=True) > 1
    return np.where(tied, wins / 2, wins)[..., None, :]


def _nearly(z: Array, y: Array) -> Array:
    wins = np.isclose(z, y).astype(z.dtype)
    return (wins / wins.sum(axis=-1, keepdims=True))[..., None, :]


def _argmax_of_the_batch(z: Array, y: Array) -> Array:
    J = np.zeros_like(z)
    J[np.unravel_index(z.argmax(), z.shape)] = 1
    return J[..., None, :]


def _argmax_of_the_first_row(z: Array, y: Array) -> Array:
    first = z.reshape(-1, z.shape[-1])[0]
    return one_hot(np.full(y.shape, first.argmax()), z)


_MAX = (
    _bug(
        "boundary",
        "one-for-each-of-the-tied",
        lambda z, y: (z == y).astype(z.dtype)[..., None, :],
        "Of k inputs that tie each gets 1, k in all (mxnet 18563, dfdx 111).",
    ),
    _bug(
        "boundary",
        "first-and-last",
        _first_and_last,
        "The first and the last of the tied get 1 each.",
    ),
    _bug(
        "boundary",
        "halves",
        _halves,
        "Of inputs that tie each gets 1 / 2: right for two of them, too much for three.",
    ),
    _bug(
        "boundary",
        "nearly-tied",
        _nearly,
        "Inputs that np.isclose takes for equal share as if they tied.",
    ),
    _bug(
        "formula",
        "of-the-magnitude",
        lambda z, y: one_hot(np.abs(z).argmax(axis=-1, keepdims=True), z),
        "The winner in the Jacobian is the largest |z|.",
    ),
    _bug(
        "structure",
        "argmax-of-the-batch",
        _argmax_of_the_batch,
        "One argmax for the whole batch: every other row gets nothing.",
    ),
    _bug(
        "structure",
        "argmax-of-the-first-row",
        _argmax_of_the_first_row,
        "The winner of the first row is taken for that of every row.",
    ),
    pair(
        "formula",
        "min.sign",
        lambda z: z.min(axis=-1, keepdims=True),
        lambda z, y: -one_hot(_loser(z), z),
        lambda z: jnp.min(z, keepdims=True),
        "min z = -max(-z): one of the two minus signs is lost in the Jacobian.",
    ),
    pair(
        "formula",
        "min.winner-of-the-maximum",
        lambda z: z.min(axis=-1, keepdims=True),
        lambda z, y: one_hot(_winner(z), z),
        lambda z: jnp.min(z, keepdims=True),
        "The Jacobian is that of the maximum.",
    ),
    pair(
        "formula",
        "max-or-zero.clamp-forgotten",
        lambda z: np.maximum(maximum(z), 0),
        lambda z, y: one_hot(_winner(z), z),
        lambda z: jnp.maximum(jnp.max(z, keepdims=True), 0),
        "max(0, max z) has the slope of max z below 0 too.",
    ),
    pair(
        "formula",
        "range.minimum-held-constant",
        lambda z: maximum(z) - z.min(axis=-1, keepdims=True),
        lambda z, y: one_hot(_winner(z), z),
        lambda z: jnp.max(z, keepdims=True) - jnp.min(z, keepdims=True),
        "max z - min z: the derivative of the minimum is missing.",
    ),
)


def _pool(z: Array) -> Array:
    """The maximum of each two neighbours: (..., n - 1)."""
    if z.shape[-1] < 2:
        raise ValueError(f"z must have width 2 or more, got {z.shape[-1]}")
    return np.maximum(z[..., :-1], z[..., 1:])


def _pool_oracle(z: jax.Array) -> jax.Array:
    return jnp.maximum(z[:-1], z[1:])


def _second_wins(z: Array) -> Indices:
    """0 where the left neighbour wins, else 1: (..., n - 1)."""
    return (z[..., 1:] > z[..., :-1]).astype(np.intp)


def _assigned(z: Array, y: Array, dy: Array) -> Array:
    winners = np.arange(z.shape[-1] - 1) + _second_wins(z)
    dz = np.zeros_like(z)
    np.put_along_axis(dz, winners, dy, axis=-1)
    return dz


def _first_equal(z: Array, y: Array) -> Array:
    return one_hot((z[..., None, :] == y[..., :, None]).argmax(axis=-1), z)


def _maxout(z: Array) -> Array:
    """max(z_0, z_1), max(z_2, z_3), ...: (..., n / 2)."""
    return z.reshape(*z.shape[:-1], -1, 2).max(axis=-1)


def _pieces_apart(z: Array, y: Array) -> Array:
    m = z.shape[-1] // 2
    return one_hot(np.arange(m) + m * (z[..., 1::2] > z[..., ::2]), z)


_POOLS = (
    pair(
        "formula",
        "max-pool.assigned",
        _pool,
        _assigned,
        _pool_oracle,
        "Where windows overlap, dy is assigned to the winner and not added (NNlib.jl 205).",
    ),
    pair(
        "formula",
        "max-pool.offset-lost",
        _pool,
        lambda z, y: one_hot(_second_wins(z), z),
        _pool_oracle,
        "The winner's place within its window is taken for its place in z.",
    ),
    pair(
        "boundary",
        "max-pool.first-equal",
        _pool,
        _first_equal,
        _pool_oracle,
        "The winner is the first of the row that equals y, be it in another window.",
    ),
    pair(
        "formula",
        "maxout.pieces-apart",
        _maxout,
        _pieces_apart,
        lambda z: jnp.max(z.reshape(-1, 2), axis=-1),
        "The forward takes neighbours, the Jacobian entries that are n / 2 apart.",
    ),
)

MAXIMA: tuple[Entry, ...] = (*_MAX, *_POOLS)
