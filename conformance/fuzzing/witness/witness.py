"""Who says what is right: autodiff of a function in JAX, or differences of the forward itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ...compare import Float64Array

Function = Callable[..., Any]


@final
@dataclass(frozen=True)
class Truth:
    """What a witness says of rows z (N, n): y (N, m), jacobian (N, m, n), and how sure it is.

    doubt: an error that the Jacobian may have beyond rounding, 0 for autodiff.
    """

    y: Float64Array
    jacobian: Float64Array
    doubt: Float64Array

    def of(self, rows: Any) -> Truth:
        """Of these rows alone."""
        return Truth(self.y[rows], self.jacobian[rows], self.doubt[rows])


class Witness(ABC):
    """A source of true values and Jacobians, row by row, in float64.

    name: as the verdict calls it. function: of which it knows the derivative. blind: what it
    cannot see, empty where there is nothing.
    smooth: whether it sees the function between two adjacent floats, so that kinks can be found.
    foreseen: what it has been asked about beforehand, by the numbers themselves.
    """

    name: str
    function: str
    blind: str
    smooth: bool
    foreseen: dict[tuple[int, bytes], Truth]

    def truth_at(self, z: Float64Array) -> Truth:
        """Values and Jacobians of the rows z (N, n)."""
        known = self.foreseen.get(_key(z))
        return self.ask(z) if known is None else known

    def foresee(self, rows: Iterable[Float64Array]) -> None:
        """Ask about the rows (N, n) of many cases at once: that takes less time than one by one."""
        by_width: dict[int, list[Float64Array]] = {}
        for z in rows:
            by_width.setdefault(z.shape[1], []).append(z)
        self.foreseen = {}
        for group in by_width.values():
            truth = self.ask(np.concatenate(group))
            start = 0
            for z in group:
                part = slice(start, start := start + len(z))
                self.foreseen[_key(z)] = truth.of(part)

    @abstractmethod
    def ask(self, z: Float64Array) -> Truth:
        """The same, worked out."""

    def values(self, z: Float64Array) -> Float64Array:
        """The values y (N, m) alone."""
        return self.truth_at(z).y

    def truth_in_float32(self, z: Float64Array) -> Truth | None:
        """The same computed in float32 throughout, None where that is not known."""
        return None

    def prepare(self, widths: list[int]) -> None:
        """Whatever takes time is done now, for rows of these widths."""


def _key(z: Float64Array) -> tuple[int, bytes]:
    return z.shape[1], z.tobytes()


class WitnessError(Exception):
    """The witness itself fails: it raises, or gives something else than a row."""
