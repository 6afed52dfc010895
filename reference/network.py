"""The network and its gradients in matrices (11-785 F24 lecture 5, slides 119-133 and 162-192)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from .activation import Activation
from .affine import Affine
from .architecture import check_activation, check_architecture, common_dtype
from .checks import Array, finite_array, real_dtype, rows, whole_number
from .divergence import Divergence, check_divergence
from .fused import fuse
from .passes import BackwardPass, ForwardPass, Gradients


@final
class Network:
    """y_k = f_k(W_k y_{k-1} + b_k) for k = 1..N, with y_0 = x.

    W_k has shape (D_k, width of y_{k-1}), b_k (D_k,); f_k may change the width. ``weights``,
    ``biases`` and ``activations`` are lists, in which index 0 is layer 1. All are float32 or all
    float64. Raises TypeError or ValueError for what does not fit.
    """

    def __init__(
        self,
        weights: Sequence[ArrayLike],
        biases: Sequence[ArrayLike],
        activations: Sequence[Activation],
    ) -> None:
        self.dtype = common_dtype([*weights, *biases])
        self.weights = [finite_array(W, f"weights[{k}]", self.dtype) for k, W in enumerate(weights)]
        self.biases = [finite_array(b, f"biases[{k}]", self.dtype) for k, b in enumerate(biases)]
        self.activations = list(activations)
        check_architecture(self.weights, self.biases, self.activations)

    @classmethod
    def initialize(
        cls,
        input_width: int,
        layers: Sequence[tuple[int, Activation]],
        seed: int = 0,
        dtype: DTypeLike = np.float64,
    ) -> Network:
        """A network with random weights, normal with variance 1 / fan-in, and zero biases.

        ``layers`` gives the width of z and the activation of each layer.
        """
        width = whole_number(input_width, "input_width", at_least=1)
        dtype = real_dtype(dtype)
        random = np.random.default_rng(whole_number(seed, "seed", at_least=0))
        weights, biases = [], []
        for k, (units, activation) in enumerate(layers):
            check_activation(activation, k)
            units = whole_number(units, f"the width of layers[{k}]", at_least=1)
            W = random.normal(0, 1 / np.sqrt(width), (units, width))
            weights.append(W.astype(dtype))
            biases.append(np.zeros(units, dtype))
            width = activation.output_width(units)
        return cls(weights, biases, [activation for _, activation in layers])

    @property
    def input_width(self) -> int:
        """The width of x."""
        return int(self.weights[0].shape[1])

    @property
    def output_width(self) -> int:
        """The width of y_N."""
        return self.activations[-1].output_width(len(self.biases[-1]))

    def forward(self, x: ArrayLike) -> Array:
        """The output y_N: (T, D_0) -> (T, width of y_N); one instance goes without the T."""
        batch = rows(x, self.input_width, "x", self.dtype)
        y = self.forward_pass(np.atleast_2d(batch)).y[-1]
        return y if batch.ndim == 2 else y[0]

    def loss(self, x: ArrayLike, d: ArrayLike, divergence: Divergence) -> float:
        """The mean divergence over the rows, 1/T sum_t div(y_t, d_t)."""
        x, d = self.instances(x, d, divergence)
        return self.mean_divergence(self.forward_pass(x), d, divergence)

    def gradients(
        self,
        x: ArrayLike,
        d: ArrayLike,
        divergence: Divergence,
        *,
        explicit: bool = False,
        training: bool = False,
    ) -> Gradients:
        """The mean loss and its gradients by every W_k, every b_k and x.

        x (T, D_0) and d (T, width of y_N), or one instance of each. The last activation and the
        divergence are differentiated as one where they have such a form; ``explicit`` takes their
        derivatives one after the other all the same. ``training`` draws random activations anew.
        """
        batch, targets = self.instances(x, d, divergence)
        forward = self.forward_pass(batch, training=training)
        loss = self.mean_divergence(forward, targets, divergence, explicit=explicit)
        backward = self.backward_pass(forward, targets, divergence, explicit=explicit)
        dx = backward.dy[0] if np.ndim(x) == 2 else backward.dy[0][0]
        return Gradients(loss, backward.weights, backward.biases, dx)

    def forward_pass(self, x: Array, *, training: bool = False) -> ForwardPass:
        """For k = 1..N: z_k = W_k y_{k-1} + b_k, y_k = f_k(z_k), for a batch x (slide 133)."""
        passed = ForwardPass(z=[], y=[x])
        for W, b, f in zip(self.weights, self.biases, self.activations, strict=True):
            z = Affine(W, b).forward(passed.y[-1])
            y = f.training_forward(z) if training else f.forward(z)
            passed.z.append(z)
            passed.y.append(y)
        return passed

    def mean_divergence(
        self, forward: ForwardPass, d: Array, divergence: Divergence, *, explicit: bool = False
    ) -> float:
        """1/T sum_t div(y_t, d_t) of a forward pass."""
        fused = None if explicit else fuse(self.activations[-1], divergence)
        if fused is not None:
            return float(fused.value(forward.z[-1], d).mean())
        divergence.check_output(forward.y[-1])
        return float(divergence.value(forward.y[-1], d).mean())

    def backward_pass(
        self, forward: ForwardPass, d: Array, divergence: Divergence, *, explicit: bool = False
    ) -> BackwardPass:
        """For k = N..1, from D_{y_N} = derivative of the mean divergence (slide 191).

        D_{z_k} = D_{y_k} J_{y_k}(z_k);  D_{W_k} = y_{k-1} D_{z_k};  D_{b_k} = D_{z_k};
        D_{y_{k-1}} = D_{z_k} W_k.
        """
        T, N = d.shape[0], len(self.weights)
        z, y = forward.z, forward.y
        fused = None if explicit else fuse(self.activations[-1], divergence)
        if fused is None:
            dy = divergence.derivative(y[N], d) / T
            dz = self.activations[-1].vjp(z[-1], y[N], dy)
        else:
            dz = fused.derivative(z[-1], d) / T
        passed = BackwardPass([], [], [], [])
        for k in reversed(range(N)):
            dW, db, dy = Affine(self.weights[k], self.biases[k]).vjp(y[k], dz)
            passed.prepend(dz, dW, db, dy)
            if k > 0:
                dz = self.activations[k - 1].vjp(z[k - 1], y[k], dy)
        return passed

    def instances(self, x: ArrayLike, d: ArrayLike, divergence: Divergence) -> tuple[Array, Array]:
        """x (T, D_0) and d (T, width of y_N) in the network's dtype; one of each is a batch of one.

        Raises TypeError or ValueError for what does not fit the network or the divergence.
        """
        check_divergence(divergence)
        x = rows(x, self.input_width, "x", self.dtype)
        d = rows(d, self.output_width, "d", self.dtype)
        if x.shape[:-1] != d.shape[:-1]:
            raise ValueError(f"x and d must have as many rows, got shapes {x.shape} and {d.shape}")
        divergence.check_target(d)
        return np.atleast_2d(x), np.atleast_2d(d)
