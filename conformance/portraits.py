"""Portraits of the activations for a report's pictures: by hand and by autodiff, in numbers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, TypeVar

import numpy as np

import oracle
import reference as ref
from reference import Activation, InfluenceDiagram, Network, ScalarActivation

from .networks.describe import describe
from .record import Curve, Diagram, Edge, Heat

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


def diagram() -> Diagram:
    """How everything influences the divergence, in a network of two layers of two units."""
    weights = [np.array([[1.0, -0.5], [0.5, 1.0]]), np.array([[1.0, -1.0], [0.5, 0.5]])]
    biases = [np.array([0.0, 0.5]), np.zeros(2)]
    network = Network(weights, biases, [ref.Tanh(), ref.Softmax()])
    whole = InfluenceDiagram.of_network(network, [0.5, -1.0], [1.0, 0.0], ref.KLDivergence())
    slopes = whole.derivatives("Div")
    shown = [name for name in whole.values if name[0] not in "Wb"]
    return Diagram(
        "Two inputs, tanh, softmax and the KL divergence",
        {name: _digits(whole.values[name]) for name in shown},
        {name: _digits(slopes[name]) for name in shown},
        tuple(
            Edge(tail, head, _digits(slope))
            for tail in shown
            for head, slope in whole.edges[tail].items()
        ),
    )


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
    return tuple(map(_digits, array))


def _digits(number: Any) -> float:
    """To six digits, as many as a picture shows."""
    return float(f"{number:.6g}")
