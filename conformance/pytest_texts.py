"""How verdicts read in the terminal of pytest."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

#: Outcomes in the order of the summary line: of one, of many.
WORDS = {
    "conforms": ("conforms", "conform"),
    "oracle suspect": ("oracle suspect", "oracles suspect"),
    "disagrees": ("disagrees", "disagree"),
    "undecided": ("undecided", "undecided"),
    "error": ("error", "errors"),
    "expected failure": ("expected failure", "expected failures"),
}


def counts(verdicts: Sequence[Mapping[str, Any]]) -> str:
    """Like "3 conform, 1 disagrees, 1 expected failure"."""
    seen = Counter(
        v["outcome"] if v["expected_failure"] is None else "expected failure" for v in verdicts
    )
    return ", ".join(
        f"{seen[outcome]} {one if seen[outcome] == 1 else many}"
        for outcome, (one, many) in WORDS.items()
        if seen[outcome]
    )


def shown(error: BaseException, directory: Path) -> Any:
    """How pytest shows the error: its text, its notes, and the line that asked for the verdict."""
    package = Path(__file__).parent
    frames = traceback.extract_tb(error.__traceback__)
    asked = [f for f in frames if not Path(f.filename).is_relative_to(package)][-1]
    file = Path(asked.filename)
    place = file.relative_to(directory) if file.is_relative_to(directory) else file
    notes = getattr(error, "__notes__", ())
    text = "\n".join([str(error), *notes, "", f"{place}:{asked.lineno}"])
    plain = AssertionError(text).with_traceback(error.__traceback__)
    return pytest.ExceptionInfo.from_exception(plain).getrepr(style="value", chain=False)
