"""Every code block of the documents is run, from the top to the bottom of each document.

The blocks of a document share one namespace and one working directory, with the examples in it.
Python that begins with a comment like ``# swish.py`` is written to that file, other Python is run.
Of the commands ``backprop``, ``python`` and ``pytest`` on a file there are run, long ones with
smaller numbers; those of other tools are checked to exist, and the set-up runs in CI (see
test_project.py). A text block holds lines of what the block before it printed, in their order;
``...`` stands for the rest.
"""

import contextlib
import importlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("jax")
from click.testing import CliRunner

from conformance.commands import main

ROOT = Path(__file__).parent.parent
DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    *sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("docs/**/*.md")),
]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)
FILE = re.compile(r"# (\S+\.(?:py|ini))\n")
LANGUAGES = {"python", "sh", "text", "ini"}
SETUP = "python3 -m venv"
TOOLS = {"pytest", "ruff", "mypy", "tox"}
FAILS = re.compile(r"^(disagrees|undecided|error): |\d failed", re.M)
SHORTER = {
    "fuzz": ["--examples", "60"],
    "report": ["--examples", "1", "--score-examples", "0"],
    "train": ["--epochs", "2"],
}
#: What differs from run to run, and from version to version of what is used.
VARIES = re.compile(r"\b[\d.]+ ?s\b|\b[\d,]+ cases|\d+% with")


def blocks(document):
    """(language, source, line) of each block."""
    text = (ROOT / document).read_text(encoding="utf-8")
    for match in BLOCK.finditer(text):
        yield match[1], match[2], text[: match.start()].count("\n") + 1


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_block_runs(document, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    for example in ROOT.glob("examples/*.py"):
        shutil.copy(example, tmp_path)
    found, namespace, printed = list(blocks(document)), {"__name__": "__main__"}, ""
    for number, (language, source, line) in enumerate(found):
        following = found[number + 1 :][:1]
        shown = following[0][1] if following and following[0][0] == "text" else ""
        try:
            if language == "text":
                assert_printed(source, printed)
            elif match := FILE.match(source):
                Path(match[1]).write_text(source, encoding="utf-8")
            elif language == "python":
                printed = run_python(source, namespace, tmp_path)
            elif language == "sh":
                printed = run_commands(source, 1 if FAILS.search(shown) else 0)
        except BaseException as error:
            error.add_note(f"in the block at {document}:{line}")
            raise


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_block_has_a_language_that_is_run(document):
    for language, source, line in blocks(document):
        assert language in LANGUAGES or "conformance/" in source, f"{document}:{line}"
        assert language != "ini" or FILE.match(source), f"{document}:{line}"


def run_python(source, namespace, directory):
    """What it prints. Modules of the directory are imported as they are now."""
    importlib.invalidate_caches()
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "/").is_relative_to(directory):
            del sys.modules[name]
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(source, "document", "exec"), namespace)
    return out.getvalue()


def run_commands(source, status):
    """What those that can be run here print. status: what each of them must exit with."""
    printed = ""
    for line in source.splitlines():
        if line.startswith(SETUP):
            continue
        for command in line.split(" && "):
            program, *arguments = shlex.split(command)
            if program == "backprop":
                short = [*arguments, *SHORTER.get(arguments[0], [])]
                result = CliRunner().invoke(main, short, catch_exceptions=False)
                code, output = result.exit_code, result.output
            elif program == "python" or (program == "pytest" and Path(arguments[0]).is_file()):
                code, output = run_program(program, arguments)
            else:
                assert shutil.which(program) or program in TOOLS, command
                continue
            printed += output
            assert code == status, f"{command} exits with {code}\n{output}"
    return printed


def run_program(program, arguments):
    module = ["-m", "pytest", "-p", "no:cacheprovider"] if program == "pytest" else []
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    result = subprocess.run(
        [sys.executable, *module, *arguments],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout + result.stderr


def assert_printed(shown, printed):
    """Every line that is shown was printed, in this order; all of them, where none is left out."""
    real = [plain(line) for line in printed.splitlines() if line.strip()]
    wanted = [plain(line) for line in shown.splitlines() if line.strip()]
    if "..." not in wanted:
        assert wanted == real
    at = 0
    for line in wanted:
        if line == "...":
            continue
        assert line in real[at:], f"not printed: {line}\nbut:\n{printed}"
        at += real[at:].index(line) + 1


def plain(line):
    return VARIES.sub("#", line.strip())
