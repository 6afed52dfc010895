"""``backprop fuzz``: what it says and writes, and that no target can harm it."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

BACKPROP = [sys.executable, "-m", "conformance"]

MINE = """
import ctypes, itertools, os, sys
import jax.numpy as jnp, numpy as np

print("this file prints")

class Tanh:
    def forward(self, z): return np.tanh(z)
    def derivative(self, z, y): return 1 - y * y

class Doubled(Tanh):
    def derivative(self, z, y): return 2 * (1 - y * y)

class Abs:
    def forward(self, z): return np.abs(z)
    def derivative(self, z, y): return np.sign(z)

class Prints(Tanh):
    def forward(self, z):
        print("a word")
        os.write(1, b"{}")
        return np.tanh(z)

class Raises(Tanh):
    def forward(self, z): raise RuntimeError("not today")

class Interrupts(Tanh):
    def forward(self, z): raise KeyboardInterrupt

class GivesNoValue(Tanh):
    def forward(self, z):
        return None

class GivesNothing(Tanh):
    def derivative(self, z, y): pass

class Narrow(Tanh):
    def derivative(self, z, y): return y[..., :1]

class Exits(Tanh):
    def forward(self, z): sys.exit(5)

class Ends(Tanh):
    def forward(self, z): os._exit(5)

class Crashes(Tanh):
    def forward(self, z): return ctypes.string_at(0)

class Loops(Tanh):
    def forward(self, z):
        while True: pass

class LoopsInC(Tanh):
    def forward(self, z): return all(itertools.repeat(True))

class Rises(Tanh):
    def __init__(self): raise OSError("no disc")

class NeedsSlope(Tanh):
    def __init__(self, slope): self.slope = slope

class BadDomain(Tanh):
    domain = (1, 0)

tanh = Tanh()
forward, backward = tanh.forward, lambda z: 1 - np.tanh(z) ** 2
pair = forward, backward

