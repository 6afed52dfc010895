"""One step of gradient descent in preallocated arrays: the equations of ``network.py``, in place.

Within an epoch nothing of the size of a batch or a layer is allocated where the activations have
in-place forms, as ReLU and Softmax do, and the last is a Softmax with a KLDivergence.
"""

from __future__ import annotations

import math
from typing import final

import numpy as np

from .checks import Array, Indices
from .divergence import Divergence
from .fused import fuse
from .network import Network
from .training_layer import training_layers
from .workspace import Workspace


@final
class TrainingStep:
    """W_k <- W_k - eta (D_{W_k} Loss)^T and b_k <- b_k - eta (D_{b_k} Loss)^T (slide 193).

    x (T, D_0) and d (T, width of y_N) are the whole training set, of which each step takes some
    rows. The parameters at the start of the last epoch whose first loss was finite are kept:
    ``undo`` brings them back.
    """

    def __init__(
        self, network: Network, divergence: Divergence, x: Array, d: Array, batch_size: int
    ) -> None:
        self.network, self.divergence, self.x, self.d = network, divergence, x, d
        self.fused = fuse(network.activations[-1], divergence)
        self.constant = None if self.fused is None else self.fused.constant(d)
        self.workspace = self.present = Workspace.of(network, min(batch_size, len(x)))
        self.kept = self.start = [*network.weights], [*network.biases]
        self.renew()

    def renew(self) -> None:
        """Begin an epoch, in new arrays: whoever holds the present parameters may keep them."""
        self.start = [*self.network.weights], [*self.network.biases]
        self.layers = training_layers(self.network, len(self.workspace.d))
        self.network.weights[:] = [layer.W for layer in self.layers]
        self.network.biases[:] = [layer.b for layer in self.layers]

    def __call__(self, batch: Indices, eta: float) -> float:
        """A step on the rows of a batch (T,); the mean loss before it.

        Where that is not finite the parameters stay. Raises ValueError where y leaves what the
        divergence is defined for.
        """
        if len(batch) != len(self.present.d):
            whole = len(batch) == len(self.workspace.d)
            self.present = self.workspace if whole else self.workspace.rows(len(batch))
        into = self.present
        self.x.take(batch, axis=0, out=into.y[0], mode="clip")
        self.d.take(batch, axis=0, out=into.d, mode="clip")
        self._forward(into)
        loss = self._loss(into, batch)
        if math.isfinite(loss):
            self.kept = self.start
            self._descend(into, eta)
        return loss

    def undo(self) -> None:
        """Go back to the parameters that were kept."""
        self.network.weights[:], self.network.biases[:] = self.kept

    def _forward(self, into: Workspace) -> None:
        """For k = 1..N: z_k = W_k y_{k-1} + b_k, y_k = f_k(z_k) (slide 133)."""
        last = len(into.z) - 1
        for k, f in enumerate(self.network.activations):
            self.layers[k].forward(into.y[k], into.z[k])
            if k < last or self.fused is None:
                f.training_forward_into(into.z[k], into.y[k + 1])

    def _loss(self, into: Workspace, batch: Indices) -> float:
        """The mean divergence, and in dz_N its derivative by z_N, T times that of the mean."""
        z, y, d, dz = into.z[-1], into.y[-1], into.d, into.dz[-1]
        if self.fused is not None:
            assert self.constant is not None
            value = self.fused.value_and_derivative(z, d, self.constant.take(batch, axis=0), dz)
        else:
            self.divergence.check_output(y)
            value = self.divergence.value(y, d)
            into.dy[-1][...] = self.divergence.derivative(y, d)
            self.network.activations[-1].vjp_into(z, y, into.dy[-1], dz)
        return float(np.add.reduce(value)) / len(batch)

    def _descend(self, into: Workspace, eta: float) -> None:
        """For k = N..1: D_{W_k} = y_{k-1} D_{z_k}, D_{b_k} = D_{z_k}, on to D_{z_{k-1}}, and step.

        All of it is linear in D_{z_N}. With eta / T in there the derivatives come out as the change
        of the parameters. Unlike in ``Network.gradients`` D_x is not needed (slide 191).
        """
        into.dz[-1] *= eta / len(into.d)
        for k in reversed(range(len(into.z))):
            if k > 0:
                self.layers[k].vjp_y(into.dz[k], into.dy[k])
                f = self.network.activations[k - 1]
                f.vjp_into(into.z[k - 1], into.y[k], into.dy[k], into.dz[k - 1])
            self.layers[k].descend(into.y[k], into.dz[k])
