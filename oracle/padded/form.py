"""The form that every activation fills in: arrays of one shape, whatever it is and however wide.

A program is compiled for shapes, not for numbers, so one program fits all that fits the form.
"""

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

WIDTH = 20
LARGEST_EXPONENT = 8  # of the whole ones, which any z may have


class Kind(IntEnum):
    """The functions f in a program. Every activation is y = f(z) or y = A f(z)."""

    IDENTITY = 0
    SIGMOID = 1
    TANH = 2
    SOFTPLUS = 3
    LEAKY_RELU = 4
    THRESHOLD = 5
    SOFTMAX = 6
    GROUP_MAX = 7
    PRODUCT = 8
    REAL_PRODUCT = 9


class DoesNotFit(ValueError):
    """A network or a function that is too large for the padded programs."""


class Form(NamedTuple):
    """The parameters of an activation; of several, with a leading axis in every field."""

    kind: Any  # (), a Kind
    inputs: Any  # (), how many entries of z are live
    outputs: Any  # (), how many entries of y are live
    scalar: Any  # (), the slope of a leaky ReLU, the width of a threshold's secant
    places: Any  # (WIDTH, WIDTH), [i, j]: where group i lists z_j, inf if it does not
    exponents: Any  # (WIDTH, WIDTH), [l, i]: that of z_l in the product or monomial i
    combines: Any  # (), 1 where y = A f(z), else 0
    matrix: Any  # (WIDTH, WIDTH), A


#: All that a slot holds in one row of numbers, W, b and its form, and in one of whole numbers: few
#: arrays, for each that is handed to a program takes its time.
_TABLES = 4
NUMBERS = _TABLES * WIDTH**2 + WIDTH + 1
INTEGERS = 4


def laid_out(numbers: Any, integers: Any) -> tuple[Any, Any, Form]:
    """W, b and the form, out of (..., NUMBERS) and (..., INTEGERS): views, or slices in JAX."""
    tables = numbers[..., : -WIDTH - 1].reshape(*numbers.shape[:-1], _TABLES, WIDTH, WIDTH)
    W, places, exponents, matrix = (tables[..., i, :, :] for i in range(_TABLES))
    kind, inputs, outputs, combines = (integers[..., i] for i in range(INTEGERS))
    b, scalar = numbers[..., -WIDTH - 1 : -1], numbers[..., -1]
    return W, b, Form(kind, inputs, outputs, scalar, places, exponents, combines, matrix)


def blank(count: int) -> tuple[Any, Any]:
    """Rows for `count` slots: each of the identity on all WIDTH entries, W and b zero."""
    numbers = np.zeros((count, NUMBERS))
    integers = np.zeros((count, INTEGERS), dtype=np.int32)
    _, _, form = laid_out(numbers, integers)
    form.kind[...], form.inputs[...], form.outputs[...] = Kind.IDENTITY, WIDTH, WIDTH
    form.places[...] = np.inf
    return numbers, integers