def nan_at_0(z): return jnp.sqrt(z * z)
def broken(z): raise RuntimeError("out of order")
"""

FILES = {
    "mine.py": MINE,
    "wrong_syntax.py": "x = (",
    "loops.py": "while True:\n    pass",
    "exits.py": "import sys\nsys.exit(5)",
    "ends.py": "import os\nos._exit(5)",
    "notes.txt": "",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("mine")
    for name, text in FILES.items():
        (path / name).write_text(text)
    return path


@pytest.fixture
def fuzz(folder):
    def run(*arguments, examples=30):
        command = [*BACKPROP, "fuzz", *map(str, arguments), "--examples", str(examples)]
        result = subprocess.run(command, capture_output=True, text=True, cwd=folder)
        assert "Traceback" not in result.stdout + result.stderr
        return result

    return run


@pytest.mark.parametrize("name", ["Tanh", "tanh", "pair", "forward,backward"])
def test_a_right_derivative_conforms(fuzz, name):
    result = fuzz(f"mine.py:{name}", "--oracle", "jax.numpy.tanh")
    assert result.returncode == 0, result.stdout
    assert result.stdout.startswith("conforms: ")
    assert result.stderr == ""


def test_a_wrong_one_is_explained_and_its_reproducer_runs_from_anywhere(fuzz, tmp_path):
    result = fuzz("mine.py:Doubled", "--oracle", "jax.numpy.tanh", "--out", tmp_path)
    assert result.returncode == 1
    assert result.stdout.startswith("disagrees: Doubled: ")
    assert "  smallest case\n" in result.stdout
    assert "  why     " in result.stdout
    prose = [line for line in result.stdout.splitlines() if not line.startswith("wrote ")]
    assert max(map(len, prose)) <= 100
    assert (tmp_path / "verdict.txt").read_text() == "\n".join(prose) + "\n"
    assert json.loads((tmp_path / "verdict.json").read_text())["outcome"] == "disagrees"

    script = [sys.executable, tmp_path / "reproducer.py"]
    shown = subprocess.run(script, capture_output=True, text=True, cwd=tmp_path, check=True).stdout
    got, expected = (
        float(re.search(rf"{word} \[(\S+)\]", shown)[1]) for word in ("got", "expected")
    )
    assert got == pytest.approx(2 * expected)

    assert fuzz("mine.py:Tanh", "--out", tmp_path).returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {"verdict.txt", "verdict.json"}


def test_an_oracle_that_is_found_wrong_is_no_fault_of_the_target(fuzz):
    result = fuzz("mine.py:Abs", "--oracle", "mine.py:nan_at_0")
    assert result.stdout.startswith("oracle suspect: ")
    assert result.returncode == 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Raises", "not today"),
        ("Interrupts", "raises KeyboardInterrupt"),
        ("GivesNothing", "derivative must return an array, got None"),
        ("GivesNoValue", "forward must return an array, got None for z of shape (2, 2)"),
        ("Narrow", "derivative must have shape (2,)"),
        ("Exits", "calls sys.exit(5)"),
        ("Ends", "it ends its process with status 5"),
        ("Crashes", "SIGSEGV ends its process, in forward (line "),
        ("Loops", "no verdict within 2 s: forward was at work"),
        ("LoopsInC", "no verdict within 2 s: forward (line "),
        ("Rises", "raises OSError: no disc"),
    ],
)
def test_whatever_the_target_does_is_a_verdict(fuzz, name, message):
    timeout = 2 if "Loops" in name else 60
    result = fuzz(f"mine.py:{name}", "--oracle", "jax.numpy.tanh", "--timeout", timeout)
    assert result.returncode == 1
    assert message in " ".join(result.stdout.split())
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mine.py"], "must be FILE.py:NAME, like mine.py:Swish, got 'mine.py'"),
        (["yours.py:Tanh"], "yours.py does not exist"),
        (["notes.txt:Tanh"], "notes.txt must be a Python file"),
        (["mine.py:Sinh"], "mine.py has no 'Sinh'; it has "),
        (["wrong_syntax.py:X"], "wrong_syntax.py cannot be run: SyntaxError"),
        (["exits.py:X"], "exits.py calls sys.exit(5) when it is run"),
        (["ends.py:X"], "ends.py cannot be run: it ends its process with status 5"),
        (["loops.py:X", "--timeout", "1"], "loops.py cannot be run: no verdict within 1 s: line "),
        (["mine.py:broken"], "mine.py:broken: function must have a method forward(z)"),
        (["mine.py:BadDomain"], "BadDomain.domain must be (low, high)"),
        (["mine.py:NeedsSlope"], "NeedsSlope must be made without arguments"),
        (["mine.py:Tanh", "--oracle", "numpy.tanh"], "a public name of JAX, like jax.nn.silu"),
        (["mine.py:Tanh", "--oracle", "jax.nn.sinh"], "there is no jax.nn.sinh"),
        (["mine.py:Tanh", "--oracle", "mine.py:sinh"], "mine.py has no 'sinh'"),
        (["mine.py:Tanh", "--oracle", "mine.py:tanh"], "must be a function, got Tanh"),
        (["mine.py:Tanh", "--oracle", "mine.py:broken"], "RuntimeError: out of order"),
        (["mine.py:Tanh", "--examples", "0"], "0 is not in the range"),
        (["mine.py:Tanh", "--seed", "-1"], "-1 is not in the range"),
        (["mine.py:Tanh", "--timeout", "0"], "0.0 is not in the range"),
        (["mine.py:Tanh", "--timeout", "nan"], "must be a finite number"),
        (["mine.py:Tanh", "--out", "notes.txt"], "--out"),
    ],
)
def test_misuse_is_a_message_and_exit_status_2(folder, arguments, message):
    command = [*BACKPROP, "fuzz", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_json_is_all_there_is_on_stdout_and_the_same_for_the_same_seed(fuzz, tmp_path):
    def verdict(seed):
        result = fuzz("mine.py:Prints", "--json", "--seed", seed, "--out", tmp_path, examples=60)
        assert (tmp_path / "verdict.json").read_text() == result.stdout
        return {k: v for k, v in json.loads(result.stdout).items() if k != "seconds"}

    first = verdict(seed=3)
    assert first["conforms"]
    assert first["seed"] == 3
    assert any("the target prints" in note for note in first["notes"])
    assert verdict(seed=3) == first


@pytest.mark.parametrize(
    ("number", "said", "status"),
    [(signal.SIGINT, b"Aborted!", 1), (signal.SIGTERM, b"", 128 + signal.SIGTERM)],
)
def test_a_signal_ends_the_command_and_the_process_that_judges(number, said, status, tmp_path):
    os.mkfifo(tmp_path / "alive")
    (tmp_path / "mine.py").write_text("file = open('alive', 'w')\nwhile True:\n    pass")
    interruptible = (  # even where the tests run in the background of a shell, which ignores it
        "import signal\nfrom conformance.commands import main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\nmain(['fuzz', 'mine.py:X'])"
    )
    command = [sys.executable, "-c", interruptible]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) as process:
        with (tmp_path / "alive").open() as alive:  # opens when the file is at work
            process.send_signal(number)
            assert alive.read() == ""  # ends when its process has ended
        assert process.communicate()[1].strip() == said
    assert process.returncode == status


def test_help_names_every_option_without_importing_jax():
    program = (
        "import sys\nfrom conformance.commands import main\n"
        "try: main(['fuzz', '--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'jax', 'numpy', 'hypothesis'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", program]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for option in ("--oracle", "--examples", "--seed", "--timeout", "--out", "--json"):
        assert f"  {option}" in lines
    assert lines.splitlines()[-1] == "[]"
