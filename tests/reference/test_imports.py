"""``import reference`` loads NumPy and nothing heavier."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import reference

ROOT = Path(reference.__file__).parents[1]


def loaded(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after running the code."""
    report = "; import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    command = [sys.executable, "-c", code + report]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_reference_needs_numpy_alone():
    before, after = loaded("import numpy"), loaded("import reference")
    assert "numpy" in after
    assert not after & {"jax", "jaxlib", "hypothesis", "scipy", "oracle", "conformance"}
    installed = {name for name in after - before if name not in sys.stdlib_module_names}
    assert installed == {"reference"}


def test_and_this_would_be_seen():
    """The probe can fail."""
    assert "pytest" in loaded("import pytest") - loaded("import reference")
    with pytest.raises(subprocess.CalledProcessError):
        loaded("import no_such_module")
