"""Scalar activations that are not differentiable everywhere: subgradients and a secant.

Where f has a kink any slope between the one-sided ones is valid; the lecture takes the slope on
the right, so that f'(0) = 1 for the whole ReLU family (11-785 F24 lecture 5, slides 111-114).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

import numpy as np

from .activation import ScalarActivation
from .checks import Array, real_number, whole_number


@final
@dataclass(frozen=True)
class ReLU(ScalarActivation):
    """f(z) = z for z >= 0, else 0; f'(z) = 1 for z >= 0, else 0."""

    def forward(self, z: Array) -> Array:
        """y = max(z, 0)."""
        return np.maximum(z, 0)

    def derivative(self, z: Array, y: Array) -> Array:
        """1 for z >= 0, else 0: the subgradient 1 at the kink z = 0."""
        return (z >= 0).astype(z.dtype)

    def training_forward_into(self, z: Array, out: Array) -> None:
        """See Activation."""
        out.fill(0)  # NumPy takes twice as long with a single 0
        np.maximum(z, out, out=out)

    def vjp_into(self, z: Array, y: Array, dy: Array, out: Array) -> None:
        """See Activation: dy where z >= 0, else 0."""
        np.greater_equal(z, 0, out=out, casting="unsafe")
        out *= dy


@final
@dataclass(frozen=True)
class LeakyReLU(ScalarActivation):
    """f(z) = z for z >= 0, else slope * z; f'(z) = 1 for z >= 0, else slope."""

    slope: float = 0.01

    def __post_init__(self) -> None:
        _check_slopes(slope=self.slope)

    def forward(self, z: Array) -> Array:
        """y = z or slope * z."""
        return np.where(z >= 0, z, z.dtype.type(self.slope) * z)

    def derivative(self, z: Array, y: Array) -> Array:
        """1 for z >= 0, else the slope."""
        return np.where(z >= 0, z.dtype.type(1), z.dtype.type(self.slope))


@final
@dataclass(frozen=True)
class RandomizedLeakyReLU(ScalarActivation):
    """A leaky ReLU with a slope of its own for each z < 0.

    In training each forward pass draws the slopes anew, uniformly from [low, high); in evaluation
    every slope is the mean (low + high) / 2. Nothing is kept from the forward to the backward
    pass: the slope that was used for z < 0 is y / z.
    """

    low: float = 1 / 8
    high: float = 1 / 3
    seed: int = 0
    _generator: np.random.Generator = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_slopes(low=self.low, high=self.high)
        if self.low > self.high:
            raise ValueError(f"low must not exceed high, got low={self.low}, high={self.high}")
        seed = whole_number(self.seed, "seed", at_least=0)
        object.__setattr__(self, "_generator", np.random.default_rng(seed))

    def forward(self, z: Array) -> Array:
        """y = z or the mean slope times z."""
        return np.where(z >= 0, z, z.dtype.type((self.low + self.high) / 2) * z)

    def training_forward(self, z: Array) -> Array:
        """y = z or a slope drawn for this z, times z."""
        slopes = self._generator.uniform(self.low, self.high, z.shape).astype(z.dtype)
        return np.where(z >= 0, z, slopes * z)

    def derivative(self, z: Array, y: Array) -> Array:
        """1 for z >= 0, else y / z; where y is subnormal and y / z rough, the mean slope."""
        normal = np.abs(y) >= np.finfo(z.dtype).tiny
        slopes = np.full_like(z, (self.low + self.high) / 2)
        np.divide(y, z, out=slopes, where=normal & (z < 0))
        return np.where(z >= 0, z.dtype.type(1), slopes)


@final
@dataclass(frozen=True)
class Threshold(ScalarActivation):
    """A step: f(z) = 1 for z >= 0, else 0.

    Its derivative is 0 wherever it exists and of no use to gradient descent. In its place stands
    the slope of a secant, (f(z + w/2) - f(z - w/2)) / w, which is 1/w for -w/2 <= z < w/2, else 0.
    """

    width: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < real_number(self.width, "width") < np.inf:
            raise ValueError(f"width must be positive and finite, got {self.width}")

    def forward(self, z: Array) -> Array:
        """y = 1 or 0."""
        return (z >= 0).astype(z.dtype)

    def derivative(self, z: Array, y: Array) -> Array:
        """The slope of the secant of width w around z."""
        half = z.dtype.type(self.width / 2)
        return np.where((-half <= z) & (z < half), z.dtype.type(1 / self.width), z.dtype.type(0))


def _check_slopes(**slopes: float) -> None:
    for name, slope in slopes.items():
        if not np.isfinite(real_number(slope, name)):
            raise ValueError(f"{name} must be finite, got {slope}")
