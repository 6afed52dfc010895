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
from oracle.padded.form import Form, Kind, blank, laid_out
from oracle.padded.packing import fill_in
from oracle.padded.slots import ROWS, pad_rows

Program = Callable[..., tuple[jax.Array, ...]]


def activation_fits(description: Description, n: int) -> bool:
    """Whether an activation of z (..., n) fits the form; if not, `jacobian` raises ValueError."""
    try:
        _form(description, n)
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
    _, _, forms = laid_out(*blank(1))
    kind, m = fill_in(forms, 0, description, n)
    return Form(*(field[0] for field in forms)), kind, m


def _by_chunks(
    program: Program,
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
        chunk = slice(start, start + ROWS)
        z, *constants = (array[chunk] for array in rows)
        y, reverse, forward, difference, scale = _run(program, z, *constants)
        reverse, forward = (J[:, *map(slice, derivative)] for J in (reverse, forward))
        if not np.all(difference <= RELATIVE_TOLERANCE * np.maximum(1.0, scale)):
            # Terms that cancel at z leave no trace of their size in J there, but at z / 2.
            scale = np.maximum(scale, _run(program, z / 2, *constants)[4])
            tolerance = RELATIVE_TOLERANCE * np.maximum(1.0, scale)
            if not np.all(difference <= tolerance):
                t = int(np.argmin(difference <= tolerance))
                raise OracleDisagreement(z[t], reverse[t], forward[t], float(tolerance[t]))
        values[chunk] = y[:, *map(slice, value)]
        derivatives[chunk] = np.where(np.isnan(reverse), forward, reverse)
    return values.reshape(leading + value), derivatives.reshape(leading + derivative)


def _run(program: Program, *arrays: Float64Array) -> list[Float64Array]:
    """What a program gives for up to ROWS rows."""
    T = len(arrays[0])
    padded = (pad_rows("z", array, T, array.shape[-1]) for array in arrays)
    return [np.asarray(result)[:T] for result in program(*padded)]


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
    """f(z), its Jacobian in reverse and in forward mode, their largest difference, and their size.

    Beside an infinite number one mode may meet 0 * inf = NaN where the other does not.
    """
    y, reverse, forward = f(z), jax.jacrev(f)(z), jax.jacfwd(f)(z)
    infinite = jnp.isinf(y).any() | jnp.isinf(reverse).any() | jnp.isinf(forward).any()
    nan, other_nan = jnp.isnan(reverse), jnp.isnan(forward)
    same = (reverse == forward) | (nan & other_nan) | (infinite & (nan | other_nan))
    difference = jnp.max(jnp.where(same, 0.0, jnp.abs(reverse - forward)))
    scale = jnp.max(jnp.where(jnp.isfinite(forward), jnp.abs(forward), 0.0))
    return y, reverse, forward, difference, scale
