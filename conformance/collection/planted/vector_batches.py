"""Planted bugs that show for some widths, batches or memory layouts only: vjps of the softmax."""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np

from reference.checks import Array

from ..entry import Entry
from ..vector_functions import softmax, softmax_vjp
from .forms import pair


def _bug(what: str, vjp: Callable[[Array, Array, Array], Array], about: str) -> Entry:
    """A right softmax with a wrong vjp."""
    return pair("structure", f"softmax.{what}", softmax, vjp, jax.nn.softmax, about)


def _mean_of_rows(z: Array, y: Array, dy: Array) -> Array:
    return softmax_vjp(z, y, dy) / (y.size // y.shape[-1])


def _without_remainder(z: Array, y: Array, dy: Array) -> Array:
    n = y.shape[-1]
    whole = n - n % 4 if n > 4 else n
    return y * (dy - (dy * y)[..., :whole].sum(axis=-1, keepdims=True))


def _sum_of_pairs(z: Array, y: Array, dy: Array) -> Array:
    terms = dy * y
    paired = y.shape[-1] // 2 * 2
    return y * (dy - (terms[..., :paired:2] + terms[..., 1:paired:2]).sum(axis=-1, keepdims=True))


def _wide_rows(z: Array, y: Array, dy: Array) -> Array:
    inner = (dy * y).sum(axis=-1, keepdims=True)
    return y * (dy - inner) if y.shape[-1] < 6 else y * dy - inner


def _broadcast_by_guess(z: Array, y: Array, dy: Array) -> Array:
    inner = (dy * y).sum(axis=-1)
    fits = inner.shape == y.shape[-1:]
    return y * (dy - (inner if fits else inner[..., None]))


def _in_memory_order(z: Array, y: Array, dy: Array) -> Array:
    return softmax_vjp(z, y, dy.ravel(order="K").reshape(dy.shape))


VECTOR_BATCHES: tuple[Entry, ...] = (
    _bug(
        "mean-over-the-batch",
        _mean_of_rows,
        "The vjp is divided by the number of rows.",
    ),
    _bug(
        "without-remainder",
        _without_remainder,
        "The inner sum goes by fours and drops the last n % 4, for n > 4 "
        "(stew675/llama-cpp-rdna-boosts 19: a reduction by fours).",
    ),
    _bug(
        "sum-of-pairs",
        _sum_of_pairs,
        "The inner sum goes by twos and drops the last of an odd width.",
    ),
    _bug(
        "wide-rows",
        _wide_rows,
        "From width 6 on another branch is taken, and there the inner sum is not weighted by y.",
    ),
    _bug(
        "broadcast-by-guess",
        _broadcast_by_guess,
        "keepdims is forgotten and made good by the shapes: wrong for a batch of n rows.",
    ),
    _bug(
        "in-memory-order",
        _in_memory_order,
        "dy is read in the order of its memory: wrong where it is not contiguous "
        "(flash-attention 355, torch/nn 345).",
    ),
    _bug(
        "cotangent-clipped",
        lambda z, y, dy: softmax_vjp(z, y, np.clip(dy, -1, 1)),
        "dy is clipped to [-1, 1]: the vjp is not linear.",
    ),
)
