"""Determinants, quadratic forms, products of vectors, matrices and complex numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array

from ..entry import Entry
from .forms import Rows, exactly, pair


def _determinant_2(z: Array) -> Array:
    return (z[..., 0] * z[..., 3] - z[..., 1] * z[..., 2])[..., None]


def _determinant_2_jacobian(z: Array, y: Array) -> Array:
    return np.stack([z[..., 3], -z[..., 2], -z[..., 1], z[..., 0]], axis=-1)[..., None, :]


def _cofactors(z: Array) -> Array:
    """The cofactors of the 3 x 3 matrix in z: cross products of two rows each, (..., 3, 3)."""
    a, b, c = np.moveaxis(z.reshape(*z.shape[:-1], 3, 3), -2, 0)
    return np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)], axis=-2)


def _determinant_3(z: Array) -> Array:
    exactly(9, z.shape[-1])
    return (z[..., :3] * _cofactors(z)[..., 0, :]).sum(axis=-1, keepdims=True)


def _determinant_3_vjp(z: Array, y: Array, dy: Array) -> Array:
    return dy * _cofactors(z).reshape(z.shape)


def _determinant_oracle(z: jax.Array) -> jax.Array:
    k = 2 if z.size == 4 else 3
    return jnp.linalg.det(z.reshape(k, k))[None]


_A = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, 1.0], [4.0, 0.25, -1.0]])


def _quadratic(z: Array) -> Array:
    """z^T A z / 2, for an A that is not symmetric."""
    return (z @ _A.astype(z.dtype) * z).sum(axis=-1, keepdims=True) / 2


def _quadratic_jacobian(z: Array, y: Array) -> Array:
    """z^T (A + A^T) / 2."""
    return (z @ (_A + _A.T).astype(z.dtype) / 2)[..., None, :]


def _cross(z: Array) -> Array:
    return np.cross(z[..., :3], z[..., 3:])


def _cross_vjp(z: Array, y: Array, dy: Array) -> Array:
    """(b x dy, dy x a)."""
    return np.concatenate([np.cross(z[..., 3:], dy), np.cross(dy, z[..., :3])], axis=-1)


def _matrix_product(z: Array) -> Array:
    A, B = (half.reshape(*z.shape[:-1], 2, 2) for half in np.split(z, 2, axis=-1))
    return (A @ B).reshape(*z.shape[:-1], 4)


def _matrix_product_vjp(z: Array, y: Array, dy: Array) -> Array:
    """(dY B^T, A^T dY)."""
    A, B, dY = (m.reshape(*z.shape[:-1], 2, 2) for m in (z[..., :4], z[..., 4:], dy))
    parts = dY @ np.swapaxes(B, -1, -2), np.swapaxes(A, -1, -2) @ dY
    return np.concatenate([part.reshape(dy.shape) for part in parts], axis=-1)


def _complex_product(z: Array) -> Array:
    a, b, c, d = np.moveaxis(z, -1, 0)
    return np.stack([a * c - b * d, a * d + b * c], axis=-1)


def _complex_product_jacobian(z: Array, y: Array) -> Array:
    a, b, c, d = np.moveaxis(z, -1, 0)
    return np.stack([np.stack([c, -d, a, -b], axis=-1), np.stack([d, c, b, a], axis=-1)], axis=-2)


def _complex_product_oracle(z: jax.Array) -> jax.Array:
    w = jax.lax.complex(z[0], z[1]) * jax.lax.complex(z[2], z[3])
    return jnp.stack([w.real, w.imag])


def _cosine(z: Array) -> Array:
    """a . b / sqrt((|a|^2 + eps)(|b|^2 + eps)), the cosine of two halves."""
    a, b = np.split(z, 2, axis=-1)
    return (a * b).sum(axis=-1, keepdims=True) / (_length(a) * _length(b))


def _length(a: Array) -> Array:
    return np.sqrt((a**2).sum(axis=-1, keepdims=True) + 1e-2)


def _cosine_jacobian(z: Array, y: Array) -> Array:
    """(b / (|a||b|) - y a / |a|^2, a / (|a||b|) - y b / |b|^2)."""
    a, b = np.split(z, 2, axis=-1)
    A, B = _length(a), _length(b)
    return np.concatenate([b / (A * B) - y * a / A**2, a / (A * B) - y * b / B**2], axis=-1)[
        ..., None, :
    ]


def _cosine_oracle(z: jax.Array) -> jax.Array:
    a, b = jnp.split(z, 2)
    norms = jnp.sqrt((jnp.sum(a**2) + 1e-2) * (jnp.sum(b**2) + 1e-2))
    return (jnp.dot(a, b) / norms)[None]


def _modulus_vjp(z: Array, y: Array, dy: Array) -> Array:
    """dy z / y, and 0 at the origin."""
    moduli = np.tile(y, 2)
    return np.tile(dy, 2) * np.divide(z, moduli, out=np.zeros_like(z), where=moduli > 0)


def _rows(
    id: str, width: Callable[[int], int], forms: tuple[Any, Any], oracle: Any, about: str
) -> Entry:
    return Entry(id, lambda: Rows(width, *forms), oracle, about)


ALGEBRA: tuple[Entry, ...] = (
    _rows(
        "determinant.2",
        lambda n: exactly(4, n) and 1,
        (_determinant_2, _determinant_2_jacobian),
        _determinant_oracle,
        "the cofactors",
    ),
    pair(
        "determinant.3",
        _determinant_3,
        _determinant_3_vjp,
        _determinant_oracle,
        "the cofactors, as cross products of the rows",
    ),
    _rows(
        "quadratic-form",
        lambda n: exactly(3, n) and 1,
        (_quadratic, _quadratic_jacobian),
        lambda z: (z @ jnp.asarray(_A) @ z / 2)[None],
        "z^T (A + A^T) / 2",
    ),
    pair(
        "cross-product",
        lambda z: _cross(z) if exactly(6, z.shape[-1]) else z,
        _cross_vjp,
        lambda z: jnp.cross(z[:3], z[3:]),
        "(b x dy, dy x a)",
    ),
    pair(
        "matrix-product",
        lambda z: _matrix_product(z),
        _matrix_product_vjp,
        lambda z: (z[:4].reshape(2, 2) @ z[4:].reshape(2, 2)).ravel(),
        "(dY B^T, A^T dY)",
    ),
    _rows(
        "complex-product",
        lambda n: exactly(4, n) // 2,
        (_complex_product, _complex_product_jacobian),
        _complex_product_oracle,
        "real part and imaginary part",
    ),
    pair(
        "cosine-similarity",
        _cosine,
        _cosine_jacobian,
        _cosine_oracle,
        "eps = 0.01 added to either squared norm",
    ),
    pair(
        "complex-modulus",
        lambda z: np.hypot(*np.split(z, 2, axis=-1)),
        _modulus_vjp,
        lambda z: jnp.abs(jax.lax.complex(*jnp.split(z, 2))),
        "0 at the origin",
    ),
)
