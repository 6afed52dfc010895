"""``fuzz`` and ``assert_conforms``: is this hand-written derivative right?"""

from __future__ import annotations

import contextlib
import io
import math
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..verdict_log import LISTENERS
from .explain.reproducer import Origin
from .subject.making import target_of
from .subject.time_limit import TimeIsUp, time_limit
from .trial import Trial
from .verdict import Verdict
from .witness.witness import Function


class NonConformance(AssertionError):
    """Raised by ``assert_conforms``; ``verdict`` is the whole verdict, its text the message."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(str(verdict))
        self.verdict = verdict


def assert_conforms(
    target: Any,
    oracle: Function | None = None,
    *,
    max_examples: int = 500,
    seed: int = 0,
    name: str | None = None,
) -> Verdict:
    """The verdict of ``fuzz``; raises NonConformance, an AssertionError, unless it conforms."""
    __tracebackhide__ = True
    verdict = fuzz(target, oracle, max_examples=max_examples, seed=seed, name=name)
    for listener in LISTENERS:
        listener(verdict)
    if not verdict.conforms:
        raise NonConformance(verdict)
    return verdict


def fuzz(
    target: Any,
    oracle: Function | None = None,
    *,
    max_examples: int = 500,
    seed: int = 0,
    name: str | None = None,
    timeout: float | None = None,
    origin: Origin | None = None,
    oracle_origin: Origin | None = None,
) -> Verdict:
    """Judge a hand-written function and its derivative on drawn inputs, and say what is wrong.

    target: a class or an object with forward and derivative, jacobian or vjp, as ScalarActivation
    and VectorActivation have, or a pair of functions (forward, backward); see ``target_of``.
    oracle: an independent forward in JAX, of one row (n,), or for an elementwise target of one
    number. Without one, the target's own forward is differentiated: by JAX where it is written
    against the array API, else by extrapolated differences. max_examples: cases to judge. The same
    seed gives the same verdict. timeout: seconds after which the verdict is "error" (in the main
    thread, and not while XLA computes: an oracle that never returns is ended by ``backprop fuzz``,
    which judges in a process of its own).

    Raises TypeError for what is no target, ValueError for numbers out of range; whatever the
    target does is in the verdict.
    """
    if max_examples < 1:
        raise ValueError(f"max_examples must be at least 1, got {max_examples}")
    if timeout is not None and not 0 < timeout < math.inf:
        raise ValueError(f"timeout must be positive and finite, got {timeout}")
    trial = Trial(target_of(target, name), oracle, max_examples, seed, origin, oracle_origin)
    started = time.perf_counter()
    with _quiet() as printed:
        try:
            with time_limit(timeout):
                verdict = trial.verdict()
        except TimeIsUp as strike:
            verdict = trial.out_of_time(timeout or 0.0, strike.__traceback__)
    seconds = time.perf_counter() - started
    return verdict.after(seconds, _what_was_printed(printed.getvalue()))


@contextlib.contextmanager
def _quiet() -> Iterator[io.StringIO]:
    """What the target prints and warns of is kept from the terminal; its text is yielded."""
    printed = io.StringIO()
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        yield printed


def _what_was_printed(text: str) -> tuple[str, ...]:
    lines = text.splitlines()
    if not lines:
        return ()
    return (f"the target prints, {len(lines):,} lines in all; the first: {lines[0][:60]!r}",)
