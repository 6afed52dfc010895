"""A fuzz in a process of its own: nothing that hand-written code does there harms this one."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import IO, TYPE_CHECKING, Any, final

if TYPE_CHECKING:
    from .fuzzing import Verdict

#: Seconds after which the process, its time being up, ends itself from a thread in C.
GRACE = 2.0

#: Seconds for its start and that grace; then it is killed from here, the last resort.
PATIENCE = 10.0


@final
@dataclass(frozen=True)
class Request:
    """What to judge. target: FILE.py:NAME. oracle: the same, or a public name under jax, or None.

    timeout: seconds from when the process has started, for loading the files and judging.
    """

    target: str
    oracle: str | None
    examples: int
    seed: int
    timeout: float

    @property
    def files(self) -> list[str]:
        """The hand-written files, as they were typed."""
        typed = (self.target, self.oracle or "")
        return [file for file in (place.rpartition(":")[0] for place in typed) if file]

    @property
    def folders(self) -> list[str]:
        """Where modules are looked for last: beside the files, and where the command is run."""
        beside = (Path(file).resolve().parent for file in self.files)
        return [str(folder) for folder in dict.fromkeys([*beside, Path.cwd()])]


@final
@dataclass(frozen=True)
class Answer:
    """A verdict in plain values and as text."""

    verdict: dict[str, Any]
    text: str


class Misuse(Exception):
    """What was typed for ``parameter`` cannot be judged, or cannot judge; the message says why."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


def judge(request: Request) -> Answer:
    """The answer of the process, or what is known where it did not live to give one.

    Raises Misuse for what is not there, cannot be run, or is no target or oracle.
    """
    started = time.perf_counter()
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as trace:
        status = _run(request, said, trace)
        last, text = _last(said), _text(trace)
    if "verdict" in last:
        return Answer(**last)
    if "misuse" in last:
        raise Misuse(last["parameter"], last["misuse"])
    if not last:
        why = text.rstrip().rpartition("\n")[2] or f"it ended with status {status}"
        raise Misuse("", f"the process that judges did not start: {why}")
    reason = _reason(request, status, text)
    if last["loading"]:
        raise Misuse(last["parameter"], f"{last['loading']} cannot be run: {reason}")
    verdict = without_verdict(request, reason).after(time.perf_counter() - started, ())
    return Answer(verdict.to_dict(), str(verdict))


def without_verdict(request: Request, reason: str) -> Verdict:
    """The verdict "error", for this reason."""
    from .fuzzing import Explanation, Verdict

    return Verdict(
        name=request.target.rpartition(":")[2],
        outcome="error",
        witness="nobody",
        blind="",
        cases=0,
        live=0.0,
        seed=request.seed,
        seconds=0.0,
        explanation=Explanation("runs", reason, "", (), "", ""),
    )


def place(function: str, line: int | str) -> str:
    """How a place in a hand-written file is called: ``forward (line 7)``."""
    return f"line {line}" if function == "<module>" else f"{function} (line {line})"


def time_is_up(request: Request, where: str) -> str:
    """The reason where the time limit struck. where: the place, empty if it is not known."""
    return f"no verdict within {request.timeout:g} s{where and f': {where} was at work'}"


def _run(request: Request, said: IO[bytes], trace: IO[bytes]) -> int | None:
    """The exit status of the process, None where it had to be killed. It leaves nothing running."""
    process = subprocess.Popen(
        # -P: modules are not looked for in the folder where the command is run
        [sys.executable, "-P", "-m", "conformance.fuzz_worker", json.dumps(asdict(request))],
        stdin=subprocess.DEVNULL,
        stdout=said,
        stderr=trace,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )
    try:
        with _termination_raised():
            return process.wait(request.timeout + PATIENCE)
    except subprocess.TimeoutExpired:
        return None
    finally:
        with contextlib.suppress(OSError):  # all of them have ended
            os.killpg(process.pid, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()
        process.wait()


@contextlib.contextmanager
def _termination_raised() -> Iterator[None]:
    """SIGTERM, as CI systems send it, raises SystemExit: what is at work has to be ended first."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _last(said: IO[bytes]) -> dict[str, Any]:
    """The last whole message of the process: one JSON object a line."""
    last: dict[str, Any] = {}
    for line in _text(said).splitlines():
        with contextlib.suppress(json.JSONDecodeError):  # killed while it was writing
            last = json.loads(line)
    return last


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _reason(request: Request, status: int | None, trace: str) -> str:
    """Why there is no verdict. trace: what faulthandler wrote, the innermost frame first."""
    files = "|".join(re.escape(str(Path(file).resolve())) for file in request.files)
    found = re.search(rf'File "(?:{files})", line (\d+) in (\S+)', trace)
    where = place(found[2], found[1]) if found else ""
    if status is None or trace.startswith("Timeout"):
        return time_is_up(request, where)
    if status < 0:
        name = signal.Signals(-status).name
        return f"{name} ends its process{where and f', in {where}'}"
    return f"it ends its process with status {status}, as os._exit does"
