"""The rooms stay apart: who may import whom, proved on the source; and the proof can fail."""

import ast
import re
import subprocess
import sys
from importlib.util import resolve_name
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

#: The parts of the fuzzer, as docs/architecture.md lists them: each knows those before it alone.
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
FUZZER = re.findall(r"^\| `(\w+)`", ARCHITECTURE.partition("| part |")[2], re.MULTILINE)


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


def parts_of_the_fuzzer(source: str, package: str) -> set[str]:
    """Those that a module of the package ``conformance.fuzzing...`` imports."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), package)
            names |= {f"{module}.{alias.name}" for alias in node.names}
    fuzzer = "conformance.fuzzing."
    return {n.removeprefix(fuzzer).split(".")[0] for n in names if n.startswith(fuzzer)}


def later_parts(source: str, where: Path) -> set[str]:
    """Those imported by a module of the fuzzer that come after its own."""
    package = ".".join(["conformance", "fuzzing", *where.parts[:-1]])
    known = FUZZER[: FUZZER.index(where.parts[0].removesuffix(".py")) + 1]
    return parts_of_the_fuzzer(source, package) - set(known)


def test_in_the_fuzzer_data_flows_one_way():
    root = ROOT / "conformance" / "fuzzing"
    modules = {path.relative_to(root): path.read_text() for path in root.rglob("*.py")}
    del modules[Path("__init__.py")]
    assert {where.parts[0].removesuffix(".py") for where in modules} == set(FUZZER)
    for where, source in modules.items():
        assert not later_parts(source, where), where


@pytest.mark.parametrize(
    "source",
    [
        "from ..judge import Judge",
        "from .. import judge",
        "from conformance.fuzzing.judge import Judge",
        "import conformance.fuzzing.judge",
    ],
)
def test_a_part_of_the_fuzzer_that_knows_a_later_one_is_seen(source):
    assert later_parts(f"from . import ray\n{source}", Path("slopes/ray.py")) == {"judge"}
    assert not later_parts(source, Path("past.py"))


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
