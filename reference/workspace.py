"""The arrays of a training step, made once for a batch size and used again by every step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from .checks import Array
from .network import Network


@final
@dataclass(frozen=True)
class Workspace:
    """What the passes over T rows leave behind, layer by layer; see ForwardPass and BackwardPass.

    d holds the targets. z and y are as in a ForwardPass, dz is by z, and dy by y; but dy[0], by x,
    has no columns, as no step needs it.
    """

    d: Array
    z: list[Array]
    y: list[Array]
    dz: list[Array]
    dy: list[Array]

    @classmethod
    def of(cls, network: Network, T: int) -> Workspace:
        """For batches of T rows."""
        widths = [W.shape[1] for W in network.weights[1:]] + [network.output_width]
        units = [len(b) for b in network.biases]

        def empty(n: int) -> Array:
            return np.empty((T, n), network.dtype)

        return cls(
            d=empty(network.output_width),
            z=[empty(n) for n in units],
            y=[empty(n) for n in (network.input_width, *widths)],
            dz=[empty(n) for n in units],
            dy=[empty(n) for n in (0, *widths)],
        )

    def rows(self, T: int) -> Workspace:
        """The same memory for fewer rows: the last batch of an epoch is often smaller."""
        groups = ([a[:T] for a in group] for group in (self.z, self.y, self.dz, self.dy))
        return Workspace(self.d[:T], *groups)
