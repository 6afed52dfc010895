"""Cases that are the same for every seed: the whole line, every regime, every kink."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ...compare import Float64Array
from ..case import FuzzCase
from ..drawing import regimes
from ..drawing.draw import ALL_REGIMES, make
from ..subject.target import Target
from . import kink_search

#: Rows enough to reach beyond what a loop over blocks takes at once.
LONG_BATCH = 70

#: So many of the rows at kinks make a case.
KINKS_IN_A_CASE = 24


def sweep(
    target: Target, widths: dict[int, int], special: dict[int, Float64Array]
) -> Iterator[FuzzCase]:
    """The cases for a target that takes these widths; special: rows worth a look, by width."""
    return iter(_Sweep(target, widths, special))


@final
@dataclass
class _Sweep:
    target: Target
    widths: dict[int, int]
    special: dict[int, Float64Array]

    def __iter__(self) -> Iterator[FuzzCase]:
        self.random = np.random.default_rng(0)
        if self.target.elementwise:
            yield from self.whole_line()
        else:
            yield from self.long_batch()
            yield from self.alike()
        yield from self.every_regime()
        if self.target.vjp is not None:
            yield from self.cotangent_of_ones()
        yield from self.kinks()

    def whole_line(self) -> Iterator[FuzzCase]:
        """Of an elementwise function numbers all along its domain."""
        n, domain = max(self.widths), self.target.domain
        line = np.concatenate([kink_search.grid(domain), regimes.graded(domain)])
        z = np.resize(line, (-(-len(line) // n), n))
        for dtype in (np.float64, np.float32):
            yield self.case(regimes.in_dtype(z, dtype, domain), "sweep", dtype)

    def long_batch(self) -> Iterator[FuzzCase]:
        """Many ordinary rows."""
        yield self.made((LONG_BATCH,), next(iter(self.widths)), "ordinary", np.float64)

    def alike(self) -> Iterator[FuzzCase]:
        """Rows in which all is 0, or alike but for a sign."""
        low, high = self.target.domain
        for n in dict.fromkeys([*self.special, max(self.widths)]):
            in_turn = (-1.0) ** np.arange(n)
            rows = np.stack([0 * in_turn, in_turn**2, in_turn])
            rows = rows[((rows > low) & (rows < high)).all(axis=1)]
            if len(rows):
                yield self.case(rows, "kinks")

    def every_regime(self) -> Iterator[FuzzCase]:
        """A few rows of each, in both dtypes."""
        # Of one or two entries too much is 0: a softmax's whole Jacobian, a normalisation's nearly.
        telling = [n for n in self.widths if n > 2] or list(self.widths)
        for i, regime in enumerate(ALL_REGIMES):
            for dtype in (np.float64, np.float32):
                yield self.made((4,), telling[i % len(telling)], regime, dtype)

    def cotangent_of_ones(self) -> Iterator[FuzzCase]:
        """What most people try first."""
        for n, m in self.widths.items():
            z = regimes.numbers(
                self.random, "ordinary", (2, n), self.target.domain, np.empty((0, n))
            )
            yield FuzzCase(z, np.ones((2, m)), "ordinary")

    def kinks(self) -> Iterator[FuzzCase]:
        """The rows worth a look, of an elementwise function in its largest width alone."""
        for n, rows in self.special.items():
            if self.target.elementwise and n != max(self.special):
                continue
            for start in range(0, len(rows), KINKS_IN_A_CASE):
                yield self.case(rows[start : start + KINKS_IN_A_CASE], "kinks")

    def made(self, leading: tuple[int, ...], n: int, regime: str, dtype: Any) -> FuzzCase:
        """A case of a regime."""
        m, domain = self.widths[n], self.target.domain
        return make(self.random, leading, n, m, regime, dtype, domain, self.special)

    def case(self, z: Any, regime: str, dtype: Any = np.float64) -> FuzzCase:
        """These rows with cotangents."""
        shape = (len(z), self.widths[z.shape[1]])
        return FuzzCase(z, regimes.cotangents(self.random, shape, dtype), regime)
