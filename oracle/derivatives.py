"""Values and derivatives of a function of one instance, for any leading axes, as NumPy float64.

`f` takes z (n,) and perhaps further arrays held constant (a divergence takes its target d), and
is written in jax.numpy. Compiling is what costs, so each function is compiled once for few shapes:
the instances are laid out as rows, and their number is rounded up to a multiple of 8.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, final

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from oracle.compilation import compiled_quickly

Function = Callable[..., jax.Array]
Float64Array = npt.NDArray[np.float64]

# An entry of a Jacobian is a sum over paths of products along them. Both modes multiply and add
# the same numbers in another order, each with some 64 roundings along a path and 64 in the sum.
RELATIVE_TOLERANCE = 2 * (64 + 64) * float(np.finfo(np.float64).eps)


@final
class OracleDisagreement(Exception):
    """Reverse and forward mode give different Jacobians (m, n) at z: autodiff itself errs."""

    def __init__(
        self, z: Float64Array, reverse: Float64Array, forward: Float64Array, tolerance: float
    ) -> None:
        super().__init__(z, reverse, forward, tolerance)
        self.z, self.reverse, self.forward, self.tolerance = z, reverse, forward, tolerance

    def __str__(self) -> str:
        with np.errstate(invalid="ignore"):  # inf - inf
            difference = np.max(np.abs(self.reverse - self.forward))
        return (
            f"jacrev and jacfwd differ by {difference:.3g}, tolerance {self.tolerance:.3g}\n"
            f"z =\n{self.z}\njacrev =\n{self.reverse}\njacfwd =\n{self.forward}"
        )


def value(f: Function, z: npt.ArrayLike, *constants: npt.ArrayLike) -> Float64Array:
    """f(z, *constants): z (..., n) -> (..., m), or (...) where f gives a number."""
    (y,) = _by_rows(_value_program(f), z, *constants)
    return y


def vjp(f: Function, z: npt.ArrayLike, dy: npt.ArrayLike) -> Float64Array:
    """The cotangent of z: dy times the Jacobian of f at z. z (..., n), dy (..., m) -> (..., n)."""
    (dz,) = _by_rows(_vjp_program(f), z, dy)
    return dz


def jacobian(f: Function, z: npt.ArrayLike, *constants: npt.ArrayLike) -> Float64Array:
    """The Jacobian of f by z: z (..., n) -> (..., m, n), or (..., n) where f gives a number.

    Computed by `jax.jacrev` and by `jax.jacfwd`. Raises OracleDisagreement unless they agree, and
    TypeError for an f that has a `jax.custom_vjp`: forward mode does not see through it.
    """
    reverse, forward, tolerance, agree = _by_rows(_jacobian_program(f), z, *constants)
    if not agree.all():
        row = np.unravel_index(np.argmin(agree), agree.shape)
        at = np.asarray(z, dtype=np.float64)[row]
        raise OracleDisagreement(at, reverse[row], forward[row], float(tolerance[row]))
    return reverse


@lru_cache(maxsize=256)
def _value_program(f: Function) -> Any:
    return _program(lambda z, *constants: (f(z, *constants),))


@lru_cache(maxsize=256)
def _vjp_program(f: Function) -> Any:
    return _program(lambda z, dy: jax.vjp(f, z)[1](dy))


@lru_cache(maxsize=256)
def _jacobian_program(f: Function) -> Any:
    def both(z: jax.Array, *constants: jax.Array) -> tuple[jax.Array, ...]:
        reverse = jax.jacrev(f)(z, *constants)
        # Terms that cancel at z leave no trace of their size in the Jacobian there, but at z / 2.
        forwards = jax.vmap(lambda z: jax.jacfwd(f)(z, *constants))(jnp.stack([z, z / 2]))
        forward = forwards[0]
        scale = jnp.max(jnp.where(jnp.isfinite(forwards), jnp.abs(forwards), 0.0))
        tolerance = RELATIVE_TOLERANCE * jnp.maximum(1.0, scale)
        same = (reverse == forward) | (jnp.abs(reverse - forward) <= tolerance)
        # Beside an infinite number one mode may meet 0 * inf = NaN where the other does not.
        infinite = [jnp.isinf(a).any() for a in (f(z, *constants), reverse, forward)]
        nan = jnp.isnan(reverse), jnp.isnan(forward)
        same |= jnp.where(jnp.array(infinite).any(), nan[0] | nan[1], nan[0] & nan[1])
        return reverse, forward, tolerance, same.all()

    return _program(both)


def _program(instance: Callable[..., tuple[jax.Array, ...]]) -> Any:
    """The function `instance` for a batch of rows, compiled."""
    return compiled_quickly(jax.vmap(instance))


def _by_rows(program: Any, *arguments: npt.ArrayLike) -> list[npt.NDArray[Any]]:
    """Calls a program on arrays (..., width) that share their leading axes."""
    arrays = [np.asarray(a, dtype=np.float64) for a in arguments]
    shapes = [a.shape for a in arrays]
    leading = shapes[0][:-1]
    if any(len(shape) == 0 or shape[:-1] != leading for shape in shapes):
        raise ValueError(f"arrays must have the same leading axes, got shapes {shapes}")
    rows = math.prod(leading)
    padding = ((0, -rows % 8), (0, 0))
    results = program(*(np.pad(a.reshape(rows, a.shape[-1]), padding, "edge") for a in arrays))
    return [np.array(result)[:rows].reshape(leading + result.shape[1:]) for result in results]
