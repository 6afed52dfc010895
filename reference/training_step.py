"""One step of gradient descent in preallocated arrays: the equations of ``network.py``, in place.

After the first step nothing of the size of a batch or a layer is allocated, as long as every
activation has its in-place forms and the last one is fused with the divergence.
"""

from __future__ import annotations

import math
from typing import final

import numpy as np

from .affine import Affine
from .checks import Array, Indices
from .descent import step_into
from .divergence import Divergence
from .fused import fuse
from .network import Network
from .workspace import ParameterVector, Workspace


@final
class TrainingStep:
    """W_k <- W_k - eta (D_{W_k} Loss)^T and b_k <- b_k - eta (D_{b_k} Loss)^T (slide 193).

    x (T, D_0) and d (T, width of y_N) are the whole training set, of which each step takes some
    rows. The parameters before a step stay in a vector of their own until the next: ``undo`` brings
    them back.
    """

    def __init__(
        self, network: Network, divergence: Divergence, x: Array, d: Array, batch_size: int
    ) -> None:
        self.network, self.divergence, self.x, self.d = network, divergence, x, d
        self.fused = fuse(network.activations[-1], divergence)
        self.constant = None if self.fused is None else self.fused.constant(d)
        self.workspace = self.batch = Workspace.of(network, min(batch_size, len(x)))
        self.present, self.before, self.gradient = (ParameterVector.of(network) for _ in range(3))
        self._install()

    def renew(self) -> None:
        """Put the parameters into new arrays: whoever holds the present ones may keep them."""
        before, self.present = self.before, ParameterVector.of(self.network)
        self.before = ParameterVector.of(self.network)
        self.before.vector[:] = before.vector
        self._install()

    def __call__(self, batch: Indices, eta: float) -> float:
        """A step on the rows of a batch (T,); the mean loss before it.

        Where that is not finite the parameters stay. Raises ValueError where y leaves what the
        divergence is defined for.
        """
        if len(batch) != len(self.batch.d):
            whole = len(batch) == len(self.workspace.d)
            self.batch = self.workspace if whole else self.workspace.rows(len(batch))
        into = self.batch
        self.x.take(batch, axis=0, out=into.y[0], mode="clip")
        self.d.take(batch, axis=0, out=into.d, mode="clip")
        self._forward(into)
        loss = self._loss(into, batch)
        if math.isfinite(loss):
            self._backward(into)
            self._descend(eta)
        return loss

    def undo(self) -> None:
        """Go back to the parameters before the last step."""
        self.present, self.before = self.before, self.present
        self._install()

    def _forward(self, into: Workspace) -> None:
        """For k = 1..N: z_k = W_k y_{k-1} + b_k, y_k = f_k(z_k) (slide 133)."""
        last = len(into.z) - 1
        for k, f in enumerate(self.network.activations):
            affine = Affine(self.present.weights[k], self.present.biases[k])
            affine.forward(into.y[k], out=into.z[k])
            if k < last or self.fused is None:
                f.training_forward_into(into.z[k], into.y[k + 1])

    def _loss(self, into: Workspace, batch: Indices) -> float:
        """The mean divergence, and in dz_N its derivative by z_N."""
        T, z, y, d, dz = len(batch), into.z[-1], into.y[-1], into.d, into.dz[-1]
        if self.fused is not None:
            assert self.constant is not None
            value = self.fused.value_and_derivative(z, d, self.constant.take(batch), dz)
            dz /= T
        else:
            self.divergence.check_output(y)
            value = self.divergence.value(y, d)
            np.divide(self.divergence.derivative(y, d), T, out=into.dy[-1])
            self.network.activations[-1].vjp_into(z, y, into.dy[-1], dz)
        return float(value.mean())

    def _backward(self, into: Workspace) -> None:
        """For k = N..1: D_{W_k} = y_{k-1} D_{z_k}, D_{b_k} = D_{z_k}, and on to D_{z_{k-1}}.

        Unlike in ``Network.gradients`` D_x is not needed (slide 191).
        """
        for k in reversed(range(len(into.z))):
            affine = Affine(self.present.weights[k], self.present.biases[k])
            out = self.gradient.weights[k], self.gradient.biases[k]
            affine.vjp_parameters(into.y[k], into.dz[k], out)
            if k > 0:
                affine.vjp_y(into.dz[k], out=into.dy[k - 1])
                f = self.network.activations[k - 1]
                f.vjp_into(into.z[k - 1], into.y[k], into.dy[k - 1], into.dz[k - 1])

    def _descend(self, eta: float) -> None:
        """w <- w - eta grad, all parameters at once, over those before the last step."""
        step_into(self.present.vector, self.gradient.vector, eta, self.before.vector)
        self.present, self.before = self.before, self.present
        self._install()

    def _install(self) -> None:
        """Let the network have the present parameters."""
        self.network.weights[:] = self.present.weights
        self.network.biases[:] = self.present.biases
