"""Planted bugs of gated units: slopes left out, parts of a row taken for one another."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from reference.checks import Array

from ..entry import Entry
from ..functions import relu, sigmoid, swish
from ..vector_functions import diagonal, glu, halves
from .forms import pair


def _slope(z: Array) -> Array:
    """The derivative of the sigmoid, accurate in both tails."""
    return sigmoid(z) * sigmoid(-z)


def _beside(left: Array, right: Array) -> Array:
    """(diag(left), diag(right)): (..., m, 2m)."""
    return np.concatenate([diagonal(left), diagonal(right)], axis=-1)


def _glu_bug(what: str, slopes: Callable[[Array, Array], tuple[Array, Array]], about: str) -> Entry:
    """y = a s(b) with wrong derivatives by a and by b."""

    def jacobian(z: Array, y: Array) -> Array:
        return _beside(*slopes(*halves(z)))

    return pair("formula", f"glu.{what}", glu, jacobian, jax.nn.glu, about)


def _first_half_gates(z: Array) -> Array:
    a, b = halves(z)
    return sigmoid(a) * b


def _first_half_jacobian(z: Array, y: Array) -> Array:
    a, b = halves(z)
    return _beside(_slope(a) * b, sigmoid(a))


def _alternate(z: Array) -> Array:
    halves(z)
    return z[..., ::2] * sigmoid(z[..., 1::2])


def _alternate_jacobian(z: Array, y: Array) -> Array:
    a, b = z[..., ::2], z[..., 1::2]
    J = np.zeros((*y.shape, z.shape[-1]), dtype=z.dtype)
    J[..., ::2] = diagonal(sigmoid(b))
    J[..., 1::2] = diagonal(a * _slope(b))
    return J


_GLU = (
    _glu_bug(
        "gate-held-constant",
        lambda a, b: (sigmoid(b), np.zeros_like(b)),
        "The derivative by the gate's half is missing.",
    ),
    _glu_bug(
        "halves-swapped",
        lambda a, b: (a * _slope(b), sigmoid(b)),
        "The derivatives by the two halves are exchanged.",
    ),
    _glu_bug(
        "slope-at-the-wrong-half",
        lambda a, b: (sigmoid(b), a * _slope(a)),
        "The sigmoid's derivative is taken at a, not at the gate b.",
    ),
    _glu_bug(
        "gate-for-its-slope",
        lambda a, b: (sigmoid(b), a * sigmoid(b)),
        "a s(b) in place of a s'(b).",
    ),
    pair(
        "formula",
        "glu.first-half-gates",
        _first_half_gates,
        _first_half_jacobian,
        jax.nn.glu,
        "The first half gates the second (ml-explore/mlx-lm 767: the order of a SwiGLU's halves).",
    ),
    pair(
        "formula",
        "glu.alternate-entries",
        _alternate,
        _alternate_jacobian,
        jax.nn.glu,
        "Even and odd entries are paired, not the two halves; for n = 2 they are the same.",
    ),
)


def _swiglu(z: Array) -> Array:
    """a s(a) b."""
    a, b = halves(z)
    return swish(a) * b


def _swiglu_oracle(z: jax.Array) -> jax.Array:
    a, b = jnp.split(z, 2)
    return jax.nn.silu(a) * b


def _swiglu_vjp(z: Array, y: Array, dy: Array) -> Array:
    """The right vjp."""
    a, b = halves(z)
    s = sigmoid(a)
    return np.concatenate([dy * b * (s + a * _slope(a)), dy * swish(a)], axis=-1)


def _into_the_first_row(z: Array, y: Array, dy: Array) -> Array:
    dz = np.zeros_like(z)
    dz.reshape(-1, z.shape[-1])[0] = _swiglu_vjp(z, y, dy).reshape(-1, z.shape[-1])[-1]
    return dz


def _without_own_slope(z: Array, y: Array) -> Array:
    a, b = halves(z)
    return _beside(sigmoid(a) * b, swish(a))


def _reglu(z: Array) -> Array:
    """relu(a) b."""
    a, b = halves(z)
    return relu(a) * b


def _reglu_oracle(z: jax.Array) -> jax.Array:
    a, b = jnp.split(z, 2)
    return jax.nn.relu(a) * b


def _always_open(z: Array, y: Array) -> Array:
    a, b = halves(z)
    return _beside(b, relu(a))


def _thirds(z: Array) -> list[Array]:
    """Every third entry, from the first, the second and the third on: three (..., n / 3)."""
    if z.shape[-1] % 3:
        raise ValueError(f"z must have a width divisible by 3, got {z.shape[-1]}")
    return [z[..., k::3] for k in range(3)]


def _highway(z: Array) -> Array:
    """s(t) h + (1 - s(t)) x of three parts h, x, t: (..., n / 3)."""
    h, x, t = _thirds(z)
    return sigmoid(t) * h + sigmoid(-t) * x


def _highway_oracle(z: jax.Array) -> jax.Array:
    h, x, t = (z[k::3] for k in range(3))
    return jax.nn.sigmoid(t) * h + jax.nn.sigmoid(-t) * x


def _carry_ungated(z: Array, y: Array) -> Array:
    h, _, t = _thirds(z)
    J = np.zeros((*y.shape, z.shape[-1]), dtype=z.dtype)
    for k, slopes in enumerate((sigmoid(t), sigmoid(-t), _slope(t) * h)):
        J[..., k::3] = diagonal(slopes)
    return J


_GATED = (
    pair(
        "structure",
        "swiglu.into-the-first-row",
        _swiglu,
        _into_the_first_row,
        _swiglu_oracle,
        "Each row's gradient is written to row 0, over the one before "
        "(ByteDance-Seed/Triton-distributed 180).",
    ),
    pair(
        "formula",
        "swiglu.own-slope-missing",
        _swiglu,
        _without_own_slope,
        _swiglu_oracle,
        "The SiLU's derivative as s(a), without a s'(a).",
    ),
    pair(
        "formula",
        "reglu.always-open",
        _reglu,
        _always_open,
        _reglu_oracle,
        "The derivative by a is b where relu(a) is shut too.",
    ),
    pair(
        "formula",
        "highway.carry-ungated",
        _highway,
        _carry_ungated,
        _highway_oracle,
        "The gate's derivative is s'(t) h, without the -s'(t) x of the carried part.",
    ),
)


def _gated_by_its_sum(z: Array) -> Array:
    return z * z.sum(axis=-1, keepdims=True)


def _shortcut_for_a_sum(z: Array, y: Array, dy: Array) -> Array:
    same = (dy == dy[..., :1]).all(axis=-1, keepdims=True) & (dy.shape[-1] > 1)
    by_the_gate = (dy * z).sum(axis=-1, keepdims=True)
    return dy * z.sum(axis=-1, keepdims=True) + np.where(same, 0, by_the_gate)


GATES: tuple[Entry, ...] = (
    *_GLU,
    *_GATED,
    pair(
        "formula",
        "gated-by-its-sum.shortcut",
        _gated_by_its_sum,
        _shortcut_for_a_sum,
        lambda z: z * jnp.sum(z),
        "For a cotangent that is the same throughout the slope of the gate is left out; there is "
        "no Jacobian to hold it against.",
    ),
)
