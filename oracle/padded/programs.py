"""The programs for networks: compiled once, for DEPTH slots and ROWS rows."""

from typing import Any

import jax
import jax.numpy as jnp

from oracle.padded.activations import any_activation
from oracle.padded.divergences import any_divergence
from oracle.padded.form import Form
from oracle.padded.slots import ROWS

_activations = jax.vmap(any_activation, in_axes=(None, 0))


def _affine(W: jax.Array, b: jax.Array, y: jax.Array) -> jax.Array:
    return y @ W.T + b


def _forward(W: jax.Array, b: jax.Array, x: jax.Array, form: Form) -> tuple[jax.Array, jax.Array]:
    """The last y, and every z_k."""

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
def forward_program(W: jax.Array, b: jax.Array, x: jax.Array, form: Form) -> jax.Array:
    """Every z_k."""
    return _forward(W, b, x, form)[1]


@jax.jit
def passes_program(
    W: jax.Array,
    b: jax.Array,
    x: jax.Array,
    form: Form,
    div: jax.Array,
    d: jax.Array,
    T: jax.Array,
) -> tuple[jax.Array, ...]:
    """Loss, every z_k, dW, db and dx."""

    def mean_loss(W: jax.Array, b: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        y, z = _forward(W, b, x, form)
        last = Form(*(field[-1] for field in form))
        return _sum_over_rows(div, last, z[-1], y, d, T) / T, z

    (loss, z), gradients = jax.value_and_grad(mean_loss, argnums=(0, 1, 2), has_aux=True)(W, b, x)
    return loss, z, *gradients


@jax.jit
def local_vjps_program(T: jax.Array, *slots: Any) -> tuple[jax.Array, ...]:
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
