"""Who says what is right: autodiff of a function in JAX, or differences of the forward itself."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, final

import jax
import jax.numpy as jnp
import numpy as np

from oracle.compilation import compiled_quickly

from ..compare import Float64Array
from .calls import Caller
from .case import FuzzCase
from .differences import derivatives
from .finding import Finding
from .regimes import numbers
from .target import Target

#: Rows are judged so many at a time: one compilation for each width.
ROWS = 64
ENTRIES = 1024

Function = Callable[..., Any]


@final
@dataclass(frozen=True)
class Truth:
    """What a witness says of rows z (N, n): y (N, m), jacobian (N, m, n), and how sure it is.

    doubt: an error that the Jacobian may have beyond rounding, 0 for autodiff.
    """

    y: Float64Array
    jacobian: Float64Array
    doubt: Float64Array

    def of(self, rows: Any) -> Truth:
        """Of these rows alone."""
        return Truth(self.y[rows], self.jacobian[rows], self.doubt[rows])


class Witness(ABC):
    """A source of true values and Jacobians, row by row, in float64.

    name: as the verdict calls it. function: of which it knows the derivative. blind: what it
    cannot see, empty where there is nothing.
    smooth: whether it sees the function between two adjacent floats, so that kinks can be found.
    foreseen: what it has been asked about beforehand, by the numbers themselves.
    """

    name: str
    function: str
    blind: str
    smooth: bool
    foreseen: dict[tuple[int, bytes], Truth]

    def judge(self, z: Float64Array) -> Truth:
        """Values and Jacobians of the rows z (N, n)."""
        known = self.foreseen.get(_key(z))
        return self.ask(z) if known is None else known

    def foresee(self, rows: Iterable[Float64Array]) -> None:
        """Ask about the rows (N, n) of many cases at once: that takes less time than one by one."""
        by_width: dict[int, list[Float64Array]] = {}
        for z in rows:
            by_width.setdefault(z.shape[1], []).append(z)
        self.foreseen = {}
        for group in by_width.values():
            truth = self.ask(np.concatenate(group))
            start = 0
            for z in group:
                part = slice(start, start := start + len(z))
                self.foreseen[_key(z)] = truth.of(part)

    @abstractmethod
    def ask(self, z: Float64Array) -> Truth:
        """The same, worked out."""

    def values(self, z: Float64Array) -> Float64Array:
        """The values y (N, m) alone."""
        return self.judge(z).y

    def judge_in_float32(self, z: Float64Array) -> Truth | None:
        """The same computed in float32 throughout, None where that is not known."""
        return None

    def prepare(self, widths: list[int]) -> None:
        """Whatever takes time is done now, for rows of these widths."""


def _key(z: Float64Array) -> tuple[int, bytes]:
    return z.shape[1], z.tobytes()


class WitnessError(Exception):
    """The witness itself fails: it raises, or gives something else than a row."""


@final
class Autodiff(Witness):
    """Reverse-mode autodiff of factor * f, f written in jax.numpy: a row z (n,) -> y (m,)."""

    smooth = True

    def __init__(self, f: Function, name: str, blind: str = "", factor: float = 1.0) -> None:
        self.f, self.function, self.blind, self.factor, self.foreseen = f, name, blind, factor, {}
        self.name, self.compiling = f"autodiff of {name}", dict[int, Future[Truth]]()

    def ask(self, z: Float64Array) -> Truth:
        """See Witness. Raises WitnessError for an f that raises."""
        compiling = self.compiling.pop(z.shape[1], None)
        if compiling is not None:
            compiling.result()
        return self._judge(z, np.float64)

    def judge_in_float32(self, z: Float64Array) -> Truth | None:
        """See Witness."""
        try:
            return self._judge(z, np.float32)
        except WitnessError:
            return None

    def prepare(self, widths: list[int]) -> None:
        """Compile for these widths, on as many threads as there are processors, in the background:
        only who asks about a width waits for it.
        """
        pool = ThreadPoolExecutor(os.cpu_count())
        calm = {n: np.full((1, n), 0.5) for n in widths}
        self.compiling = {n: pool.submit(self._judge, z, np.float64) for n, z in calm.items()}
        pool.shutdown(wait=False)

    def _judge(self, z: Float64Array, dtype: Any) -> Truth:
        size = ENTRIES if z.shape[1] == 1 else ROWS
        parts = []
        for start in range(0, len(z), size):
            rows = z[start : start + size]
            padded = np.empty((size, z.shape[1]), dtype)
            with np.errstate(over="ignore"):
                padded[: len(rows)], padded[len(rows) :] = rows, rows[0]
            try:
                y, jacobian = _program(self.f, self.factor)(padded)
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


@final
class Differences(Witness):
    """Extrapolated differences of the hand-written forward itself."""

    smooth = False

    def __init__(self, target: Target) -> None:
        self.call, self.domain, self.foreseen = Caller(target), target.domain, {}
        self.function = "the forward"
        self.name = "extrapolated differences of the forward itself"
        self.blind = (
            "mistakes in the forward, errors below about 1e-8 (next to a joint 1e-6), slopes that "
            "change within 1e-9 of z, and in rows wider than three most of what is chosen at a tie"
        )

    def ask(self, z: Float64Array) -> Truth:
        """See Witness."""
        y = self.values(z)
        slopes = derivatives(self._forward, z, self.domain)
        return Truth(y, slopes.estimate, slopes.error)

    def values(self, z: Float64Array) -> Float64Array:
        """See Witness: no slope is worked out."""
        return self._forward(z.copy())

    def _forward(self, z: Float64Array) -> Float64Array:
        """Rows (N, m). Raises Finding where the forward fails, or gives other than N rows."""
        try:
            return self.call.values(z).astype(np.float64)
        except Finding as finding:
            m = self.call.target.output_width(z.shape[1])
            raise finding.at(FuzzCase(z, np.ones((len(z), m)), "witness")) from None


def choose(target: Target, f: Function | None) -> Witness:
    """Autodiff of f, or of the target's own forward if JAX can run it; else differences.

    Raises WitnessError for an f that JAX cannot run at any width that the target takes.
    """
    width = next(iter(target.widths())) if not target.elementwise else 1
    if f is not None:
        witness = Autodiff(f, _name(f), factor=target.factor)
        witness.judge(np.full((1, width), target.inside))
        if target.elementwise:
            _require_elementwise(witness, target.domain)
        return witness
    own = Autodiff(
        target.forward, f"{target.name}.forward on JAX arrays", "mistakes in the forward itself"
    )
    try:
        truth = own.judge(np.full((1, width), target.inside))
        y = target.forward(np.full((1, width), target.inside))
        if truth.y.shape == np.shape(y):
            return own
    except (Exception, SystemExit):
        pass
    return Differences(target)


def _require_elementwise(witness: Autodiff, domain: tuple[float, float]) -> None:
    """Raise WitnessError unless the oracle makes of each number in a row what it makes of it alone.

    An elementwise target is judged number by number, so that would not show otherwise.
    """
    z = numbers(np.random.default_rng(0), "normal", (1, 3), domain, np.empty((0, 3)))
    together, alone = witness.judge(z).y, witness.judge(z.reshape(-1, 1)).y
    if together.size != alone.size:
        came = f"{together.size} numbers for 3"
    elif not np.allclose(together.ravel(), alone.ravel(), 1e-9, 1e-9, equal_nan=True):
        came = f"{together.ravel()} for z = {z[0]}, and {alone.ravel()} for each alone"
    else:
        return
    raise WitnessError(
        f"{witness.function} must be elementwise, as the target is, but gives {came}"
    )


def _name(f: Function) -> str:
    return public_name(f) or str(getattr(f, "__name__", type(f).__name__))


def public_name(f: Function) -> str | None:
    """``jax.nn.silu`` for what JAX exports under that name; None for any other function."""
    import jax.scipy.special

    modules = (jax.numpy, jax.nn, jax.numpy.linalg, jax.scipy.special, jax.lax)
    for module in modules:
        for name, value in vars(module).items():
            if value is f and not name.startswith("_"):
                return f"{module.__name__}.{name}"
    return None
