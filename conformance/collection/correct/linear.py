"""Linear maps of a row, mostly with the transposed map as their vjp."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array

from ..entry import Entry
from .forms import Rows, at_least, exactly, multiple_of, one_hot, pair

_W = ((1.0, -2.0, 0.5), (0.25, 3.0, -1.0))
_B = (0.5, -4.0)
_KERNEL = (0.5, -2.0, 1.5)


def _affine(z: Array) -> Array:
    return z @ np.asarray(_W, z.dtype).T + np.asarray(_B, z.dtype)


def _affine_jacobian(z: Array, y: Array) -> Array:
    return np.broadcast_to(np.asarray(_W, z.dtype), (*z.shape[:-1], 2, 3)).copy()


def _cumsum_vjp(z: Array, y: Array, dy: Array) -> Array:
    """The sum of dy from j on."""
    return dy[..., ::-1].cumsum(axis=-1)[..., ::-1].copy()


def _cumsum_jacobian(z: Array) -> Array:
    return np.zeros_like(z)[..., None] + np.tri(z.shape[-1], dtype=z.dtype)


def _difference_vjp(z: Array, y: Array, dy: Array) -> Array:
    """dy_{j-1} - dy_j, with 0 beyond the ends."""
    ends = [(0, 0)] * (dy.ndim - 1) + [(1, 1)]
    return -np.diff(np.pad(dy, ends), axis=-1)


def _interleaving(n: int) -> Any:
    """0, 2, 4, ..., 1, 3, ...: the even places first."""
    return np.concatenate([np.arange(0, n, 2), np.arange(1, n, 2)])


def _interleave(z: Array) -> Array:
    return z[..., _interleaving(z.shape[-1])]


def _interleave_vjp(z: Array, y: Array, dy: Array) -> Array:
    return dy[..., np.argsort(_interleaving(z.shape[-1]))]


def _permutation(z: Array, y: Array) -> Array:
    return one_hot(np.broadcast_to([2, 0, 3, 1], z.shape), z)


def _rotate(angle: float) -> Callable[[Array], Array]:
    """Each (z_2k, z_2k+1) turned by (k + 1) angle, as in rotary position embeddings."""

    def rotate(z: Array) -> Array:
        turn = [angle * (k + 1) for k in range(multiple_of(2, z.shape[-1]) // 2)]
        c = np.array([math.cos(t) for t in turn], z.dtype)
        s = np.array([math.sin(t) for t in turn], z.dtype)
        a, b = z[..., ::2], z[..., 1::2]
        return np.stack([c * a - s * b, s * a + c * b], axis=-1).reshape(z.shape)

    return rotate


def _rotary_oracle(z: jax.Array) -> jax.Array:
    w = jax.lax.complex(z[::2], z[1::2]) * jnp.exp(0.5j * (1 + jnp.arange(z.size // 2)))
    return jnp.stack([w.real, w.imag], axis=1).ravel()


def _convolve(z: Array) -> Array:
    """y_i = sum_k kernel_k z_{i+k}, without padding."""
    m = at_least(3, z.shape[-1]) - 2
    return sum((w * z[..., k : k + m] for k, w in enumerate(_KERNEL)), np.zeros_like(z[..., :m]))


def _convolve_vjp(z: Array, y: Array, dy: Array) -> Array:
    """dz_{i+k} += kernel_k dy_i."""
    dz, m = np.zeros_like(z), dy.shape[-1]
    for k, w in enumerate(_KERNEL):
        dz[..., k : k + m] += w * dy
    return dz


def _mean_pool_vjp(z: Array, y: Array, dy: Array) -> Array:
    return np.repeat(dy, 2, axis=-1) / 2


def _rows(
    id: str, width: Callable[[int], int], f: Any, matrix: Any, oracle: Any, about: str
) -> Entry:
    return Entry(id, lambda: Rows(width, f, matrix), oracle, about)


LINEAR: tuple[Entry, ...] = (
    _rows(
        "affine.fixed",
        lambda n: exactly(3, n) - 1,
        _affine,
        _affine_jacobian,
        lambda z: jnp.array(_W) @ z + jnp.array(_B),
        "W (2, 3), for rows of width 3 alone",
    ),
    pair(
        "sum",
        lambda z: z.sum(axis=-1, keepdims=True),
        lambda z: np.ones_like(z)[..., None, :],
        lambda z: jnp.sum(z, keepdims=True),
        "1 for each",
    ),
    pair(
        "mean.vjp",
        lambda z: z.mean(axis=-1, keepdims=True),
        lambda z, y, dy: np.ones_like(z) * dy / z.shape[-1],
        lambda z: jnp.mean(z, keepdims=True),
        "dy / n",
    ),
    pair(
        "cumsum",
        lambda z: z.cumsum(axis=-1),
        _cumsum_jacobian,
        jnp.cumsum,
        "1 on and below the diagonal",
    ),
    pair(
        "cumsum.vjp",
        lambda z: np.cumsum(z, axis=-1),
        _cumsum_vjp,
        jnp.cumsum,
        "the sum of the cotangents from j on",
    ),
    _rows(
        "difference",
        lambda n: at_least(2, n) - 1,
        lambda z: np.diff(z, axis=-1),
        lambda z, y: np.diff(
            np.zeros_like(z)[..., None] + np.eye(z.shape[-1], dtype=z.dtype), axis=-2
        ),
        jnp.diff,
        "-1 and 1",
    ),
    pair(
        "difference.vjp",
        lambda z: np.diff(z, axis=-1) if at_least(2, z.shape[-1]) else z,
        _difference_vjp,
        jnp.diff,
        "dy_{j-1} - dy_j",
    ),
    pair(
        "reversal",
        lambda z: z[..., ::-1].copy(),
        lambda z, y, dy: dy[..., ::-1].copy(),
        lambda z: z[::-1],
        "the cotangents reversed",
    ),
    pair(
        "roll",
        lambda z: np.roll(z, 1, axis=-1),
        lambda z, y, dy: np.roll(dy, -1, axis=-1),
        lambda z: jnp.roll(z, 1),
        "rolled back",
    ),
    pair(
        "interleave",
        _interleave,
        _interleave_vjp,
        lambda z: jnp.concatenate([z[::2], z[1::2]]),
        "the inverse permutation, not the permutation",
    ),
    _rows(
        "permutation",
        lambda n: exactly(4, n),
        lambda z: z[..., [2, 0, 3, 1]],
        _permutation,
        lambda z: z[jnp.array([2, 0, 3, 1])],
        "P, which is not P^T",
    ),
    pair(
        "transpose",
        lambda z: np.swapaxes(z.reshape(*z.shape[:-1], 2, 3), -1, -2).reshape(z.shape),
        lambda z, y, dy: np.swapaxes(dy.reshape(*dy.shape[:-1], 3, 2), -1, -2).reshape(dy.shape),
        lambda z: z.reshape(2, 3).T.ravel(),
        "a 2 x 3 matrix transposed, and back",
    ),
    pair(
        "rotary",
        _rotate(0.5),
        lambda z, y, dy: _rotate(-0.5)(dy),
        _rotary_oracle,
        "turned back by the same angles",
    ),
    pair(
        "convolution",
        _convolve,
        _convolve_vjp,
        lambda z: jnp.correlate(z, jnp.array(_KERNEL), mode="valid"),
        "three taps, the vjp with the kernel flipped",
    ),
    pair(
        "mean-pool",
        lambda z: z.reshape(*z.shape[:-1], -1, 2).mean(axis=-1),
        _mean_pool_vjp,
        lambda z: z.reshape(-1, 2).mean(axis=1),
        "dy / 2 to both of a pair",
    ),
)
