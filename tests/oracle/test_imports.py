"""The oracle is a room of its own: what it may not see, and the precision that it sets."""

import subprocess
import sys
from pathlib import Path


def run(program):
    """What a fresh interpreter prints."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout


def rooms_after(imports):
    """Of the packages that the oracle may not import, those that `imports` has loaded."""
    forbidden = {"reference", "conformance", "hypothesis", "tests"}
    return forbidden & set(run(f"import sys, {imports}; print(*sys.modules)").split())


def test_the_oracle_imports_neither_the_reference_nor_hypothesis():
    assert rooms_after("oracle") == set()
    assert rooms_after("oracle, hypothesis") == {"hypothesis"}


def test_any_module_of_the_oracle_brings_float64():
    program = "import oracle.network, jax.numpy; print(jax.numpy.ones(1).dtype)"
    assert run(program).strip() == "float64"
