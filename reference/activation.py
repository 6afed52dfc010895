"""What an activation is: a function y = f(z) that knows its own derivative."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from .checks import Array


class Activation(ABC):
    """A function from pre-activations z (..., n) to activations y (..., m), row by row.

    Leading axes are rows and never mix. No method changes its arguments or keeps anything between
    calls (but for the random numbers of a random activation in training): the backward methods are
    given z and y = forward(z) again.
    Source: 11-785 F24 lecture 5, slides 93-105.
    """

    #: Open interval of the z that the function takes.
    domain: tuple[float, float] = (-np.inf, np.inf)

    @abstractmethod
    def output_width(self, n: int) -> int:
        """The width m of y for z of width n; ValueError for an n that it does not take."""

    @abstractmethod
    def forward(self, z: Array) -> Array:
        """y = f(z): (..., n) -> (..., m)."""

    @abstractmethod
    def jacobian(self, z: Array, y: Array) -> Array:
        """J[..., i, j] = dy_i / dz_j: (..., m, n), at z with y = forward(z)."""

    def training_forward(self, z: Array) -> Array:
        """y = f(z) while training; differs from ``forward`` only for a random activation."""
        return self.forward(z)

    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        """dz = dy J, the cotangent of y (..., m) carried back to z (..., n).

        dDiv/dz_j = sum_i (dDiv/dy_i) (dy_i/dz_j) (slide 98). Override it where the structure of J
        lets one do without forming J.
        """
        return np.einsum("...i,...ij->...j", dy, self.jacobian(z, y))

    def training_forward_into(self, z: Array, out: Array) -> None:
        """``training_forward`` into ``out`` (..., m); override it to do without a new array."""
        _put(self.training_forward(z), out, f"{type(self).__name__}.forward")

    def vjp_into(self, z: Array, y: Array, dy: Array, out: Array) -> None:
        """``vjp`` into ``out`` (..., n); override it to do without a new array."""
        _put(self.vjp(z, y, dy), out, f"{type(self).__name__}.vjp")

    def parameters(self) -> dict[str, Any]:
        """The constructor's arguments as plain numbers and lists, fit for JSON.

        Raises TypeError for a class that is not a dataclass: override it there.
        """
        if not is_dataclass(self):
            raise TypeError(f"{type(self).__name__} must be a dataclass or define parameters()")
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.init}


class ScalarActivation(Activation):
    """An activation that acts on each z_i by itself: y_i = f(z_i), J = diag(f'(z)) (slide 138)."""

    @abstractmethod
    def derivative(self, z: Array, y: Array) -> Array:
        """f'(z_i) for each entry: (..., n), at z with y = forward(z)."""

    def output_width(self, n: int) -> int:
        """Every width is taken and kept."""
        return n

    def jacobian(self, z: Array, y: Array) -> Array:
        """diag(f'(z)): (..., n, n)."""
        slopes = self.derivative(z, y)
        return np.where(np.eye(slopes.shape[-1]), slopes[..., :, None], 0)

    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        """dz_i = dy_i f'(z_i), in O(n) (slide 63)."""
        return dy * self.derivative(z, y)


class VectorActivation(Activation):
    """An activation each of whose outputs may depend on every z_j; its Jacobian is explicit."""


def _put(value: Array, out: Array, name: str) -> None:
    if np.shape(value) != out.shape:
        raise ValueError(f"{name} must have shape {out.shape}, got {np.shape(value)}")
    out[...] = value


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
