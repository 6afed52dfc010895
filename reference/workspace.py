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

    d holds the targets, y[0] is x; for each layer k, z[k] (T, D_k), y[k + 1] (T, width of y_k), dz
    like z, dy[k] like y[k + 1], dW[k] (D_k, width of y_{k-1}) and db[k] (D_k,).
    """

    d: Array
    z: list[Array]
    y: list[Array]
    dz: list[Array]
    dy: list[Array]
    dW: list[Array]
    db: list[Array]

    @classmethod
    def of(cls, network: Network, T: int) -> Workspace:
        """For batches of T rows."""
        widths = [W.shape[1] for W in network.weights[1:]] + [network.output_width]
        units = [len(b) for b in network.biases]

        def empty(*shape: int) -> Array:
            return np.empty(shape, network.dtype)

        return cls(
            d=empty(T, network.output_width),
            z=[empty(T, n) for n in units],
            y=[empty(T, n) for n in [network.input_width, *widths]],
            dz=[empty(T, n) for n in units],
            dy=[empty(T, n) for n in widths],
            dW=[np.empty_like(W) for W in network.weights],
            db=[np.empty_like(b) for b in network.biases],
        )

    def rows(self, T: int) -> Workspace:
        """The same memory for fewer rows: the last batch of an epoch is often smaller."""
        if len(self.d) == T:
            return self
        z, y, dz, dy = ([a[:T] for a in group] for group in (self.z, self.y, self.dz, self.dy))
        return Workspace(self.d[:T], z, y, dz, dy, self.dW, self.db)
