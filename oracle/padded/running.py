"""How the padded programs are run: a call for each network, or one for many.

For one small network a call takes several times as long as its work.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, final

import jax
import numpy as np
import numpy.typing as npt

from oracle.padded.programs import local_vjps_program, passes_program

Arrays = list[npt.NDArray[Any]]
Program = Callable[..., tuple[jax.Array, ...]]

#: Hands a program its arguments, and returns a function that waits for its results.
Start = Callable[..., Callable[[], Arrays]]

#: Networks in one call.
TOGETHER = 32


@final
@dataclass(frozen=True)
class Programs:
    """How `passes_program` and `local_vjps_program` are started, with the arguments of each."""

    passes: Start
    local_vjps: Start


def _alone(program: Program) -> Start:
    def start(*arguments: Any) -> Callable[[], Arrays]:
        results = program(*arguments)
        return lambda: [np.asarray(result) for result in results]

    return start


ONE_BY_ONE = Programs(_alone(passes_program), _alone(local_vjps_program))


def together() -> Programs:
    """One call for TOGETHER networks, in the order in which they come; for fewer as soon as a
    result is waited for.
    """
    return Programs(_Calls(_passes_in_turn), _Calls(_local_vjps_in_turn))


@jax.jit
def _passes_in_turn(*arguments: jax.Array) -> tuple[jax.Array, ...]:
    return jax.lax.map(lambda one: passes_program(*one), arguments)


@jax.jit
def _local_vjps_in_turn(*arguments: jax.Array) -> tuple[jax.Array, ...]:
    return jax.lax.map(lambda one: local_vjps_program(*one), arguments)


@final
class _Calls:
    """The calls of a program that works out TOGETHER networks in turn."""

    def __init__(self, program: Program) -> None:
        self.call = _Call(program)

    def __call__(self, *arguments: Any) -> Callable[[], Arrays]:
        if self.call.started:
            self.call = _Call(self.call.program)
        return self.call.add(arguments)


@final
@dataclass
class _Call:
    """A call that waits for more networks; each of its results has one row for every network."""

    program: Program
    arguments: list[tuple[Any, ...]] = field(default_factory=list)
    results: tuple[jax.Array, ...] = ()
    arrays: Arrays = field(default_factory=list)

    @property
    def started(self) -> bool:
        return bool(self.results)

    def add(self, arguments: tuple[Any, ...]) -> Callable[[], Arrays]:
        i = len(self.arguments)
        self.arguments.append(arguments)
        if len(self.arguments) == TOGETHER:
            self.start()
        return lambda: self.wait(i)

    def start(self) -> None:
        missing = TOGETHER - len(self.arguments)
        each = [*self.arguments, *self.arguments[:1] * missing]
        self.results = self.program(*map(np.stack, zip(*each, strict=True)))

    def wait(self, i: int) -> Arrays:
        if not self.started:
            self.start()
        if not self.arrays:
            self.arrays = [np.asarray(result) for result in self.results]
        return [array[i] for array in self.arrays]
