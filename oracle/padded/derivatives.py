"""Values and derivatives of single activations and divergences, as NumPy float64.

Here the function is known when a program is compiled: one short program for each. The instances go
through in chunks of ROWS.
"""

import math
from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from oracle.derivatives import RELATIVE_TOLERANCE, Float64Array, OracleDisagreement
from oracle.description import Description
from oracle.padded.activations import activation as activation_of
from oracle.padded.divergences import Div, div_of
from oracle.padded.divergences import divergence as divergence_by
from oracle.padded.form import Form, Kind, blank, fill_in
from oracle.padded.slots import ROWS, pad_rows


def activation_fits(description: Description, n: int) -> bool:
    """Whether an activation of z (..., n) fits the form; if not, `jacobian` raises ValueError."""
    try:
        fill_in(blank(1), 0, description, n)
    except ValueError:
        return False
    return True


def jacobian(description: Description, z: npt.ArrayLike) -> tuple[Float64Array, Float64Array]:
    """An activation and its Jacobian: z (..., n) -> y (..., m) and J (..., m, n).

    Raises OracleDisagreement unless reverse and forward mode agree.
    """
    z = np.asarray(z, dtype=np.float64)
    form, kind, m = _form(description, z.shape[-1])
    program = partial(_activation_program, kind, form)
    return _by_chunks(program, (z,), (m,), (m, z.shape[-1]))


def divergence(
    description: Description, y: npt.ArrayLike, d: npt.ArrayLike
) -> tuple[Float64Array, Float64Array]:
    """div(y, d) (...) and its derivative by y (..., m), for y and d (..., m).

    Raises OracleDisagreement unless reverse and forward mode agree.
    """
    return divergence_of_z(description, {"name": "Identity"}, y, d)


def divergence_of_z(
    divergence: Description, activation: Description, z: npt.ArrayLike, d: npt.ArrayLike
) -> tuple[Float64Array, Float64Array]:
    """div(f(z), d) (...) and its derivative by z (..., n): in logit form where there is one.

    Raises OracleDisagreement unless reverse and forward mode agree.
    """
    z, d = np.asarray(z, dtype=np.float64), np.asarray(d, dtype=np.float64)
    form, kind, m = _form(activation, z.shape[-1])
    if d.shape != (*z.shape[:-1], m):
        raise ValueError(f"d must have shape {(*z.shape[:-1], m)}, got {d.shape}")
    program = partial(_divergence_program, div_of(divergence, kind), kind, form)
    return _by_chunks(program, (z, d), (), (z.shape[-1],))


def _form(description: Description, n: int) -> tuple[Form, Kind, int]:
    forms = blank(1)
    kind, m = fill_in(forms, 0, description, n)
    return Form(*(field[0] for field in forms)), kind, m


def _by_chunks(
    program: Callable[..., tuple[jax.Array, ...]],
    arrays: tuple[Float64Array, ...],
    value: tuple[int, ...],
    derivative: tuple[int, ...],
) -> tuple[Float64Array, Float64Array]:
    """Values and derivatives of these shapes, for arrays (..., width) with equal leading axes."""
    leading = arrays[0].shape[:-1]
    count = math.prod(leading)
    rows = [array.reshape(count, array.shape[-1]) for array in arrays]
    values, derivatives = np.empty((count, *value)), np.empty((count, *derivative))
    for start in range(0, count, ROWS):
        here = slice(start, min(start + ROWS, count))
        T = here.stop - start
        chunk = [pad_rows("z", array[here], T, array.shape[-1]) for array in rows]
        results = [np.asarray(result)[:T] for result in program(*chunk)]
        y, tolerance, agree = results[0], results[3], results[4]
        reverse, forward = (J[:, *map(slice, derivative)] for J in results[1:3])
        if not agree.all():
            t = int(np.argmin(agree))
            at = rows[0][start + t]
            raise OracleDisagreement(at, reverse[t], forward[t], float(tolerance[t]))
        values[here] = y[:, *map(slice, value)]
        derivatives[here] = np.where(np.isnan(reverse), forward, reverse)
    return values.reshape(leading + value), derivatives.reshape(leading + derivative)


@partial(jax.jit, static_argnums=0)
def _activation_program(kind: Kind, form: Form, z: jax.Array) -> tuple[jax.Array, ...]:
    return jax.vmap(lambda z: _both_modes(partial(activation_of, kind, form), z))(z)


@partial(jax.jit, static_argnums=(0, 1))
def _divergence_program(
    div: Div, kind: Kind, form: Form, z: jax.Array, d: jax.Array
) -> tuple[jax.Array, ...]:
    def instance(z: jax.Array, d: jax.Array) -> tuple[jax.Array, ...]:
        return _both_modes(
            lambda z: divergence_by(div, form, z, activation_of(kind, form, z), d), z
        )

    return jax.vmap(instance)(z, d)


def _both_modes(f: Callable[[jax.Array], jax.Array], z: jax.Array) -> tuple[jax.Array, ...]:
    """f(z), its Jacobian in reverse and in forward mode, the tolerance, and whether they agree.

    The tolerance, and what else counts as agreement, is that of `oracle.jacobian`.
    """
    y, reverse = f(z), jax.jacrev(f)(z)
    # Terms that cancel at z leave no trace of their size in the Jacobian there, but at z / 2.
    forward, nearby = jax.vmap(jax.jacfwd(f))(jnp.stack([z, z / 2]))
    sizes = jnp.abs(jnp.stack([forward, nearby]))
    scale = jnp.max(jnp.where(jnp.isfinite(sizes), sizes, 0.0))
    tolerance = RELATIVE_TOLERANCE * jnp.maximum(1.0, scale)
    # Beside an infinite number one mode may meet 0 * inf = NaN where the other does not.
    infinite = jnp.isinf(y).any() | jnp.isinf(reverse).any() | jnp.isinf(forward).any()
    nan, other_nan = jnp.isnan(reverse), jnp.isnan(forward)
    same = (reverse == forward) | (jnp.abs(reverse - forward) <= tolerance)
    same |= (nan & other_nan) | (infinite & (nan | other_nan))
    return y, reverse, forward, tolerance, same.all()
