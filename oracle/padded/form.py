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


class Form(NamedTuple):
    """The parameters of an activation; of several, with a leading axis in every field."""

    kind: Any  # (), a Kind
    inputs: Any  # (), how many entries of z are live
    outputs: Any  # (), how many entries of y are live
    scalar: Any  # (), the slope of a leaky ReLU, the width of a threshold's secant
    places: Any  # (WIDTH, WIDTH), [i, j]: where group i lists z_j, inf if it does not
    exponents: Any  # (WIDTH, WIDTH), [l, i]: that of z_l in the product or monomial i
    combines: Any  # (), whether y = A f(z)
    matrix: Any  # (WIDTH, WIDTH), A


def blank(count: int) -> Form:
    """`count` forms, each of the identity on all WIDTH entries."""
    table = count, WIDTH, WIDTH
    return Form(
        kind=np.full(count, Kind.IDENTITY, dtype=np.int32),
        inputs=np.full(count, WIDTH, dtype=np.int32),
        outputs=np.full(count, WIDTH, dtype=np.int32),
        scalar=np.zeros(count),
        places=np.full(table, np.inf),
        exponents=np.zeros(table),
        combines=np.zeros(count, dtype=np.bool_),
        matrix=np.zeros(table),
    )
