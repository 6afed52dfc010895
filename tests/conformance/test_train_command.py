"""``backprop train``: what it prints and writes, and how it refuses."""

import inspect
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner
from matplotlib.image import imread

from conformance.commands import main
from conformance.commands.train import SUFFIXES, train
from conformance.training.digits import load_images, none_of_the_above, split
from conformance.training.plot import FORMATS
from conformance.training.run import Settings
from reference import ReLU, load
from tests.conformance.planted import nudge, plant


def backprop(*arguments):
    return CliRunner().invoke(main, ["train", *map(str, arguments)])


def test_it_prints_architecture_loss_accuracy_and_checks():
    result = backprop("digits", "--epochs", 12, "--seed", 3, "--hidden", "32,16")
    assert result.exit_code == 0
    assert "Ten digits: 64 - 32 ReLU - 16 ReLU - 10 Softmax, KLDivergence" in result.output
    assert "1352 images to train on, 445 held out" in result.output
    rows = [line.split() for line in result.output.splitlines()]
    assert [row[0] for row in rows if len(row) == 3 and row[0].isdigit()] == [*"125", "10", "12"]
    assert "% right, " in result.output
    assert "most confused: " in result.output
    assert "gradients: checked against autodiff at 3 steps" in result.output
    assert result.output.endswith("conforms\n")


def read_all(terminal):
    """Everything that is written to a terminal until its other end is closed."""
    parts = []
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # what Linux says at the end
            part = b""
        if not part:
            return b"".join(parts).decode(errors="replace")
        parts.append(part)


def test_it_is_quiet_where_stderr_is_no_terminal_and_shows_progress_where_it_is_one(monkeypatch):
    pty = pytest.importorskip("pty")
    monkeypatch.setenv("FORCE_COLOR", "1")
    command = [sys.executable, "-m", "conformance", "train", "two-or-not", "--epochs", "2"]
    assert subprocess.run(command, capture_output=True, check=True).stderr == b""
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stderr=theirs, stdout=subprocess.DEVNULL) as process:
        os.close(theirs)
        shown = read_all(ours)  # while it runs: a terminal holds no more than a few kilobytes
    assert process.returncode == 0
    assert "epoch" in shown
    assert "2/2" in shown


def test_two_or_not_says_how_many_of_the_2s_it_finds():
    result = backprop("two-or-not", "--epochs", 10)
    assert result.exit_code == 0
    assert "1 Sigmoid, BinaryKLDivergence" in result.output
    assert "  the 2s: " in result.output
    assert " of 44\n" in result.output


def test_none_of_the_above_measures_each_kind_of_digit():
    result = backprop("digits", "--none-of-the-above", "--none", 3, "--unseen", 7, "--epochs", 10)
    assert result.exit_code == 0
    assert "11 Softmax" in result.output
    for group in ("the known digits", "3, shown as none", "7, never shown"):
        assert f"  {group}: " in result.output


@pytest.mark.parametrize(
    ("suffix", "magic"), [(".png", b"\x89PNG\r\n\x1a\n"), (".svg", b"<?xml"), (".PDF", b"%PDF-")]
)
def test_a_plot_is_an_image_of_its_suffix(tmp_path, suffix, magic):
    path = tmp_path / f"run{suffix}"
    path.write_text("old")
    result = backprop("digits", "--epochs", 1, "--plot", path)
    assert result.exit_code == 0
    assert result.output.endswith(f"wrote {path}\n")
    assert path.read_bytes().startswith(magic)
    assert os.listdir(tmp_path) == [path.name]


