"""A network as DEPTH slots of one shape, and a batch as ROWS rows of one width.

The layers take the last slots, so that the last slot is always the last layer; the slots before
hand x on as it is (W = I, b = 0, Identity). Rows that a batch lacks are copies of its first: what
is computed there, and does not count, is then finite wherever the result is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import final

import numpy as np
import numpy.typing as npt

from oracle.derivatives import Float64Array
from oracle.network import Layer
from oracle.padded.form import WIDTH, DoesNotFit, Kind, blank, laid_out
from oracle.padded.packing import fill_in

DEPTH = 6
ROWS = 8


@final
@dataclass(frozen=True)
class Slots:
    """What all slots hold, and of those that layers take, how far they are filled."""

    numbers: Float64Array  # (DEPTH, NUMBERS)
    integers: npt.NDArray[np.int32]  # (DEPTH, INTEGERS)
    kinds: tuple[Kind, ...]
    inputs: tuple[int, ...]  # the width of each y_{k-1},
    units: tuple[int, ...]  # of each z_k,
    outputs: tuple[int, ...]  # and of each y_k

    @classmethod
    def of(cls, layers: Sequence[Layer]) -> "Slots":
        """Raises ValueError for layers that do not follow each other, DoesNotFit for too many."""
        if not 1 <= len(layers) <= DEPTH:
            raise DoesNotFit(f"layers must be 1 to {DEPTH}, got {len(layers)}")
        empty_numbers, empty_integers = _empty(len(layers))
        numbers, integers = empty_numbers.copy(), empty_integers.copy()
        weights, biases, forms = laid_out(numbers, integers)
        C = np.shape(layers[0]["weights"])[-1]
        if not 1 <= C <= WIDTH:
            raise DoesNotFit(f"x must be 1 to {WIDTH} wide, got {C}")
        of_layers = []
        for slot, layer in enumerate(layers, DEPTH - len(layers)):
            D = np.size(layer["bias"])
            _check_shapes(layer, D, C)
            kind, m = fill_in(forms, slot, layer["activation"], D)
            weights[slot, :D, :C], biases[slot, :D] = layer["weights"], layer["bias"]
            of_layers.append((kind, C, D, m))
            C = m
        return cls(numbers, integers, *zip(*of_layers, strict=True))

    @property
    def used(self) -> range:
        """The slots of the layers."""
        return range(DEPTH - len(self.kinds), DEPTH)

    def cut_parameters(
        self, weights: Float64Array, biases: Float64Array
    ) -> tuple[tuple[Float64Array, ...], tuple[Float64Array, ...]]:
        """Of each layer, out of (DEPTH, WIDTH, WIDTH) and (DEPTH, WIDTH)."""
        each = list(zip(self.used, self.units, self.inputs, strict=True))
        return (
            tuple(weights[slot, :D, :C].copy() for slot, D, C in each),
            tuple(biases[slot, :D].copy() for slot, D, _ in each),
        )

    def cut_rows(self, z: Float64Array, T: int) -> list[Float64Array]:
        """Of each layer the T rows of z_k, out of (DEPTH, ROWS, WIDTH)."""
        return [z[slot, :T, :D].copy() for slot, D in zip(self.used, self.units, strict=True)]


@cache
def _empty(count: int) -> tuple[Float64Array, npt.NDArray[np.int32]]:
    """Numbers and integers before so many layers take their slots."""
    numbers, integers = blank(DEPTH)
    weights, _, _ = laid_out(numbers, integers)
    weights[: DEPTH - count] = np.eye(WIDTH)
    return numbers, integers


def _check_shapes(layer: Layer, D: int, C: int) -> None:
    for name, array, shape in (
        ("weights", layer["weights"], (D, C)),
        ("bias", layer["bias"], (D,)),
    ):
        if np.shape(array) != shape:
            raise ValueError(f"{name} must have shape {shape}, got {np.shape(array)}")


def pad_into(padded: Float64Array, name: str, array: npt.ArrayLike, T: int, width: int) -> None:
    """(T, width) into zeros (ROWS, WIDTH).

    Raises ValueError for another shape, DoesNotFit for too many rows.
    """
    rows = np.asarray(array)
    if T > ROWS:
        raise DoesNotFit(f"{name} must have at most {ROWS} rows, got {T}")
    if rows.shape != (T, width) or T < 1:
        raise ValueError(f"{name} must have shape ({T}, {width}) with T >= 1, got {rows.shape}")
    padded[:T, :width] = rows
    padded[T:, :width] = rows[0]


def pad_rows(name: str, array: npt.ArrayLike, T: int, width: int) -> Float64Array:
    """(T, width) -> (ROWS, WIDTH), as `pad_into` does."""
    padded = np.zeros((ROWS, WIDTH))
    pad_into(padded, name, array, T, width)
    return padded
