"""The process of ``fuzz_process``: hand-written code is loaded and run here, and nowhere else.

Messages go to what was its standard output, one JSON object a line; the trace of a crash goes to
what was its standard error. Hand-written code finds both replaced by nothing.
"""

from __future__ import annotations

import faulthandler
import json
import os
import pkgutil
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Any, final

from .fuzz_process import GRACE, Misuse, Request, place, time_is_up, without_verdict
from .fuzzing import Origin, Verdict, fuzz
from .fuzzing.subject.loading import LoadError, load
from .fuzzing.subject.target import NotATarget
from .fuzzing.subject.time_limit import TimeIsUp, time_limit

TARGET, ORACLE = "FILE.py:NAME", "--oracle"


def main() -> None:
    """Answer the request in the only argument."""
    request = Request(**json.loads(sys.argv[1]))
    said, trace = _set_aside(sys.stdout), _set_aside(sys.stderr)
    faulthandler.enable(trace)
    # For what no signal interrupts, such as a loop in C: a thread of its own ends the process.
    faulthandler.dump_traceback_later(request.timeout + GRACE, exit=True, file=trace)
    sys.argv = [request.files[0]]
    sys.path += request.folders
    try:
        verdict = Worker(request, said).verdict()
        print(json.dumps({"verdict": verdict.to_dict(), "text": str(verdict)}), file=said)
    except Misuse as misuse:
        print(json.dumps({"misuse": str(misuse), "parameter": misuse.parameter}), file=said)
    said.flush()
    os._exit(0)  # whatever threads and exit handlers there may be by now


@final
class Worker:
    """Loads and judges what a request names, and says so to ``said`` on the way."""

    def __init__(self, request: Request, said: IO[str]) -> None:
        self.request, self.said = request, said
        self.parameter, self.loading = TARGET, ""
        self.started = time.perf_counter()

    def verdict(self) -> Verdict:
        """The verdict of ``fuzz``, or what kept it from one. Raises Misuse."""
        try:
            with time_limit(self.request.timeout):
                verdict = self._fuzz()
        except LoadError as error:
            raise Misuse(self.parameter, str(error)) from None
        except NotATarget as error:
            raise Misuse(TARGET, f"{self.request.target}: {error}") from None
        except BaseException as error:
            reason = self._reason(error)
            if self.loading:
                raise Misuse(self.parameter, f"{self.loading} cannot be run: {reason}") from None
            return without_verdict(self.request, reason).after(self._seconds, ())
        if self.request.oracle and verdict.explanation and verdict.explanation.check == "oracle":
            raise Misuse(ORACLE, verdict.explanation.message)
        return verdict

    def _fuzz(self) -> Verdict:
        request = self.request
        target, origin = self._load(TARGET, request.target)
        oracle, oracle_origin = (
            self._load(ORACLE, request.oracle) if request.oracle else (None,) * 2
        )
        if request.oracle and not callable(oracle):
            raise LoadError(f"{request.oracle} must be a function, got {type(oracle).__name__}")
        self._begin(TARGET, "")
        return fuzz(
            target,
            oracle,
            max_examples=request.examples,
            seed=request.seed,
            timeout=max(round(request.timeout - self._seconds, 1), 0.1),
            origin=origin,
            oracle_origin=oracle_origin,
        )

    def _load(self, parameter: str, typed: str) -> tuple[Any, Origin | None]:
        file, _, name = typed.rpartition(":")
        self._begin(parameter, file or typed)
        if file:
            return load(file, name), Origin(file, name)
        try:
            return pkgutil.resolve_name(typed), None
        except (ImportError, AttributeError):
            raise LoadError(f"there is no {typed}") from None

    def _begin(self, parameter: str, loading: str) -> None:
        """Say what follows: should the process end in it, this is known. Nothing: the judging."""
        self.parameter, self.loading = parameter, loading
        print(json.dumps({"loading": loading, "parameter": parameter}), file=self.said, flush=True)

    def _reason(self, error: BaseException) -> str:
        where = _where(error.__traceback__, self.request.files)
        if isinstance(error, TimeIsUp):
            return time_is_up(self.request, where)
        if isinstance(error, SystemExit):
            return f"{where or 'it'} calls sys.exit({error.code!r})"
        text = f"{type(error).__name__}: {error}".split("\n")[0][:300].removesuffix(": ")
        return f"{where} raises {text}" if where else f"the fuzzer itself fails: {text}"

    @property
    def _seconds(self) -> float:
        return time.perf_counter() - self.started


def _set_aside(stream: IO[str]) -> IO[str]:
    """What the stream wrote to, under another number; from now on it writes to nothing."""
    kept = os.fdopen(os.dup(stream.fileno()), "w", encoding="utf-8")
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), stream.fileno())
    return kept


def _where(trace: TracebackType | None, files: list[str]) -> str:
    """The innermost place in the hand-written files, empty where there is none."""
    ours, where = {str(Path(file).resolve()) for file in files}, ""
    while trace is not None:
        if trace.tb_frame.f_code.co_filename in ours:
            where = place(trace.tb_frame.f_code.co_name, trace.tb_lineno)
        trace = trace.tb_next
    return where


if __name__ == "__main__":
    main()
