"""The rooms stay apart: who may import whom, proved on the source; and the proof can fail."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NEVER = {
    "reference": {"oracle", "conformance", "tests", "jax", "hypothesis", "scipy", "sklearn"},
    "oracle": {"reference", "conformance", "tests", "hypothesis"},
    "conformance": {"tests", "benchmarks"},
}

#: The estimators are scikit-learn's, and ``import reference`` does not import them.
MAY = {"reference/estimators.py": {"sklearn"}}


def imported(source: str, package: str) -> set[str]:
    """The top-level names that a module's source imports; relative imports are its own package."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(package if node.level else (node.module or "").split(".")[0])
    return names


@pytest.mark.parametrize("room", NEVER)
def test_a_room_imports_nothing_that_it_must_not_know(room):
    modules = sorted((ROOT / room).rglob("*.py"))
    assert modules
    for path in modules:
        never = NEVER[room] - MAY.get(path.relative_to(ROOT).as_posix(), set())
        assert not imported(path.read_text(), room) & never, path


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("reference", "import jax.numpy as jnp"),
        ("reference", "def f():\n    from oracle import activation"),
        ("oracle", "from reference.softmax import Softmax"),
        ("oracle", "import hypothesis"),
        ("conformance", "from tests.planted import nudge"),
    ],
)
def test_the_check_sees_a_forbidden_import(room, source):
    assert imported(source, room) & NEVER[room]
