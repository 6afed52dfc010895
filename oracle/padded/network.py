"""Networks of any architecture that fits the slots, by programs that are compiled once."""

from collections.abc import Callable, Sequence
from typing import final

import numpy as np
import numpy.typing as npt

from oracle.derivatives import Float64Array
from oracle.description import Description
from oracle.network import Gradients, Layer, LocalVjp
from oracle.padded.divergences import div_of
from oracle.padded.form import WIDTH
from oracle.padded.programs import forward_program
from oracle.padded.running import ONE_BY_ONE, Programs
from oracle.padded.slots import DEPTH, ROWS, Slots, pad_into, pad_rows

Pre = list[Float64Array]


@final
class PaddedLayers:
    """A network in its slots. Raises ValueError for layers that do not fit them.

    The methods start a program, and return a function that waits for it and gives its results: on
    another core, the caller does something else meanwhile. programs: how they are started.
    """

    def __init__(self, layers: Sequence[Layer], programs: Programs = ONE_BY_ONE) -> None:
        self.slots, self.programs = Slots.of(layers), programs

    def passes(
        self, divergence: Description, x: npt.ArrayLike, d: npt.ArrayLike
    ) -> Callable[[], tuple[Pre, Gradients]]:
        """What `pre_activations` and `gradients` give."""
        slots, T = self.slots, len(np.asarray(x))
        x_d = np.zeros((2, ROWS, WIDTH))
        pad_into(x_d[0], "x", x, T, slots.inputs[0])
        pad_into(x_d[1], "d", d, T, slots.outputs[-1])
        div_T = _div_T(divergence, slots, T)
        results = self.programs.passes(slots.numbers, slots.integers, div_T, x_d)

        def wait() -> tuple[Pre, Gradients]:
            loss, z, dW, db, dx = results()
            parameters = slots.cut_parameters(dW, db)
            dx = dx[:T, : slots.inputs[0]].copy()
            return slots.cut_rows(z, T), Gradients(float(loss), *parameters, dx)

        return wait

    def local_vjps(
        self,
        divergence: Description,
        d: npt.ArrayLike,
        y: Sequence[npt.ArrayLike],
        z: Sequence[npt.ArrayLike],
        dy: Sequence[npt.ArrayLike],
        dz: Sequence[npt.ArrayLike],
    ) -> Callable[[], list[LocalVjp]]:
        """What `local_vjps` gives."""
        slots, T = self.slots, len(np.asarray(d))
        points = np.zeros((4, DEPTH, ROWS, WIDTH))
        for i, (name, arrays, widths) in enumerate(
            (
                ("y", y, slots.inputs),
                ("z", z, slots.units),
                ("dy", [*dy, d], slots.outputs),
                ("dz", dz, slots.units),
            )
        ):
            for k, (slot, array, n) in enumerate(zip(slots.used, arrays, widths, strict=True)):
                pad_into(points[i, slot], f"{name}[{k}]", array, T, n)
        div_T = _div_T(divergence, slots, T)
        results = self.programs.local_vjps(slots.numbers, slots.integers, div_T, points)

        def wait() -> list[LocalVjp]:
            z, y, dz, dW, db, dx = results()
            each = zip(
                slots.used, slots.inputs, slots.outputs, *slots.cut_parameters(dW, db), strict=True
            )
            return [
                LocalVjp(
                    z=z[slot, :T, : len(b)].copy(),
                    y=y[slot, :T, :m].copy(),
                    dz=dz[slot, :T, : len(b)].copy(),
                    weights=W,
                    bias=b,
                    input=dx[slot, :T, :C].copy(),
                )
                for slot, C, m, W, b in each
            ]

        return wait


def fits(layers: Sequence[Layer], x: npt.ArrayLike) -> bool:
    """Whether a network and a batch x (T, n) fit; if not, the other functions raise ValueError."""
    try:
        pad_rows("x", x, len(np.asarray(x)), Slots.of(layers).inputs[0])
    except ValueError:
        return False
    return True


def gradients(
    layers: Sequence[Layer], divergence: Description, x: npt.ArrayLike, d: npt.ArrayLike
) -> Gradients:
    """The loss, and its gradients by every W_k, every b_k and x, as `oracle.gradients`."""
    return PaddedLayers(layers).passes(divergence, x, d)()[1]


def pre_activations(layers: Sequence[Layer], x: npt.ArrayLike) -> Pre:
    """Every z_k (T, D_k), for x (T, n), as `oracle.pre_activations`."""
    slots, T = Slots.of(layers), len(np.asarray(x))
    rows = pad_rows("x", x, T, slots.inputs[0])
    z = forward_program(slots.numbers, slots.integers, rows)
    return slots.cut_rows(np.asarray(z), T)


def local_vjps(
    layers: Sequence[Layer],
    divergence: Description,
    d: npt.ArrayLike,
    y: Sequence[npt.ArrayLike],
    z: Sequence[npt.ArrayLike],
    dy: Sequence[npt.ArrayLike],
    dz: Sequence[npt.ArrayLike],
) -> list[LocalVjp]:
    """Every layer by itself, at the points and cotangents that a backward pass recorded.

    y[k] (T, width) is the input of layer k, z[k] its pre-activation, dz[k] the cotangent of z[k]
    and dy[k] that of the layer's output: for all layers but the last, whose `dz` in the result is
    the gradient of the mean divergence from d by z[-1], in logit form where there is one.
    """
    return PaddedLayers(layers).local_vjps(divergence, d, y, z, dy, dz)()


def _div_T(divergence: Description, slots: Slots, T: int) -> npt.NDArray[np.int32]:
    return np.array([div_of(divergence, slots.kinds[-1]), T], dtype=np.int32)