def test_the_same_run_draws_the_same_plot(tmp_path):
    paths = [tmp_path / "a.svg", tmp_path / "b.svg"]
    for path in paths:
        backprop("two-or-not", "--epochs", 2, "--plot", path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert paths[0].read_text().count("<image") == 40


def test_a_png_can_be_read_back(tmp_path):
    backprop("digits", "--epochs", 1, "--plot", tmp_path / "run.png")
    height, width, _ = imread(tmp_path / "run.png").shape
    assert (width, height) == (1800, 810)


def test_a_saved_network_gives_the_accuracy_that_was_printed(tmp_path):
    path = tmp_path / "network.npz"
    result = backprop("digits", "--epochs", 5, "--save", path)
    _, held_out = split(load_images())
    right = load(path).forward(held_out.x).argmax(axis=1) == held_out.digit
    assert f"% right, {right.sum()} of 445\n" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument"),
        (["letters"], "'letters' is not one of 'digits', 'two-or-not'"),
        (["digits", "--epochs", 0], "--epochs"),
        (["digits", "--epochs", "many"], "--epochs"),
        (["digits", "--seed", -1], "--seed"),
        (["digits", "--batch-size", 0], "--batch-size"),
        (["digits", "--step-size", 0], "--step-size"),
        (["digits", "--step-size", "nan"], "must be a finite number, got nan"),
        (["digits", "--step-size", "inf"], "must be a finite number, got inf"),
        (["digits", "--hidden", ""], "must be 1 to 8 numbers from 1 to 1024, like 64,64, got ''"),
        (["digits", "--hidden", "64,0"], "got '64,0'"),
        (["digits", "--hidden", "64,x"], "got '64,x'"),
        (["digits", "--hidden", "1025"], "got '1025'"),
        (["digits", "--hidden", "1,1,1,1,1,1,1,1,1"], "got '1,1,1,1,1,1,1,1,1'"),
        (["digits", "--unknown"], "No such option"),
        (["digits", "--none", 3], "--none is for --none-of-the-above"),
        (["digits", "--unseen", 3], "--unseen is for --none-of-the-above"),
        (["digits", "--none-of-the-above", "--none", 10], "--none"),
        (["digits", "--none-of-the-above", "--none", 4], "different digits, got 4 twice"),
        (["two-or-not", "--none-of-the-above"], "is for digits, not for two-or-not"),
        (["digits", "--epochs", 1, "--step-size", 50], "--step-size: the loss must fall"),
        (["digits", "--epochs", 1, "--step-size", 1e200], "--step-size: the loss is nan"),
    ],
)
def test_misuse_is_a_message_and_writes_nothing(tmp_path, arguments, message):
    kept = tmp_path / "kept.png"
    kept.write_text("old")
    result = backprop(*arguments, "--plot", kept, "--save", tmp_path / "new.npz")
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output
    assert os.listdir(tmp_path) == ["kept.png"]
    assert kept.read_text() == "old"


@pytest.mark.parametrize(
    ("option", "name", "message"),
    [
        ("--plot", "plot.jpg", "must end in .png or .svg or .pdf"),
        ("--plot", "plot", "must end in .png or .svg or .pdf"),
        ("--save", "network.pt", "must end in .npz"),
        ("--plot", "missing/plot.png", "cannot be written: No such file or directory"),
        ("--plot", "file.txt/plot.png", "cannot be written: Not a directory"),
        ("--save", "folder.npz", "is a directory"),
        ("--plot", f"{'x' * 300}.png", "cannot be written: File name too long"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_the_training(
    tmp_path, option, name, message
):
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "file.txt").touch()
    result = backprop("digits", option, tmp_path / name)
    assert result.exit_code == 2
    assert option in result.output
    assert message in result.output
    assert "images to train on" not in result.output
    assert sorted(os.listdir(tmp_path)) == ["file.txt", "folder.npz"]


def test_a_disk_that_fails_at_the_end_is_a_message_and_keeps_the_old_file(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    kept = tmp_path / "kept.png"
    kept.write_text("old")
    monkeypatch.setattr("os.replace", full)
    result = backprop("digits", "--epochs", 1, "--plot", kept)
    assert result.exit_code == 2
    assert "--plot: " in result.output
    assert "cannot be written: No space left on device" in result.output
    assert os.listdir(tmp_path) == ["kept.png"]
    assert kept.read_text() == "old"


def test_a_wrong_gradient_exits_with_1_and_writes_nothing(tmp_path, monkeypatch):
    plant(monkeypatch, ReLU, "derivative", lambda result, *_: nudge(result))
    result = backprop("digits", "--epochs", 1, "--plot", tmp_path / "a.png")
    assert result.exit_code == 1
    assert "disagrees: gradients of step 1: " in result.output
    assert os.listdir(tmp_path) == []


def test_the_defaults_are_the_documented_settings():
    defaults = {option.name: option.default for option in train.params}
    defaults["hidden"] = tuple(map(int, defaults["hidden"].split(",")))
    assert Settings(
        **{name: defaults[name] for name in inspect.signature(Settings).parameters}
    ) == (Settings())
    assert none_of_the_above(defaults["none"], defaults["unseen"]) == none_of_the_above()
    assert SUFFIXES["plot"] == tuple(FORMATS)


def test_help_tells_every_option_with_its_default_and_loads_nothing_heavy():
    program = (
        "import sys; from conformance.commands import main\n"
        "try: main(['train', '--help'])\n"
        "finally: print(sorted({'numpy', 'jax', 'sklearn', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("[]\n")
    assert done.stdout.count("[default: ") == sum(1 for p in train.params if p.name != "task")
