"""Do these weights, biases and activations make a network? Errors name what does not fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .activation import Activation
from .checks import Array, real_dtype


def check_architecture(
    weights: Sequence[Array], biases: Sequence[Array], activations: Sequence[Activation]
) -> None:
    """ValueError unless W_k is (D_k, width of y_{k-1}), b_k is (D_k,) and f_k takes width D_k."""
    counts = len(weights), len(biases), len(activations)
    if len(set(counts)) != 1 or counts[0] == 0:
        raise ValueError(
            "weights, biases and activations must be as many, and at least one, "
            f"got {counts[0]}, {counts[1]} and {counts[2]}"
        )
    width: int | None = None
    for k, (W, b, f) in enumerate(zip(weights, biases, activations, strict=True)):
        check_activation(f, k)
        columns = "D_0" if width is None else width
        if W.ndim != 2 or 0 in W.shape or width not in (None, W.shape[1]):
            raise ValueError(f"weights[{k}] must have shape (D_{k + 1}, {columns}), got {W.shape}")
        if b.shape != W.shape[:1]:
            raise ValueError(f"biases[{k}] must have shape {W.shape[:1]}, got {b.shape}")
        try:
            width = f.output_width(len(b))
        except ValueError as error:
            raise ValueError(f"activations[{k}] does not fit: {error}") from None


def check_activation(activation: object, k: int) -> None:
    """TypeError unless it is an Activation; a class in place of an instance is a common slip."""
    if not isinstance(activation, Activation):
        raise TypeError(f"activations[{k}] must be an Activation, got {activation!r}")


def common_dtype(parameters: Sequence[ArrayLike]) -> np.dtype[Any]:
    """float32 or float64, whichever all share; plain lists and whole numbers count as float64."""
    float64 = np.dtype(np.float64)
    found = {getattr(array, "dtype", float64) for array in parameters}
    found = {float64 if dtype.kind in "biu" else dtype for dtype in found} or {float64}
    if len(found) > 1:
        names = " and ".join(sorted(map(str, found)))
        raise TypeError(f"weights and biases must share one dtype, got {names}")
    return real_dtype(found.pop(), "the dtype of weights and biases")
