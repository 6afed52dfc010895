"""``backprop report`` with two processes beside one."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from .ratio import Ratio

#: Three properties of networks, in eight slices each.
ARGUMENTS = ("--only", "gradients.*", "--score-examples", "0")
EXAMPLES = 8000


def ratios() -> Iterator[Ratio]:
    """How many times as fast two processes are on a long run, start-up included.

    A short report before fills the user's cache of what XLA compiles: both then find it there.
    """
    seconds(1, examples=100)
    one, two = seconds(1), seconds(2)
    how = f"{3 * EXAMPLES:,} network cases by backprop report: seconds with one process over two"
    yield Ratio("workers: two over one", one / two, 1.8, how, True, seconds=two, against=one)


def seconds(workers: int, examples: int = EXAMPLES) -> float:
    """How long the report takes, start-up included."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "conformance", "report", *ARGUMENTS, "--out", folder]
        command += ["--examples", str(examples)]
        started = time.perf_counter()
        subprocess.run([*command, "--workers", str(workers)], stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - started
