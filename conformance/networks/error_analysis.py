"""The sizes of all terms in a network's passes, from which the tolerances follow.

The same recurrences as the passes themselves, on absolute values (Higham, Accuracy and Stability of
Numerical Algorithms, 2nd ed., section 3.1), at the recorded z, y, dz and dy. These are
hand-written values, judged themselves: the forward pass before anything that builds on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from reference import Divergence, Network, fuse
from reference.checks import Array
from reference.passes import BackwardPass, ForwardPass

from ..compare import Float64Array
from ..kinks import margin
from ..tolerance import (
    derivative_scale,
    divergence_scale,
    forward_scale,
    fused_scale,
    fused_value_scale,
    jacobian_scale,
    tolerance,
    underflow,
)


@final
@dataclass(frozen=True)
class LayerScales:
    """The size of the terms of each derivative of one layer, in the shape of what it belongs to."""

    dz: Float64Array
    weights: Float64Array
    bias: Float64Array
    dy: Float64Array


@final
class ErrorAnalysis:
    """Scales for one pass through a network, in float64 whatever the dtype of the network.

    A scale that is beyond float64 is infinite or NaN, and what it belongs to is not compared.
    """

    def __init__(
        self,
        network: Network,
        forward: ForwardPass,
        d: Array,
        divergence: Divergence,
        *,
        explicit: bool = False,
    ) -> None:
        self.network = network
        self.fused = not explicit and fuse(network.activations[-1], divergence) is not None
        self.divergence = divergence
        self.d = np.asarray(d, dtype=np.float64)
        self.z = [np.asarray(z, dtype=np.float64) for z in forward.z]
        self.y = [np.asarray(y, dtype=np.float64) for y in forward.y]
        self.y_sizes = [np.abs(y) for y in self.y]
        self.sizes = [np.abs(np.asarray(W, dtype=np.float64)) for W in network.weights]
        self.z_scales = [
            y @ W.T + np.abs(np.asarray(b, dtype=np.float64))
            for W, b, y in zip(self.sizes, network.biases, self.y_sizes, strict=False)
        ]
        each = list(zip(network.activations, self.z, self.y[1:], strict=True))
        dtype = network.dtype
        self.y_scales = [forward_scale(f, z, y, dtype) for f, z, y in each]
        self.jacobian_scales = [
            jacobian_scale(f, z, y, np.asarray(f.jacobian(z, y), dtype=np.float64), dtype)
            for f, z, y in each
        ]

    @np.errstate(all="ignore")
    def local(self, backward: BackwardPass) -> list[LayerScales]:
        """Each layer by itself, at the cotangents that the backward pass recorded."""
        layers = []
        for k, dz in enumerate(backward.dz):
            if k < len(backward.dz) - 1:
                dz_scale = self._through(k, np.abs(np.asarray(backward.dy[k + 1], dtype=float)))
            else:
                dz_scale = self._last_dz
            layers.append(self._layer(k, dz_scale, np.abs(np.asarray(dz, dtype=float))))
        return layers

    @np.errstate(all="ignore")
    def end_to_end(self) -> list[LayerScales]:
        """From the loss backwards: the scale of each dz builds on that of the layer above."""
        layers: list[LayerScales] = []
        dz_scale = self._last_dz
        for k in reversed(range(len(self.z))):
            layers.insert(0, self._layer(k, dz_scale, dz_scale))
            if k > 0:
                dz_scale = self._through(k - 1, layers[0].dy)
        return layers

    @np.errstate(all="ignore")
    def in_range(self) -> bool:
        """Whether the derivative by the last y fits the dtype; the fused path takes none."""
        if self.fused:
            return True
        return bool(self._slopes.max() < np.finfo(self.network.dtype).max)

    @np.errstate(all="ignore")
    def loss_scale(self) -> Float64Array:
        """The size of the terms that the loss is a mean of: a single number."""
        f, z, y = self.network.activations[-1], self.z[-1], self.y[-1]
        if self.fused:
            return fused_value_scale(f, z, y, self.d).mean(keepdims=True)[0]
        terms = divergence_scale(self.divergence, y, self.d)
        return (terms + (self._slopes * self.y_scales[-1]).sum(axis=-1)).mean(keepdims=True)[0]

    @np.errstate(all="ignore")
    def forward_errors(self) -> tuple[list[Float64Array], float]:
        """By how much rounding may move each z[k], and how far the z are from the next kink.

        The second is the smallest distance of any z to a kink, in multiples of its error: below 1,
        two sides may find themselves on different branches.
        """
        errors: list[Float64Array] = []
        margins = []
        y_error = np.zeros_like(self.y[0])
        for k, f in enumerate(self.network.activations):
            z_error = y_error @ self.sizes[k].T + tolerance(self.z_scales[k], self.network.dtype)
            errors.append(z_error)
            margins.append(margin(f, self.z[k], z_error))
            carried = np.einsum("tij,tj->ti", self.jacobian_scales[k], z_error)
            y_error = carried + tolerance(self.y_scales[k], self.network.dtype)
        return errors, min(margins)

    @cached_property
    def _slopes(self) -> Float64Array:
        """The size of the terms of the divergence's derivative by the last y."""
        return derivative_scale(self.divergence, self.y[-1], self.d)

    @cached_property
    def _last_dz(self) -> Float64Array:
        f, z, y = self.network.activations[-1], self.z[-1], self.y[-1]
        T = len(self.d)
        if self.fused:
            return fused_scale(f, z, y, self.d) / T
        dy = derivative_scale(self.divergence, y, self.d, self.y_scales[-1])
        return self._through(-1, dy / T)

    def _through(self, k: int, dy: Float64Array) -> Float64Array:
        """|dy| carried back through the activation of layer k."""
        return np.einsum("ti,tij->tj", dy, self.jacobian_scales[k])

    def _layer(self, k: int, dz_scale: Float64Array, dz: Float64Array) -> LayerScales:
        lost = underflow(self.network.dtype)
        dz = dz + lost
        return LayerScales(
            dz=dz_scale,
            weights=dz.T @ (self.y_sizes[k] + lost),
            bias=dz.sum(axis=0),
            dy=dz @ self.sizes[k],
        )
