"""A network as DEPTH slots of one shape, and a batch as ROWS rows of one width.

The layers take the last slots, so that the last slot is always the last layer; the slots before
hand x on as it is (W = I, b = 0, Identity). Rows that a batch lacks are copies of its first: what
is computed there, and does not count, is then finite wherever the result is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from oracle.derivatives import Float64Array
from oracle.network import Layer
from oracle.padded.form import WIDTH, Form, Kind, blank
from oracle.padded.packing import fill_in

DEPTH = 6
ROWS = 8


@final
@dataclass(frozen=True)
class Slots:
    """The forms of all slots, and of those that layers take, how far they are filled."""

    form: Form  # with a leading axis DEPTH
    kinds: tuple[Kind, ...]
    inputs: tuple[int, ...]  # the width of each y_{k-1},
    units: tuple[int, ...]  # of each z_k,
    outputs: tuple[int, ...]  # and of each y_k

    @classmethod
    def of(cls, layers: Sequence[Layer]) -> "Slots":
        """Raises ValueError for layers that do not fit the slots, or do not follow each other."""
        if not 1 <= len(layers) <= DEPTH:
            raise ValueError(f"layers must be 1 to {DEPTH}, got {len(layers)}")
        form, of_layers = blank(DEPTH), []
        C = np.shape(layers[0]["weights"])[-1]
        if not 1 <= C <= WIDTH:
            raise ValueError(f"x must be 1 to {WIDTH} wide, got {C}")
        for slot, layer in enumerate(layers, DEPTH - len(layers)):
            D = np.size(layer["bias"])
            _check_shapes(layer, D, C)
            kind, m = fill_in(form, slot, layer["activation"], D)
            of_layers.append((kind, C, D, m))
            C = m
        return cls(form, *zip(*of_layers, strict=True))

    @property
    def used(self) -> range:
        """The slots of the layers."""
        return range(DEPTH - len(self.kinds), DEPTH)

    def pad_parameters(self, layers: Sequence[Layer]) -> tuple[Float64Array, Float64Array]:
        """The weights (DEPTH, WIDTH, WIDTH) and the biases (DEPTH, WIDTH)."""
        weights, biases = np.zeros((DEPTH, WIDTH, WIDTH)), np.zeros((DEPTH, WIDTH))
        weights[: self.used.start] = np.eye(WIDTH)
        for slot, layer, C, D in zip(self.used, layers, self.inputs, self.units, strict=True):
            _check_shapes(layer, D, C)
            weights[slot, :D, :C] = layer["weights"]
            biases[slot, :D] = layer["bias"]
        return weights, biases

    def cut_parameters(
        self, weights: Float64Array, biases: Float64Array
    ) -> tuple[tuple[Float64Array, ...], tuple[Float64Array, ...]]:
        """Of each layer, out of arrays as `pad_parameters` gives them."""
        each = list(zip(self.used, self.units, self.inputs, strict=True))
        return (
            tuple(weights[slot, :D, :C].copy() for slot, D, C in each),
            tuple(biases[slot, :D].copy() for slot, D, _ in each),
        )

    def cut_rows(self, z: Float64Array, T: int) -> list[Float64Array]:
        """Of each layer the T rows of z_k, out of (DEPTH, ROWS, WIDTH)."""
        return [z[slot, :T, :D].copy() for slot, D in zip(self.used, self.units, strict=True)]


def _check_shapes(layer: Layer, D: int, C: int) -> None:
    for name, array, shape in (
        ("weights", layer["weights"], (D, C)),
        ("bias", layer["bias"], (D,)),
    ):
        if np.shape(array) != shape:
            raise ValueError(f"{name} must have shape {shape}, got {np.shape(array)}")


def pad_rows(name: str, array: npt.ArrayLike, T: int, width: int) -> Float64Array:
    """(T, width) -> (ROWS, WIDTH). Raises ValueError for another shape, and for too many rows."""
    padded = np.zeros((ROWS, WIDTH))
    pad_into(padded, name, array, T, width)
    return padded


def pad_into(padded: Float64Array, name: str, array: npt.ArrayLike, T: int, width: int) -> None:
    """The same, into zeros (ROWS, WIDTH)."""
    rows = np.asarray(array)
    if rows.shape != (T, width) or not 1 <= T <= ROWS:
        raise ValueError(
            f"{name} must have shape ({T}, {width}) with T <= {ROWS}, got {rows.shape}"
        )
    padded[:T, :width] = rows
    padded[T:, :width] = rows[0]
