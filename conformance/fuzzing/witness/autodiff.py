"""Autodiff of a function in JAX, compiled once for each width."""

from __future__ import annotations

import os
from collections.abc import Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache, partial
from typing import Any, final

import jax
import jax.numpy as jnp
import numpy as np

from oracle.compilation import compiled_quickly

from ...compare import Float64Array
from .witness import Function, Truth, Witness, WitnessError

#: Rows are judged so many at a time: one compilation for each width.
ROWS = 64

#: And numbers.
NUMBERS = 1024


@final
class Autodiff(Witness):
    """Autodiff of factor * f, f written in jax.numpy: a row z (n,) -> y (m,).

    In reverse mode, or forward for a loop of unknown length.
    """

    smooth = True

    def __init__(self, f: Function, name: str, blind: str = "", factor: float = 1.0) -> None:
        self.f, self.function, self.blind, self.factor, self.foreseen = f, name, blind, factor, {}
        self.name, self.compiling = f"autodiff of {name}", dict[int, Future[Truth]]()
        self.key = f if isinstance(f, Hashable) else partial(f)

    def ask(self, z: Float64Array) -> Truth:
        """See Witness. Raises WitnessError for an f that raises."""
        compiling = self.compiling.pop(z.shape[1], None)
        if compiling is not None:
            compiling.result()
        return self._truth(z, np.float64)

    def truth_in_float32(self, z: Float64Array) -> Truth | None:
        """See Witness."""
        try:
            return self._truth(z, np.float32)
        except WitnessError:
            return None

    def prepare(self, widths: list[int]) -> None:
        """Compile for these widths, on as many threads as there are processors, in the background:
        only who asks about a width waits for it.
        """
        pool = ThreadPoolExecutor(os.cpu_count())
        calm = {n: np.full((1, n), 0.5) for n in widths}
        self.compiling = {n: pool.submit(self._truth, z, np.float64) for n, z in calm.items()}
        pool.shutdown(wait=False)

    def _truth(self, z: Float64Array, dtype: Any) -> Truth:
        size = NUMBERS if z.shape[1] == 1 else ROWS
        parts = []
        for start in range(0, len(z), size):
            rows = z[start : start + size]
            padded = np.empty((size, z.shape[1]), dtype)
            with np.errstate(over="ignore"):
                padded[: len(rows)], padded[len(rows) :] = rows, rows[0]
            try:
                y, jacobian = _program(self.key, self.factor)(padded)
            except Exception as error:
                reason = f"{type(error).__name__}: {error}".split("\n")[0]
                raise WitnessError(
                    f"{self.name} fails on z (n,) with n = {z.shape[1]}: {reason}"
                ) from error
            parts.append((np.asarray(y)[: len(rows)], np.asarray(jacobian)[: len(rows)]))
        y, jacobian = (np.concatenate(part).astype(np.float64) for part in zip(*parts, strict=True))
        return Truth(y, jacobian, np.zeros_like(jacobian))


@lru_cache(maxsize=128)
def _program(f: Function, factor: float) -> Any:
    """Value and Jacobian of factor * f for a batch of rows, compiled."""

    def row(z: jax.Array) -> tuple[jax.Array, jax.Array]:
        def flat(z: jax.Array) -> jax.Array:
            try:
                y = f(z)
            except (TypeError, ValueError, IndexError):  # some functions take a batch alone
                y = f(z[None])
            return factor * jnp.ravel(jnp.asarray(y, dtype=z.dtype))

        try:
            y, pull = jax.vjp(flat, z)
            return y, jax.vmap(lambda dy: pull(dy)[0])(jnp.eye(y.size, dtype=y.dtype))
        except ValueError:  # a loop of unknown length has no reverse mode
            return flat(z), jax.jacfwd(flat)(z)

    return compiled_quickly(jax.vmap(row))
