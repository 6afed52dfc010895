"""Forwards of vector activations that are right, for planted bugs to be wrong about.

All take any leading axes (..., n), keep the dtype and are stable for every z: only differences
from the row's largest entry are exponentiated, only centred entries are squared for a variance.
"""

from __future__ import annotations

import numpy as np

from reference.checks import Array, Indices

from .functions import sigmoid

#: Added to a variance or a mean square before the root, as layer norms do.
EPSILON = 1e-5


def softmax(z: Array) -> Array:
    """exp(z_i) / sum_j exp(z_j)."""
    weights = np.exp(z - maximum(z))
    return weights / weights.sum(axis=-1, keepdims=True)


def softmax_jacobian(z: Array, y: Array) -> Array:
    """diag(y) - y y^T: (..., n, n)."""
    return diagonal(y) - outer(y, y)


def softmax_vjp(z: Array, y: Array, dy: Array) -> Array:
    """y_j (dy_j - sum_i dy_i y_i): (..., n)."""
    return y * (dy - (dy * y).sum(axis=-1, keepdims=True))


def logsumexp(z: Array) -> Array:
    """log sum_j exp(z_j): (..., 1)."""
    top = maximum(z)
    return top + np.log(np.exp(z - top).sum(axis=-1, keepdims=True))


def log_softmax(z: Array) -> Array:
    """z_i - log sum_j exp(z_j)."""
    shifted = z - maximum(z)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def log_softmax_jacobian(z: Array, y: Array) -> Array:
    """I - 1 exp(y)^T: (..., n, n)."""
    return identity(y) - np.exp(y)[..., None, :]


def sparsemax(z: Array) -> Array:
    """max(z - tau, 0), the point of the simplex that is nearest to z (Martins & Astudillo 2016)."""
    shifted = z - maximum(z)
    ordered = -np.sort(-shifted, axis=-1)
    excess = np.cumsum(ordered, axis=-1) - 1
    counts = np.arange(1, z.shape[-1] + 1, dtype=z.dtype)
    size = (counts * ordered > excess).sum(axis=-1, keepdims=True)
    tau = np.take_along_axis(excess, size - 1, axis=-1) / size.astype(z.dtype)
    return np.maximum(shifted - tau, 0)


def maximum(z: Array) -> Array:
    """max_j z_j: (..., 1)."""
    return z.max(axis=-1, keepdims=True)


def centred(z: Array) -> Array:
    """z - mean(z); nearly equal entries are subtracted first, which is exact."""
    differences = z - z[..., :1]
    return differences - differences.mean(axis=-1, keepdims=True)


def deviation(z: Array) -> Array:
    """sqrt(mean((z - mean(z))^2) + epsilon): (..., 1)."""
    return np.sqrt((centred(z) ** 2).mean(axis=-1, keepdims=True) + EPSILON)


def layer_norm(z: Array) -> Array:
    """(z - mean(z)) / sqrt(var(z) + epsilon)."""
    return centred(z) / deviation(z)


def root_mean_square(z: Array) -> Array:
    """sqrt(mean(z^2) + epsilon): (..., 1)."""
    return np.sqrt((z * z).mean(axis=-1, keepdims=True) + EPSILON)


def rms_norm(z: Array) -> Array:
    """z / sqrt(mean(z^2) + epsilon)."""
    return z / root_mean_square(z)


def length(z: Array) -> Array:
    """sqrt(sum(z^2) + epsilon), smooth at 0: (..., 1)."""
    return np.sqrt((z * z).sum(axis=-1, keepdims=True) + EPSILON)


def normalise(z: Array) -> Array:
    """z / sqrt(sum(z^2) + epsilon)."""
    return z / length(z)


def halves(z: Array) -> tuple[Array, Array]:
    """The first and the second half of each row: two (..., n / 2); ValueError for an odd n."""
    m, odd = divmod(z.shape[-1], 2)
    if odd:
        raise ValueError(f"z must have an even width, got {z.shape[-1]}")
    return z[..., :m], z[..., m:]


def glu(z: Array) -> Array:
    """a sigmoid(b) for the halves a, b of z: (..., n / 2) (Dauphin et al. 2017)."""
    a, b = halves(z)
    return a * sigmoid(b)


def identity(z: Array) -> Array:
    """I, of the width and the dtype of z: (n, n)."""
    return np.eye(z.shape[-1], dtype=z.dtype)


def diagonal(slopes: Array) -> Array:
    """diag(slopes): (..., n) -> (..., n, n)."""
    return slopes[..., :, None] * identity(slopes)


def outer(a: Array, b: Array) -> Array:
    """a b^T: (..., m) and (..., n) -> (..., m, n)."""
    return a[..., :, None] * b[..., None, :]


def one_hot(winners: Indices, z: Array) -> Array:
    """Rows that are 1 at the index in ``winners`` (..., m), of the width of z: (..., m, n)."""
    return (winners[..., None] == np.arange(z.shape[-1])).astype(z.dtype)
