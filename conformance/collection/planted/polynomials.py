"""Planted bugs of powers, linear and quadratic forms, and means of positive numbers."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array
from reference.product import product_of_others

from ..correct.forms import Rows, one, same
from ..entry import Entry, Kind
from ..vector_functions import identity
from .forms import pair


def _moments(z: Array) -> Array:
    """The means of z, z^2 and z^3: (..., 3)."""
    return np.stack([(z**k).mean(axis=-1) for k in (1, 2, 3)], axis=-1)


def _moments_oracle(z: jax.Array) -> jax.Array:
    return jnp.stack([(z**k).mean() for k in (1, 2, 3)])


def _moments_without_factor(z: Array, y: Array) -> Array:
    return np.stack([z**0, z, z * z], axis=-2) / z.shape[-1]


def _moments_with_power_kept(z: Array, y: Array) -> Array:
    return np.stack([z, 2 * z**2, 3 * z**3], axis=-2) / z.shape[-1]


def _powers(z: Array) -> Array:
    """The exponents 0, 1, 2, 0, 1, 2, ... of a monomial: (n,)."""
    return (np.arange(z.shape[-1]) % 3).astype(z.dtype)


def _monomial(z: Array) -> Array:
    """z_0^0 z_1^1 z_2^2 z_3^0 ...: (..., 1)."""
    return (z ** _powers(z)).prod(axis=-1, keepdims=True)


def _monomial_oracle(z: jax.Array) -> jax.Array:
    k = jnp.arange(z.shape[0]) % 3
    return jnp.prod(jnp.where(k == 0, 1, jnp.where(k == 1, z, z * z)), keepdims=True)


def _monomial_bug(kind: Kind, what: str, slopes: Callable[[Array], Array], about: str) -> Entry:
    """The monomial with wrong derivatives of its powers, times the right product of the others."""

    def jacobian(z: Array, y: Array) -> Array:
        others = product_of_others((z ** _powers(z))[..., None])[..., 0]
        return (slopes(z) * others)[..., None, :]

    return pair(kind, f"monomial.{what}", _monomial, jacobian, _monomial_oracle, about)


def _power_of_the_magnitude(z: Array) -> Array:
    k = _powers(z)
    return k * np.abs(z) ** np.maximum(k - 1, 0)


def _power_by_logarithm(z: Array) -> Array:
    k = _powers(z)
    return np.where(k > 1, k * np.exp((k - 1) * np.log(z)), k)


_POWERS = (
    pair(
        "formula",
        "moments.without-factor",
        _moments,
        _moments_without_factor,
        _moments_oracle,
        "z^k has the derivative z^(k-1), without the factor k.",
    ),
    pair(
        "formula",
        "moments.power-kept",
        _moments,
        _moments_with_power_kept,
        _moments_oracle,
        "z^k has the derivative k z^k: the exponent is not lowered.",
    ),
    _monomial_bug(
        "boundary",
        "zero-to-minus-one",
        lambda z: _powers(z) * z ** (_powers(z) - 1),
        "An exponent 0 gives 0 z^(-1), NaN at z = 0 (Enzyme 507: powi(x, 0)).",
    ),
    _monomial_bug(
        "numerics",
        "power-by-logarithm",
        _power_by_logarithm,
        "The powers as exp((k - 1) log z), NaN for z < 0 (tt-metal 54439).",
    ),
    _monomial_bug(
        "formula",
        "power-of-the-magnitude",
        _power_of_the_magnitude,
        "k |z|^(k-1): the sign of an odd power is lost.",
    ),
)

#: Neither symmetric nor orthogonal.
_A = np.array([[1.0, 2.0, -1.0], [0.5, -1.0, 3.0], [0.0, 1.5, 2.0]])


def _linear(z: Array) -> Array:
    return z @ _A.T.astype(z.dtype)


def _transposed(z: Array, y: Array) -> Array:
    return np.tile(_A.T.astype(z.dtype), (*z.shape[:-1], 1, 1))


def _quadratic(z: Array) -> Array:
    """z^T A z: (..., 1)."""
    return (_linear(z) * z).sum(axis=-1, keepdims=True)


def _squares_and_ends(z: Array) -> Array:
    """sum_j z_j^2 + z_0 z_(n-1): (..., 1)."""
    return (z * z).sum(axis=-1, keepdims=True) + z[..., :1] * z[..., -1:]


_FORMS = (
    pair(
        "formula",
        "linear.transposed",
        _linear,
        _transposed,
        lambda z: jnp.asarray(_A) @ z,
        "y = A z has the Jacobian A^T.",
    ),
    pair(
        "formula",
        "quadratic-form.taken-for-symmetric",
        _quadratic,
        lambda z, y: 2 * _linear(z)[..., None, :],
        lambda z: (z @ jnp.asarray(_A) @ z)[None],
        "2 A z is the derivative for a symmetric A; for any other it is (A + A^T) z.",
    ),
    pair(
        "formula",
        "polynomial.cross-term",
        _squares_and_ends,
        lambda z, y: 2 * z[..., None, :],
        lambda z: (jnp.sum(z * z) + z[0] * z[-1])[None],
        "The derivative of the mixed term z_0 z_(n-1) is missing.",
    ),
)


def _positive(
    kind: Kind,
    id: str,
    width: Callable[[int], int],
    forward: Callable[[Array], Array],
    jacobian: Callable[[Array, Array], Array],
    oracle: Callable[[jax.Array], jax.Array],
    about: str,
) -> Entry:
    """A function of positive numbers."""
    return Entry(id, lambda: Rows(width, forward, jacobian, (0.0, np.inf)), oracle, about, kind)


def _geometric_mean(z: Array) -> Array:
    return np.exp(np.log(z).mean(axis=-1, keepdims=True))


def _geometric_oracle(z: jax.Array) -> jax.Array:
    return jnp.exp(jnp.log(z).mean(keepdims=True))


def _shares(z: Array) -> Array:
    return z / z.sum(axis=-1, keepdims=True)


_MEANS = (
    _positive(
        "formula",
        "geometric-mean.without-the-root",
        one,
        _geometric_mean,
        lambda z, y: (y / z)[..., None, :],
        _geometric_oracle,
        "y / z_j, the derivative of a product: the 1 / n of the root is missing.",
    ),
    _positive(
        "numerics",
        "geometric-mean.root-of-the-product",
        one,
        lambda z: z.prod(axis=-1, keepdims=True) ** (1 / z.shape[-1]),
        lambda z, y: (y / z)[..., None, :] / z.shape[-1],
        _geometric_oracle,
        "The root of the product, which underflows or overflows where the mean does not.",
    ),
    _positive(
        "formula",
        "shares.sum-held-constant",
        same,
        _shares,
        lambda z, y: identity(z) / z.sum(axis=-1)[..., None, None],
        lambda z: z / jnp.sum(z),
        "z_i / sum z: the derivative of the sum is missing.",
    ),
    _positive(
        "formula",
        "shares.transposed",
        same,
        _shares,
        lambda z, y: (identity(z) - y[..., None, :]) / z.sum(axis=-1)[..., None, None],
        lambda z: z / jnp.sum(z),
        "delta_ij - y_j in place of delta_ij - y_i.",
    ),
)

POLYNOMIALS: tuple[Entry, ...] = (*_POWERS, *_FORMS, *_MEANS)
