"""The rooms stay apart: who may import whom, proved on the source; and the proof can fail."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STANDARD = set(sys.stdlib_module_names)
ONLY = {
    "reference": STANDARD | {"reference", "numpy"},
    "oracle": STANDARD | {"oracle", "numpy", "jax"},
}
NEVER = {"conformance": {"tests", "benchmarks"}}

#: What one file may import besides; ``import reference`` imports none of it.
OPTIONAL = {
    "reference/blas_layer.py": {"scipy"},
    "reference/estimators.py": {"sklearn"},
    "reference/history.py": {"pandas", "matplotlib"},
    "reference/storage.py": {"safetensors"},
}


def imported(source: str, package: str) -> set[str]:
    """The top-level names that a module's source imports; relative imports are its own package."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(package if node.level else (node.module or "").split(".")[0])
    return names


def forbidden(names: set[str], room: str) -> set[str]:
    """Those of the names that the room must not import."""
    return names - ONLY[room] if room in ONLY else names & NEVER[room]


@pytest.mark.parametrize("room", [*ONLY, *NEVER])
def test_a_room_imports_nothing_that_it_must_not_know(room):
    modules = sorted((ROOT / room).rglob("*.py"))
    assert modules
    for path in modules:
        names = imported(path.read_text(), room)
        names -= OPTIONAL.get(path.relative_to(ROOT).as_posix(), set())
        assert not forbidden(names, room), path


def test_importing_the_reference_imports_nothing_optional():
    asked = "import sys, reference; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    optional = {"sklearn", "scipy", "pandas", "matplotlib", "safetensors", "jax"}
    assert not set(run.stdout.split()) & optional


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("reference", "import jax.numpy as jnp"),
        ("reference", "def f():\n    from oracle import activation"),
        ("oracle", "from reference.softmax import Softmax"),
        ("oracle", "import hypothesis"),
        ("oracle", "from scipy.special import softmax"),
        ("reference", "import pandas"),
        ("conformance", "from tests.planted import nudge"),
    ],
)
def test_the_check_sees_a_forbidden_import(room, source):
    assert forbidden(imported(source, room), room)
