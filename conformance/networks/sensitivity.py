"""By how much the true gradients move where every number that goes in is off by one rounding.

Measured on the oracle, so it knows nothing of the hand-written side: the same gradients at inputs
that are moved by a small step, per rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike

import oracle
from reference.checks import Array

from ..compare import Float64Array
from .describe import Description
from .number_range import arrays
from .screen import NetworkOracle

#: Perturbations of the parameters that the sensitivity of a gradient is measured with.
PERTURBATIONS = 5
STEP = 2.0**-44


@final
@dataclass(frozen=True)
class Sensitivity:
    """That of the gradients of a network, at a batch x (T, n) with targets d (T, m).

    oracle_of(layers): autodiff of a network. eps: the spacing of the dtype at 1.
    """

    oracle_of: Callable[[Sequence[oracle.Layer]], NetworkOracle]
    layers: list[oracle.Layer]
    divergence: Description
    x: Array
    d: Array
    eps: float

    def of_the_batch(self) -> list[Float64Array]:
        """Of loss, weights, biases and input, all parameters and rows moved at once."""
        return self._of(self.x, self.d)

    def row_by_row(self) -> list[Float64Array]:
        """The same, added up over the rows one by one.

        The roundings of different rows have nothing to do with each other; where the whole batch
        moves with the parameters, its rows may cancel.
        """
        each = [self._of(x[None], d[None]) for x, d in zip(self.x, self.d, strict=True)]
        *parameters, inputs = zip(*each, strict=True)
        means = (np.mean(changes, axis=0) for changes in parameters)
        return [*means, np.concatenate(inputs) / len(self.x)]

    def _of(self, x: Array, d: Array) -> list[Float64Array]:
        random = np.random.default_rng(0)
        started = [self._start(self.layers, x, d)]
        for _ in range(PERTURBATIONS):
            layers = [self._moved(layer, random) for layer in self.layers]
            started.append(self._start(layers, self._move(x, random), d))
        true, *nearby = (arrays(wait()[1]) for wait in started)
        changes = (
            np.max([np.abs(near - centre) for near in others], axis=0)
            for centre, *others in zip(true, *nearby, strict=True)
        )
        return [change * (self.eps / self._step) for change in changes]

    def _start(
        self, layers: list[oracle.Layer], x: Array, d: Array
    ) -> Callable[[], tuple[list[Float64Array], oracle.Gradients]]:
        return self.oracle_of(layers).passes(self.divergence, x, d)

    @property
    def _step(self) -> float:
        """Large enough that the change of a gradient is more than the rounding of the oracle."""
        return max(STEP, self.eps)

    def _moved(self, layer: oracle.Layer, random: np.random.Generator) -> oracle.Layer:
        return oracle.Layer(
            weights=self._move(layer["weights"], random),
            bias=self._move(layer["bias"], random),
            activation=layer["activation"],
        )

    def _move(self, a: ArrayLike, random: np.random.Generator) -> Float64Array:
        """Every number moved up or down, by up to a relative step at random.

        Not by the whole step each: equal moves of terms that cancel would cancel as well.
        """
        wide = np.asarray(a, dtype=np.float64)
        return wide * (1 + self._step * random.uniform(-1, 1, wide.shape))
