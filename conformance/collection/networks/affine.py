"""Bugs in the vjp of z = W y + b: what is transposed, and what is summed over the rows.

With dz (T, D) and y (T, C) the right ones are dW = dz^T y, db = the sum of dz over the rows and
dy = dz W.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from reference import Affine
from reference.checks import Array

from .bug import NetworkBug, after

Part = Callable[[Array, Array, Array], Array]
Cotangents = tuple[Array, Array, Array]


def _bug(
    id_: str, about: str, dW: Part | None = None, db: Part | None = None, dy: Part | None = None
) -> NetworkBug:
    """The parts that are given, as functions of W, y and dz, take the place of the right ones."""

    def corrupt(right: Cotangents, self: Affine, y: Array, dz: Array) -> Any:
        each = zip((dW, db, dy), right, strict=True)
        return tuple(part if wrong is None else wrong(self.W, y, dz) for wrong, part in each)

    return NetworkBug(id_, about, after(Affine, "vjp", corrupt))


def _square(W: Array) -> bool:
    return W.shape[0] == W.shape[1]


def _stepped(right: Cotangents, self: Affine, y: Array, dz: Array) -> Cotangents:
    dW, db, _ = right
    np.subtract(self.W, self.W.dtype.type(0.01) * dW, out=self.W)
    return dW, db, dz @ self.W


AFFINE_BUGS = (
    _bug(
        "affine.transposed",
        "dy = dz W^T where W is square, so that no shape gives it away",
        dy=lambda W, y, dz: dz @ (W.T if _square(W) else W),
    ),
    _bug(
        "affine.zero-input",
        "dy is zero: the gradient stops at every layer",
        dy=lambda W, y, dz: np.zeros_like(y),
    ),
    NetworkBug(
        "affine.stepped",
        "W takes its step before dy = dz W is computed with it",
        after(Affine, "vjp", _stepped),
    ),
    _bug(
        "weights.transposed",
        "dW = y^T dz where W is square, so that no shape gives it away",
        dW=lambda W, y, dz: y.T @ dz if _square(W) else dz.T @ y,
    ),
    _bug(
        "weights.reshaped",
        "y^T dz is reshaped to the shape of W, not transposed",
        dW=lambda W, y, dz: (y.T @ dz).reshape(W.shape),
    ),
    _bug(
        "weights.last-row",
        "dW is the outer product of the last row only",
        dW=lambda W, y, dz: np.outer(dz[-1], y[-1]),
    ),
    _bug(
        "weights.averaged",
        "dW is divided by T once more",
        dW=lambda W, y, dz: dz.T @ y / len(y),
    ),
    _bug(
        "weights.decayed",
        "the derivative of a weight decay is in dW, though the loss has no such term",
        dW=lambda W, y, dz: dz.T @ y + W.dtype.type(1e-4) * W,
    ),
    _bug(
        "weights.clipped",
        "dW is clipped to [-1, 1], as a trainer may do, not a gradient",
        dW=lambda W, y, dz: np.clip(dz.T @ y, -1, 1),
    ),
    _bug(
        "weights.float32",
        "dW is computed in float32 whatever the dtype of the network",
        dW=lambda W, y, dz: (dz.astype(np.float32).T @ y.astype(np.float32)).astype(W.dtype),
    ),
    _bug(
        "bias.last-row",
        "db is the last row of dz, not the sum over the rows",
        db=lambda W, y, dz: dz[-1].copy(),
    ),
    _bug(
        "bias.first-row",
        "db is the first row of dz, not the sum over the rows",
        db=lambda W, y, dz: dz[0].copy(),
    ),
    _bug(
        "bias.averaged",
        "db is the mean over the rows of dz, in which 1/T is already",
        db=lambda W, y, dz: dz.mean(axis=0),
    ),
    _bug(
        "bias.one-for-all",
        "db is the sum over rows and units, the same for each unit",
        db=lambda W, y, dz: np.full_like(dz[0], dz.sum()),
    ),
    _bug(
        "bias.forgotten",
        "db is zero",
        db=lambda W, y, dz: np.zeros_like(dz[0]),
    ),
    _bug(
        "bias.kept-axis",
        "db has shape (1, D): the sum over the rows keeps their axis",
        db=lambda W, y, dz: dz.sum(axis=0, keepdims=True),
    ),
)
