"""What a session of pytest keeps of the verdicts: hears, reports, counts and writes them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import pytest

from .expected_failures import stale
from .pytest_texts import counts, shown
from .verdict_log import listening

if TYPE_CHECKING:
    from .fuzzing import Verdict


@final
class VerdictRecorder:
    """The hooks of one session.

    A verdict goes from its test to the session in the test's report, an attribute of it in JSON:
    so it also comes from a worker of pytest-xdist, and from one that crashes later. expected: the
    reason of each id. path: of the JSON document, None for none. whole: whether all tests were
    asked for; it becomes False when some of them do not run to their verdict.
    """

    def __init__(self, expected: Mapping[str, str], path: Path | None, *, whole: bool) -> None:
        self.expected = expected
        self.path = path
        self.whole = whole
        self.heard: list[dict[str, Any]] = []
        self.verdicts: list[dict[str, Any]] = []
        self.failure = ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Listen while a test is set up, called and torn down."""

        def hear(verdict: Verdict) -> None:
            __tracebackhide__ = True
            reason = None if verdict.conforms else self.expected.get(verdict.name)
            self.heard.append(
                {"nodeid": item.nodeid, "id": verdict.name, "expected_failure": reason}
                | verdict.to_dict()
            )
            if reason is not None:
                pytest.xfail(reason)

        with listening(hear):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put what was heard into the report; of a NonConformance it shows the verdict alone."""
        report = yield
        if self.heard or not self.whole:
            said = {"verdicts": self.heard, "whole": self.whole}
            vars(report)["conformance"] = json.dumps(said)
        self.heard = []
        error = None if call.excinfo is None else call.excinfo.value
        fuzzing = sys.modules.get("conformance.fuzzing")  # where its errors are from, if any
        ours = fuzzing is not None and isinstance(error, fuzzing.NonConformance)
        if error is not None and ours and not item.config.getoption("fulltrace"):
            report.longrepr = shown(error, item.config.invocation_params.dir)
        return report

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Tests do not run."""
        self.whole = self.whole and not items

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """The tests of a module that is skipped, or cannot be imported, do not run."""
        self.whole = self.whole and report.passed

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the verdicts out of a report."""
        said = json.loads(getattr(report, "conformance", '{"verdicts": [], "whole": true}'))
        self.verdicts += said["verdicts"]
        told = any(not verdict["conforms"] for verdict in said["verdicts"])
        self.whole = self.whole and said["whole"] and (report.passed or told)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the document."""
        ended = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        self.whole = self.whole and ended and not session.shouldfail and not session.shouldstop
        if self.path is None:
            return
        try:
            _write(self.path, json.dumps(sorted(self.verdicts, key=_nodeid), indent=1) + "\n")
        except OSError as error:
            self.failure = f"conformance: {self.path} cannot be written: {error.strerror}"
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """One line of counts, and one of each line to correct."""
        if self.verdicts:
            terminalreporter.write_line(f"conformance: {counts(self.verdicts)}")
        for warning in stale(self.expected, self.verdicts, whole=self.whole):
            terminalreporter.write_line(warning, yellow=True)
        if self.failure:
            terminalreporter.write_line(self.failure, red=True)


def _nodeid(verdict: Mapping[str, Any]) -> str:
    return str(verdict["nodeid"])


def _write(path: Path, text: str) -> None:
    """Write beside ``path``, then replace it: a reader sees the old file or the new, whole."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_text(text)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
