"""Colours on a terminal, none elsewhere and none where they are not wanted; shell completion."""

import re
import subprocess

import pytest
from click.testing import CliRunner

from conformance.commands import main
from conformance.commands.terminal import COLOURS, Rate, show
from conformance.fuzzing.verdict import MEANING

VERDICT = """disagrees: Swish: the hand-written derivative is wrong

  what    derivative[0] is [1], expected 2: error 1 (check: jacobian)
  smallest case
    z = array([1.])
  judged  12 cases
"""


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_elsewhere_the_text_is_as_it_is(capsys, monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    show(VERDICT)
    assert capsys.readouterr().out == VERDICT


def test_a_terminal_shows_the_outcome_in_its_colour(terminal, capsys):
    show(VERDICT)
    out = capsys.readouterr().out
    assert out.startswith("\x1b[1;31mdisagrees\x1b[0m: Swish")
    assert "\x1b[36m  what" in out
    assert "    z = array([1.])\n" in out
    assert re.sub("\x1b\\[[0-9;]*m", "", out) == VERDICT


def test_no_color_is_respected(terminal, monkeypatch, capsys):
    monkeypatch.setenv("NO_COLOR", "1")
    show(VERDICT)
    assert not re.search("\x1b\\[[0-9;]*3[0-9]", capsys.readouterr().out)


def test_every_outcome_has_a_colour():
    assert COLOURS.keys() == MEANING.keys()


def test_a_rate_is_shown_once_it_is_known():
    class Unknown:
        speed = None

    class Known:
        speed = 1234.5

    assert Rate().render(Unknown()).plain == ""
    assert Rate().render(Known()).plain == "1,234/s"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_of_the_shell(shell):
    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0
    assert "_BACKPROP_COMPLETE" in result.output
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=result.output, text=True, check=True)


def test_an_unknown_shell_is_refused():
    assert CliRunner().invoke(main, ["completion", "tcsh"]).exit_code == 2
