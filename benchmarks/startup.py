"""How long it takes until something happens: each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

from .ratio import Ratio, paired

ROUNDS = 15


def ratios() -> Iterator[Ratio]:
    """The command's help, and the import of the reference, beside a bare interpreter and NumPy."""
    _, seconds, bare = paired(_python("-m", "conformance", "--help"), _python("-c", ""), ROUNDS)
    how = "seconds of backprop --help, median; against is an interpreter that does nothing"
    yield Ratio("start-up: backprop --help", seconds, 0.3, how, seconds=seconds, against=bare)
    value, mine, other = paired(
        _python("-c", "import reference"), _python("-c", "import numpy"), ROUNDS
    )
    how = "a process with import reference over one with import numpy"
    yield Ratio("start-up: import reference", value, 1.3, how, seconds=mine, against=other)


def _python(*arguments: str) -> Callable[[], object]:
    command = [sys.executable, *arguments]
    return lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
