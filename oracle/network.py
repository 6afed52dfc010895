"""Networks: loss, gradients and the local cotangents of every layer, by autodiff.

z_k = W_k y_{k-1} + b_k and y_k = f_k(z_k), y_0 = x (11-785 F24 lecture 5, slides 122-133). Batches
are rows. The structure of a network is static and its arrays are traced: one program is compiled
per structure and shapes, and used again whenever they come again.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, TypedDict, final

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from oracle.activations import activation
from oracle.compilation import compiled_quickly
from oracle.derivatives import Float64Array
from oracle.description import Description, canonical
from oracle.divergences import divergence_of_z

# What a compiled program depends on and is kept by: the canonical text of each activation, and
# the shape of each array.
Texts = tuple[str, ...]
Shapes = tuple[tuple[int, ...], ...]


class Layer(TypedDict):
    """weights (D_k, width of y_{k-1}), bias (D_k,) and the description of the activation."""

    weights: npt.ArrayLike
    bias: npt.ArrayLike
    activation: Description


@final
@dataclass(frozen=True)
class Gradients:
    """The mean loss over the rows of x, and its gradients, each of its parameter's shape."""

    loss: float
    weights: tuple[Float64Array, ...]
    biases: tuple[Float64Array, ...]
    input: Float64Array


@final
@dataclass(frozen=True)
class LocalVjp:
    """One layer at given points: its two maps, and the cotangents pulled back through each."""

    z: Float64Array  # (T, D_k), W_k y_{k-1} + b_k
    y: Float64Array  # (T, width of y_k), f_k(z_k)
    dz: Float64Array  # (T, D_k), dy_k pulled back through f_k
    weights: Float64Array  # (D_k, width of y_{k-1}), dz_k pulled back to W_k, summed over the rows
    bias: Float64Array  # (D_k,), dz_k pulled back to b_k, summed over the rows
    input: Float64Array  # (T, width of y_{k-1}), dz_k pulled back to y_{k-1}


def loss(
    layers: Sequence[Layer], divergence: Description, x: npt.ArrayLike, d: npt.ArrayLike
) -> float:
    """The mean over the rows of div(Y, d): x (T, n), d (T, m)."""
    return gradients(layers, divergence, x, d).loss


def gradients(
    layers: Sequence[Layer], divergence: Description, x: npt.ArrayLike, d: npt.ArrayLike
) -> Gradients:
    """The loss, and its gradients by every W_k, every b_k and x: x (T, n), d (T, m).

    The divergence of the last layer is in logit form where there is one. Raises ValueError for an
    unknown name and for shapes that do not fit.
    """
    activations, parameters = _split(layers)
    arrays = parameters, _rows("x", x), _rows("d", d)
    program = _gradients_program(activations, canonical(divergence), _shapes(arrays))
    loss, (dparameters, dx) = jax.tree.map(np.array, program(*arrays))
    dweights, dbiases = zip(*dparameters, strict=True)
    return Gradients(float(loss), dweights, dbiases, dx)


def pre_activations(layers: Sequence[Layer], x: npt.ArrayLike) -> list[Float64Array]:
    """Every z_k (T, D_k), for x (T, n)."""
    activations, parameters = _split(layers)
    arrays = parameters, _rows("x", x)
    program = _pre_activations_program(activations, _shapes(arrays))
    return [np.array(z) for z in program(*arrays)]


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

    y[k] (T, width) is the input of layer k, z[k] its pre-activation, dz[k] the cotangent of z[k],
    and dy[k] that of the layer's output, for every layer but the last: the last dz comes from the
    mean divergence of f(z) from d, in logit form where there is one. Nothing is handed from one
    layer to the next, so no rounding is.
    """
    activations, parameters = _split(layers)
    columns = (("y", y), ("z", z), ("dy", dy), ("dz", dz))
    points = {name: [_rows(name, a) for a in arrays] for name, arrays in columns}
    arguments = parameters, points, _rows("d", d)
    program = _local_vjps_program(activations, canonical(divergence), _shapes(arguments))
    return [LocalVjp(*map(np.array, results)) for results in program(*arguments)]


def _split(layers: Sequence[Layer]) -> tuple[Texts, list[tuple[Float64Array, Float64Array]]]:
    """The static half of a network, and the traced half: [(W_1, b_1), ...] in float64."""
    texts, parameters = [], []
    for layer in layers:
        W, b = _rows("weights", layer["weights"]), np.asarray(layer["bias"], dtype=np.float64)
        if b.shape != W.shape[:1]:
            raise ValueError(f"bias must have shape {W.shape[:1]}, got {b.shape}")
        texts.append(canonical(layer["activation"]))
        parameters.append((W, b))
    return tuple(texts), parameters


def _rows(name: str, array: npt.ArrayLike) -> Float64Array:
    rows = np.asarray(array, dtype=np.float64)
    if rows.ndim != 2:
        raise ValueError(f"{name} must have two axes, got shape {rows.shape}")
    return rows


def _shapes(arrays: Any) -> Shapes:
    return tuple(array.shape for array in jax.tree.leaves(arrays))


def _functions(texts: Texts) -> list[Any]:
    return [jax.vmap(activation(json.loads(text))) for text in texts]


def _affine(W: jax.Array, b: jax.Array, y: jax.Array) -> jax.Array:
    return y @ W.T + b


def _forward(activations: Texts, parameters: Any, x: jax.Array) -> list[jax.Array]:
    """Every z_k."""
    z, y = [], x
    for f, (W, b) in zip(_functions(activations), parameters, strict=True):
        z.append(_affine(W, b, y))
        y = f(z[-1])
    return z


@lru_cache(maxsize=128)
def _gradients_program(activations: Texts, divergence: str, shapes: Shapes) -> Any:
    div = jax.vmap(divergence_of_z(json.loads(divergence), json.loads(activations[-1])))

    def mean_loss(parameters: Any, x: jax.Array, d: jax.Array) -> jax.Array:
        return jnp.mean(div(_forward(activations, parameters, x)[-1], d))

    return compiled_quickly(jax.value_and_grad(mean_loss, argnums=(0, 1)))


@lru_cache(maxsize=128)
def _pre_activations_program(activations: Texts, shapes: Shapes) -> Any:
    return compiled_quickly(partial(_forward, activations))


@lru_cache(maxsize=128)
def _local_vjps_program(activations: Texts, divergence: str, shapes: Shapes) -> Any:
    div = jax.vmap(divergence_of_z(json.loads(divergence), json.loads(activations[-1])))

    def program(parameters: Any, points: Any, d: jax.Array) -> list[tuple[jax.Array, ...]]:
        layers = []
        for k, (f, (W, b)) in enumerate(zip(_functions(activations), parameters, strict=True)):
            z, pull_affine = jax.vjp(_affine, W, b, points["y"][k])
            y, pull_activation = jax.vjp(f, points["z"][k])
            if k < len(activations) - 1:
                (dz,) = pull_activation(points["dy"][k])
            else:
                dz = jax.grad(lambda last: jnp.mean(div(last, d)))(points["z"][k])
            layers.append((z, y, dz, *pull_affine(points["dz"][k])))
        return layers

    return compiled_quickly(program)
