"""Portraits of the activations for a report's pictures: by hand and by autodiff, in numbers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, TypeVar

import numpy as np

import oracle
import reference as ref
from reference import Activation, ScalarActivation

from .describe import describe
from .record import Curve, Heat

Portrait = TypeVar("Portrait", Curve, Heat)

#: One of each class; those with parameters take simple ones.
SITTERS: tuple[Activation, ...] = (
    ref.Identity(),
    ref.Sigmoid(),
    ref.Tanh(),
    ref.Softplus(),
    ref.ReLU(),
    ref.LeakyReLU(0.1),
    ref.RandomizedLeakyReLU(),
    ref.Threshold(),
    ref.Softmax(),
    ref.Max(),
    ref.GroupMax([[0, 1], [1, 2, 3]]),
    ref.Product([[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 2]]),
    ref.PairwiseProduct([(0, 1), (2, 3)]),
    ref.LinearCombination([[1, 2, 0, -1], [0, -1, 1, 0.5]]),
)

#: The points of a curve, and the row at which a Jacobian is shown.
LINE = np.round(np.linspace(-4, 4, 161), 2)
ROW = np.array([0.5, 1.5, -1.0, 2.0])

#: Slopes of neighbouring points that differ by more are those on two sides of a kink.
KINK = 0.2


def curves(subjects: Collection[str]) -> tuple[Curve, ...]:
    """f and f' of each scalar activation among the subjects, along a line."""
    scalar = (f for f in SITTERS if isinstance(f, ScalarActivation))
    return tuple(_sit(_curve, scalar, subjects))


def heats(subjects: Collection[str]) -> tuple[Heat, ...]:
    """The Jacobian of each vector activation among the subjects, at one row."""
    vector = (f for f in SITTERS if not isinstance(f, ScalarActivation))
    return tuple(_sit(_heat, vector, subjects))


def _sit(
    portray: Callable[[Any], Portrait], sitters: Iterable[Activation], subjects: Collection[str]
) -> Iterator[Portrait]:
    """One that raises has no portrait: what is wrong with it is in the records."""
    for f in sitters:
        if type(f).__name__ in subjects:
            with contextlib.suppress(Exception):
                yield portray(f)


def _curve(f: ScalarActivation) -> Curve:
    y = f.forward(LINE)
    J = oracle.jacobian(oracle.activation(describe(f)), LINE[:, None])
    autodiff = J.reshape(len(LINE))
    kinks = LINE[1:][np.abs(np.diff(autodiff)) > KINK]
    arrays = (LINE, y, f.derivative(LINE, y), autodiff, kinks)
    return Curve(type(f).__name__, *map(_numbers, arrays))


def _heat(f: Activation) -> Heat:
    J = f.jacobian(ROW, f.forward(ROW))
    autodiff = oracle.jacobian(oracle.activation(describe(f)), ROW)
    rows = (tuple(map(_numbers, matrix)) for matrix in (J, autodiff))
    return Heat(type(f).__name__, _numbers(ROW), *rows)


def _numbers(array: Any) -> tuple[float, ...]:
    """To six digits, as many as a picture shows."""
    return tuple(float(f"{number:.6g}") for number in array)
