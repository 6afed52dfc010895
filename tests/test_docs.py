"""Every code block in the documents is run: Python as it stands, commands of `backprop` shortened.

The set-up commands run in CI (see test_project.py); those of other tools are checked to exist.
"""

import re
import shutil
from pathlib import Path

import pytest

pytest.importorskip("jax")
from click.testing import CliRunner

from conformance.commands import main

ROOT = Path(__file__).parent.parent
DOCUMENTS = ["README.md", "CONTRIBUTING.md"]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)
SETUP = "python3 -m venv"


def blocks(language):
    found = []
    for document in DOCUMENTS:
        for number, match in enumerate(BLOCK.finditer((ROOT / document).read_text())):
            if match[1] == language:
                found.append(pytest.param(match[2], id=f"{document}:{number}"))
    return found


@pytest.mark.parametrize("source", blocks("python"))
def test_python(source, capsys):
    exec(compile(source, "document", "exec"), {})


@pytest.mark.parametrize("source", blocks("sh"))
def test_commands(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for line in source.splitlines():
        if line.startswith(SETUP):
            continue
        for command in line.split(" && "):
            program, *arguments = command.split()
            if program != "backprop":
                assert shutil.which(program) or program in {"pytest", "ruff", "mypy", "tox"}
                continue
            shorter = ["--epochs", "2"] if arguments[0] == "train" else ["--examples", "1"]
            result = CliRunner().invoke(main, [*arguments, *shorter], catch_exceptions=False)
            assert result.exit_code == 0, result.output


def test_every_block_has_a_language_that_is_run():
    for document in DOCUMENTS:
        for match in BLOCK.finditer((ROOT / document).read_text()):
            assert match[1] in {"python", "sh"} or "conformance/" in match[2], match[0]
