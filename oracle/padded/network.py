"""Networks of any architecture that fits the slots, by programs that are compiled once."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from oracle.derivatives import Float64Array
from oracle.description import Description
from oracle.network import Gradients, Layer, LocalVjp
from oracle.padded.divergences import Div, div_of
from oracle.padded.form import WIDTH
from oracle.padded.programs import forward_program, local_vjps_program, passes_program
from oracle.padded.slots import DEPTH, ROWS, Slots, pad_rows


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
    return passes(layers, divergence, x, d)[1]


def passes(
    layers: Sequence[Layer], divergence: Description, x: npt.ArrayLike, d: npt.ArrayLike
) -> tuple[list[Float64Array], Gradients]:
    """What `pre_activations` and `gradients` give, by one program."""
    slots, T = Slots.of(layers), len(np.asarray(x))
    results = passes_program(
        *slots.pad_parameters(layers),
        pad_rows("x", x, T, slots.inputs[0]),
        slots.form,
        np.int32(div_of(divergence, slots.kinds[-1])),
        pad_rows("d", d, T, slots.outputs[-1]),
        np.int32(T),
    )
    loss, z, dW, db, dx = map(np.asarray, results)
    dx = dx[:T, : slots.inputs[0]].copy()
    return _cut_rows(z, T, slots), Gradients(float(loss), *slots.cut_parameters(dW, db), dx)


def pre_activations(layers: Sequence[Layer], x: npt.ArrayLike) -> list[Float64Array]:
    """Every z_k (T, D_k), for x (T, n), as `oracle.pre_activations`."""
    slots, T = Slots.of(layers), len(np.asarray(x))
    padded = pad_rows("x", x, T, slots.inputs[0])
    z = np.asarray(forward_program(*slots.pad_parameters(layers), padded, slots.form))
    return _cut_rows(z, T, slots)


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
    slots, T = Slots.of(layers), len(np.asarray(d))
    div = np.full(DEPTH, Div.INNER_PRODUCT, dtype=np.int32)
    div[-1] = div_of(divergence, slots.kinds[-1])
    instances = np.ones(DEPTH)
    instances[-1] = T
    results = local_vjps_program(
        np.int32(T),
        *slots.pad_parameters(layers),
        slots.form,
        div,
        instances,
        _pad_each("y", y, T, slots, slots.inputs),
        _pad_each("z", z, T, slots, slots.units),
        _pad_each("dy", [*dy, d], T, slots, slots.outputs),
        _pad_each("dz", dz, T, slots, slots.units),
    )
    z_, y_, dz_, weights, biases, inputs = map(np.asarray, results)
    each = zip(
        slots.used,
        slots.inputs,
        slots.units,
        slots.outputs,
        *slots.cut_parameters(weights, biases),
        strict=True,
    )
    return [
        LocalVjp(
            z=z_[slot, :T, :D].copy(),
            y=y_[slot, :T, :m].copy(),
            dz=dz_[slot, :T, :D].copy(),
            weights=W,
            bias=b,
            input=inputs[slot, :T, :C].copy(),
        )
        for slot, C, D, m, W, b in each
    ]


def _pad_each(
    name: str, arrays: Sequence[npt.ArrayLike], T: int, slots: Slots, widths: Sequence[int]
) -> Float64Array:
    padded = np.zeros((DEPTH, ROWS, WIDTH))
    for k, (slot, array, width) in enumerate(zip(slots.used, arrays, widths, strict=True)):
        padded[slot] = pad_rows(f"{name}[{k}]", array, T, width)
    return padded


def _cut_rows(z: Float64Array, T: int, slots: Slots) -> list[Float64Array]:
    return [z[slot, :T, :D].copy() for slot, D in zip(slots.used, slots.units, strict=True)]
