"""The pytest plugin: verdicts of ``assert_conforms`` in the terminal and in JSON, and profiles.

pytest loads it in every environment where this package is installed, for tests of anything. So it
imports neither NumPy nor JAX nor Hypothesis, and does nothing until it is asked.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from . import expected_failures, profiles
from .pytest_recorder import VerdictRecorder


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--conformance-json`` and the list of expected failures."""
    parser.getgroup("conformance", "Conformance of hand-written derivatives").addoption(
        "--conformance-json",
        metavar="PATH",
        help="Write the verdicts of all assert_conforms calls to PATH, as one JSON list.",
    )
    parser.addini(
        expected_failures.OPTION,
        "Targets known to be wrong, lines 'id: reason'; the id is the verdict's name.",
        type="linelist",
        default=[],
    )


@pytest.hookimpl(tryfirst=True)  # before Hypothesis loads the profile
def pytest_configure(config: pytest.Config) -> None:
    """Register the profiles if one is asked for; check what was configured; start to record."""
    profile = config.getoption("--hypothesis-profile", default=None)
    if profile in (profiles.CONFORMANCE, profiles.EXPLORE):
        profiles.register_profiles()
    try:
        expected = expected_failures.parse(config.getini(expected_failures.OPTION))
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None
    if config.getoption("runxfail", default=False):
        expected = {}
    recorder = VerdictRecorder(expected, _path(config), whole=_whole(config))
    config.pluginmanager.register(recorder, "conformance-recorder")


def _path(config: pytest.Config) -> Path | None:
    """Where the verdicts go. Raises UsageError now, not after an hour of tests."""
    typed = config.getoption("--conformance-json")
    worker = hasattr(config, "workerinput")  # of pytest-xdist: its controller writes
    if typed is None or worker or config.getoption("collectonly"):
        return None
    path = Path(config.invocation_params.dir, typed).resolve()
    try:
        if not path.parent.exists():
            path.parent.mkdir(parents=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        message = f"--conformance-json: {typed} cannot be written: {error.strerror}"
        raise pytest.UsageError(message) from None
    if path.exists() and not path.is_file():
        raise pytest.UsageError(f"--conformance-json: {typed} must be a file, and is none")
    return path


def _whole(config: pytest.Config) -> bool:
    """Whether every test of the project is asked for, as far as the command line tells."""
    partial = ("collectonly", "lf", "ignore", "ignore_glob")
    if any(config.getoption(name, default=None) for name in partial):
        return False
    asked = {Path(config.invocation_params.dir, arg).resolve() for arg in config.args}
    root = config.rootpath.resolve()
    all_tests = {root / path for path in config.getini("testpaths")} or {root}
    from_testpaths = config.args_source is config.ArgsSource.TESTPATHS
    return from_testpaths or root in asked or all_tests <= asked
