"""Which numbers are so large that nothing is judged by them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import oracle
from reference import Gradients
from reference.checks import Array

from .comparisons import laid_end_to_end


class OutOfRange(Exception):
    """Autodiff has no say: a true number is not finite, too large for the dtype, or so small that
    XLA takes it for 0, where there is a kink.
    """


def arrays(gradients: oracle.Gradients | Gradients) -> list[Array]:
    """Loss, weights, biases and input, in this order."""
    loss = np.asarray(gradients.loss, dtype=np.float64)
    return [loss, *gradients.weights, *gradients.biases, gradients.input]


def all_below(numbers: Sequence[Array], dtype: np.dtype[Any]) -> bool:
    """Whether products of any two of the numbers are finite in the dtype."""
    limit = float(np.finfo(dtype).max) ** 0.5
    return bool(np.abs(laid_end_to_end(numbers)).max() < limit)  # False for NaN


def in_range(true: oracle.Gradients, dtype: np.dtype[Any]) -> bool:
    """Whether products of any two of the gradients are finite in the dtype."""
    return all_below(arrays(true), dtype)
