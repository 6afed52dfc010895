"""Networks of any architecture that fits the slots, by programs that are compiled once."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from oracle.derivatives import Float64Array
from oracle.description import Description
from oracle.network import Gradients, Layer, LocalVjp
from oracle.padded.activations import any_activation
from oracle.padded.divergences import Div, any_divergence, div_of
from oracle.padded.form import WIDTH, Form
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
    return gradients_at([(layers, x)], divergence, d)[0]


def gradients_at(
    variants: Sequence[tuple[Sequence[Layer], npt.ArrayLike]],
    divergence: Description,
    d: npt.ArrayLike,
) -> list[Gradients]:
    """The gradients at several (layers, x), of which the first says shapes and activations.

    Compiled once for each number of variants.
    """
    layers, x = variants[0]
    slots, T = Slots.of(layers), len(np.asarray(x))
    weights, biases = zip(*(slots.pad_parameters(each) for each, _ in variants), strict=True)
    batches = [pad_rows("x", each, T, slots.inputs[0]) for _, each in variants]
    target = pad_rows("d", d, T, slots.outputs[-1])
    div = np.int32(div_of(divergence, slots.kinds[-1]))
    results = _gradients_program(
        np.stack(weights), np.stack(biases), np.stack(batches), slots.form, div, target, np.int32(T)
    )
    return [
        Gradients(float(loss), *slots.cut_parameters(W, b), x[:T, : slots.inputs[0]].copy())
        for loss, W, b, x in zip(*map(np.asarray, results), strict=True)
    ]


def pre_activations(layers: Sequence[Layer], x: npt.ArrayLike) -> list[Float64Array]:
    """Every z_k (T, D_k), for x (T, n), as `oracle.pre_activations`."""
    slots, T = Slots.of(layers), len(np.asarray(x))
    padded = pad_rows("x", x, T, slots.inputs[0])
    z = np.asarray(_forward_program(*slots.pad_parameters(layers), padded, slots.form))
    return [z[slot, :T, :D].copy() for slot, D in zip(slots.used, slots.units, strict=True)]


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
    results = _local_program(
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


_activations = jax.vmap(any_activation, in_axes=(None, 0))


def _affine(W: jax.Array, b: jax.Array, y: jax.Array) -> jax.Array:
    return y @ W.T + b


def _forward(W: jax.Array, b: jax.Array, x: jax.Array, form: Form) -> tuple[jax.Array, jax.Array]:
    """The last y, and every z_k."""

    @jax.checkpoint
    def layer(y: jax.Array, slot: tuple[jax.Array, jax.Array, Form]) -> Any:
        W, b, form = slot
        z = _affine(W, b, y)
        return _activations(form, z), z

    return jax.lax.scan(layer, x, (W, b, form))


def _sum_over_rows(
    div: jax.Array, form: Form, z: jax.Array, y: jax.Array, d: jax.Array, T: jax.Array
) -> jax.Array:
    """The sum of the first T divergences."""
    each = jax.vmap(any_divergence, in_axes=(None, None, 0, 0, 0))(div, form, z, y, d)
    return jnp.sum(jnp.where(jnp.arange(ROWS) < T, each, 0.0))


@jax.jit
def _forward_program(W: jax.Array, b: jax.Array, x: jax.Array, form: Form) -> jax.Array:
    return _forward(W, b, x, form)[1]


@jax.jit
def _gradients_program(
    W: jax.Array,
    b: jax.Array,
    x: jax.Array,
    form: Form,
    div: jax.Array,
    d: jax.Array,
    T: jax.Array,
) -> tuple[jax.Array, ...]:
    """Loss, dW, db and dx; W, b, x and the results have a leading axis of variants."""

    def mean_loss(W: jax.Array, b: jax.Array, x: jax.Array) -> jax.Array:
        y, z = _forward(W, b, x, form)
        last = Form(*(field[-1] for field in form))
        return _sum_over_rows(div, last, z[-1], y, d, T) / T

    loss, gradients = jax.vmap(jax.value_and_grad(mean_loss, argnums=(0, 1, 2)))(W, b, x)
    return loss, *gradients


@jax.jit
def _local_program(T: jax.Array, *slots: Any) -> tuple[jax.Array, ...]:
    """z, y, dz, dW, db and dx, all with a leading axis of slots, as the arguments but T."""

    def slot(arguments: Any) -> tuple[jax.Array, ...]:
        W, b, form, div, instances, y_in, z_in, d, dz_in = arguments

        def pulled_back(z: jax.Array) -> tuple[jax.Array, jax.Array]:
            y = _activations(form, z)
            return _sum_over_rows(div, form, z, y, d, T) / instances, y

        (_, y), dz = jax.value_and_grad(pulled_back, has_aux=True)(z_in)
        z, pull_affine = jax.vjp(_affine, W, b, y_in)
        counted = jnp.arange(ROWS)[:, None] < T
        return z, y, dz, *pull_affine(jnp.where(counted, dz_in, 0.0))

    return jax.lax.map(slot, slots)
