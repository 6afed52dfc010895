"""Maxima, whose kinks are ties: each way to break or to share a tie is an entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import jax
import jax.numpy as jnp
import numpy as np

from reference import VectorActivation
from reference.checks import Array, Indices

from ..entry import Entry
from .forms import Rows, at_least, exactly, multiple_of, one_hot, pair

Matrix = Callable[[Array, Array], Array]


def _max(z: Array) -> Array:
    return z.max(axis=-1, keepdims=True)


def _min(z: Array) -> Array:
    return z.min(axis=-1, keepdims=True)


def _max_oracle(z: jax.Array) -> jax.Array:
    return jnp.max(z, keepdims=True)


def _first(z: Array) -> Indices:
    return z.argmax(axis=-1, keepdims=True)


def _last(z: Array) -> Indices:
    return z.shape[-1] - 1 - z[..., ::-1].argmax(axis=-1, keepdims=True)


def _shared(z: Array, y: Array) -> Array:
    """1 / k for each of the k inputs that equal y."""
    tied = (z == y).astype(z.dtype)
    return (tied / tied.sum(axis=-1, keepdims=True))[..., None, :]


@final
class MaxLast(VectorActivation):
    """y = max_j z_j; of a tie the last wins."""

    def output_width(self, n: int) -> int:
        """1."""
        return 1

    def forward(self, z: Array) -> Array:
        """(..., n) -> (..., 1)."""
        return _max(z)

    def jacobian(self, z: Array, y: Array) -> Array:
        """One row, 1 at the winner."""
        return one_hot(_last(z), z)

    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        """dy at the winner."""
        dz = np.zeros_like(z)
        np.put_along_axis(dz, _last(z), dy, axis=-1)
        return dz


def _range_jacobian(z: Array, y: Array) -> Array:
    return one_hot(_first(z), z) - one_hot(z.argmin(axis=-1)[..., None], z)


def _max_norm_vjp(z: Array, y: Array, dy: Array) -> Array:
    """The vjp of max |z|: the sign of z at the first of the largest."""
    dz = np.zeros_like(z)
    winner = _first(np.abs(z))
    np.put_along_axis(dz, winner, dy * np.sign(np.take_along_axis(z, winner, axis=-1)), axis=-1)
    return dz


def _windows(z: Array) -> Array:
    """(..., n) -> (..., n - 1, 2), all the neighbours."""
    return np.stack([z[..., :-1], z[..., 1:]], axis=-1)


def _pooled_first(z: Array, y: Array) -> Array:
    return one_hot(np.arange(z.shape[-1] - 1) + _windows(z).argmax(axis=-1), z)


def _pooled_shared(z: Array, y: Array) -> Array:
    """0, 1/2 or 1 for either of two neighbours."""
    share = np.heaviside(z[..., :-1] - z[..., 1:], 0.5)[..., None]
    index = np.arange(z.shape[-1] - 1)
    return share * one_hot(index, z) + (1 - share) * one_hot(index + 1, z)


def _maxout(k: int) -> tuple[Callable[[Array], Array], Matrix]:
    """The maximum of each k units next to each other; of a tie the first wins."""

    def forward(z: Array) -> Array:
        return z.reshape(*z.shape[:-1], -1, k).max(axis=-1)

    def jacobian(z: Array, y: Array) -> Array:
        winners = z.reshape(*z.shape[:-1], -1, k).argmax(axis=-1)
        return one_hot(winners + k * np.arange(winners.shape[-1]), z)

    return forward, jacobian


def _crelu(z: Array) -> Array:
    return np.maximum(np.concatenate([z, -z], axis=-1), 0)


def _crelu_jacobian(at_zero: float) -> Matrix:
    """The positive half has slope ``at_zero`` at 0, so the negative half has at_zero - 1."""

    def jacobian(z: Array, y: Array) -> Array:
        slopes = np.heaviside(z, at_zero)[..., None, :]
        identity = np.eye(z.shape[-1], dtype=z.dtype)
        return np.concatenate([slopes * identity, (slopes - 1) * identity], axis=-2)

    return jacobian


def _crelu_off(z: Array, y: Array) -> Array:
    """Both halves have slope 0 at 0, as they have to autodiff of jax.nn.relu."""
    identity = np.eye(z.shape[-1], dtype=z.dtype)
    halves = [(z > 0)[..., None, :] * identity, (z < 0)[..., None, :] * -identity]
    return np.concatenate(halves, axis=-2)


_W = ((1.0, -2.0, 0.5), (0.25, 3.0, -1.0), (-1.0, 2.0, -0.5), (1.0, 1.0, 1.0))


def _relu_layer(z: Array) -> Array:
    return np.maximum(z @ np.asarray(_W, z.dtype).T, 0)


def _relu_layer_off(z: Array, y: Array) -> Array:
    on: Array = (y > 0).astype(z.dtype)[..., None]
    return on * np.asarray(_W, z.dtype)


def _crelu_oracle(z: jax.Array) -> jax.Array:
    return jax.nn.relu(jnp.concatenate([z, -z]))


def _neighbours_max(z: jax.Array) -> jax.Array:
    return jnp.maximum(z[:-1], z[1:])


def _rows(
    id: str, width: Callable[[int], int], f: Any, matrix: Matrix, oracle: Any, about: str
) -> Entry:
    return Entry(id, lambda: Rows(width, f, matrix), oracle, about)


TIES: tuple[Entry, ...] = (
    pair(
        "max.first", _max, lambda z: one_hot(_first(z), z), _max_oracle, "of a tie the first wins"
    ),
    Entry("max.last", MaxLast, _max_oracle, "of a tie the last wins"),
    pair("max.shared", _max, _shared, _max_oracle, "the tied share the cotangent evenly"),
    pair(
        "max.shared.vjp",
        _max,
        lambda z, y, dy: dy * _shared(z, y)[..., 0, :],
        _max_oracle,
        "the same as a vjp",
    ),
    pair(
        "min.first",
        _min,
        lambda z: one_hot(z.argmin(axis=-1)[..., None], z),
        lambda z: jnp.min(z, keepdims=True),
        "of a tie the first wins",
    ),
    pair(
        "min.shared",
        _min,
        _shared,
        lambda z: jnp.min(z, keepdims=True),
        "the tied share the cotangent evenly",
    ),
    pair(
        "range",
        lambda z: np.ptp(z, axis=-1, keepdims=True),
        _range_jacobian,
        lambda z: jnp.ptp(z, keepdims=True),
        "max - min, of ties the first each",
    ),
    pair(
        "max-norm",
        lambda z: np.abs(z).max(axis=-1, keepdims=True),
        _max_norm_vjp,
        lambda z: jnp.max(jnp.abs(z), keepdims=True),
        "of a tie the first wins, and 0 at the origin",
    ),
    _rows(
        "maxout.2",
        lambda n: multiple_of(2, n) // 2,
        *_maxout(2),
        lambda z: z.reshape(-1, 2).max(axis=1),
        "of a tie the first wins",
    ),
    _rows(
        "maxout.3",
        lambda n: multiple_of(3, n) // 3,
        *_maxout(3),
        lambda z: jnp.max(z.reshape(-1, 3), axis=1),
        "of a tie the first wins",
    ),
    _rows(
        "max-pool.first",
        lambda n: at_least(2, n) - 1,
        lambda z: _windows(z).max(axis=-1),
        _pooled_first,
        _neighbours_max,
        "windows that overlap; of a tie the first wins",
    ),
    _rows(
        "max-pool.shared",
        lambda n: at_least(2, n) - 1,
        lambda z: np.maximum(z[..., :-1], z[..., 1:]),
        _pooled_shared,
        _neighbours_max,
        "windows that overlap; the tied share evenly",
    ),
    *(
        _rows(
            f"crelu.{at_zero}",
            lambda n: 2 * n,
            _crelu,
            _crelu_jacobian(at_zero),
            _crelu_oracle,
            f"slopes {at_zero} and {at_zero - 1} at 0",
        )
        for at_zero in (0, 0.5, 1)
    ),
    _rows(
        "crelu.off",
        lambda n: 2 * n,
        _crelu,
        _crelu_off,
        lambda z: jnp.maximum(jnp.concatenate([z, -z]), 0),
        "slopes 0 and 0 at 0, where autodiff of this oracle has 1/2 and -1/2",
    ),
    _rows(
        "relu-layer.off",
        lambda n: 4 * exactly(3, n) // 3,
        _relu_layer,
        _relu_layer_off,
        lambda z: jnp.maximum(jnp.asarray(_W) @ z, 0),
        "relu(W z) of more units than entries, with slope 0 at 0 for all",
    ),
)
