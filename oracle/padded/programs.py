"""The programs for networks: compiled once, for DEPTH slots and ROWS rows.

A slot is a row of `numbers` and one of `integers`, see `oracle.padded.form`; `div_T` is the
divergence and the number of rows that count.
"""

from typing import Any

import jax
import jax.numpy as jnp

from oracle.padded.activations import any_activation
from oracle.padded.divergences import Div, any_divergence
from oracle.padded.form import Form, laid_out
from oracle.padded.slots import DEPTH, ROWS

_activations = jax.vmap(any_activation, in_axes=(None, 0))


def _affine(W: jax.Array, b: jax.Array, y: jax.Array) -> jax.Array:
    return y @ W.T + b


def _forward(
    W: jax.Array, b: jax.Array, x: jax.Array, numbers: jax.Array, integers: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """The last y, and every z_k."""

    def layer(y: jax.Array, slot: tuple[jax.Array, ...]) -> Any:
        W, b, *rows = slot
        _, _, form = laid_out(*rows)
        z = _affine(W, b, y)
        return _activations(form, z), z

    return jax.lax.scan(layer, x, (W, b, numbers, integers))


def _sum_over_rows(
    div: jax.Array, form: Form, z: jax.Array, y: jax.Array, d: jax.Array, T: jax.Array
) -> jax.Array:
    """The sum of the first T divergences."""
    each = jax.vmap(any_divergence, in_axes=(None, None, 0, 0, 0))(div, form, z, y, d)
    return jnp.sum(jnp.where(jnp.arange(ROWS) < T, each, 0.0))


@jax.jit
def forward_program(numbers: jax.Array, integers: jax.Array, x: jax.Array) -> jax.Array:
    """Every z_k."""
    W, b, _ = laid_out(numbers, integers)
    return _forward(W, b, x, numbers, integers)[1]


@jax.jit
def passes_program(
    numbers: jax.Array, integers: jax.Array, div_T: jax.Array, x_d: jax.Array
) -> tuple[jax.Array, ...]:
    """Loss, every z_k, dW, db and dx. x_d: x and d, (2, ROWS, WIDTH)."""
    W, b, forms = laid_out(numbers, integers)
    last = Form(*(field[-1] for field in forms))
    div, T = div_T

    def mean_loss(W: jax.Array, b: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        y, z = _forward(W, b, x, numbers, integers)
        return _sum_over_rows(div, last, z[-1], y, x_d[1], T) / T, z

    differentiated = jax.value_and_grad(mean_loss, argnums=(0, 1, 2), has_aux=True)
    (loss, z), gradients = differentiated(W, b, x_d[0])
    return loss, z, *gradients


@jax.jit
def local_vjps_program(
    numbers: jax.Array, integers: jax.Array, div_T: jax.Array, points: jax.Array
) -> tuple[jax.Array, ...]:
    """z, y, dz, dW, db and dx of each slot. points: y, z, dy and dz, (4, DEPTH, ROWS, WIDTH).

    In place of a cotangent, the last dy holds d.
    """
    last, T = jnp.arange(DEPTH) == DEPTH - 1, div_T[1]
    div, instances = jnp.where(last, div_T[0], Div.INNER_PRODUCT), jnp.where(last, T, 1)

    def slot(arguments: Any) -> tuple[jax.Array, ...]:
        numbers, integers, div, instances, y_in, z_in, d, dz_in = arguments
        W, b, form = laid_out(numbers, integers)

        def pulled_back(z: jax.Array) -> tuple[jax.Array, jax.Array]:
            y = _activations(form, z)
            return _sum_over_rows(div, form, z, y, d, T) / instances, y

        (_, y), dz = jax.value_and_grad(pulled_back, has_aux=True)(z_in)
        z, pull_affine = jax.vjp(_affine, W, b, y_in)
        counted = jnp.arange(ROWS)[:, None] < T
        return z, y, dz, *pull_affine(jnp.where(counted, dz_in, 0.0))

    return jax.lax.map(slot, (numbers, integers, div, instances, *points))
