"""The script of a finding runs by itself, in another process, and shows the difference."""

import importlib
import os
import re
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conformance import fuzz
from reference import ScalarActivation

MINE = """
from dataclasses import dataclass
import jax.numpy as jnp, numpy as np

class Doubled:
    def forward(self, z): return np.tanh(z)
    def derivative(self, z, y): return 2 * (1 - y * y)

@dataclass(frozen=True)
class Scaled:
    slope: float = 1.0
    def forward(self, z): return z.dtype.type(self.slope) * z
    def derivative(self, z, y): return np.full_like(z, self.slope + 1)

class Weighted:
    def __init__(self, weights): self.weights = np.asarray(weights)
    def output_width(self, n):
        if n != self.weights.size: raise ValueError(f"n must be {self.weights.size}, got {n}")
        return 1
    def forward(self, z): return (z * self.weights.astype(z.dtype)).sum(axis=-1, keepdims=True)
    def jacobian(self, z, y):
        return np.broadcast_to(-self.weights.astype(z.dtype), z.shape)[..., None, :].copy()

@dataclass(frozen=True)
class Twice:
    inner: Scaled
    def forward(self, z): return 2 * self.inner.forward(z)
    def derivative(self, z, y): return self.inner.derivative(z, y)

class Vjp(Doubled):
    def derivative(self, z, y): return 1 - y * y
    def vjp(self, z, y, dy): return dy * (1 + y * y)

class FirstWidth:
    n = None
    def forward(self, z): return z - z.mean(axis=-1, keepdims=True)
    def vjp(self, z, y, dy):
        self.n = self.n or z.shape[-1]
        return dy - dy.sum(axis=-1, keepdims=True) / z.dtype.type(self.n)

class FirstForward:
    largest = None
    def forward(self, z):
        self.largest = self.largest or float(z.max())
        return z * z
    def vjp(self, z, y, dy): return 2 * z * dy * z.dtype.type(1 + (self.largest == 0.5))

class SameMemory:
    domain = (4.0, 9.0)
    kept = {}
    def forward(self, z):
        if (z <= 4).any() or (z >= 9).any(): raise ValueError("z must lie in (4, 9)")
        return self.kept.setdefault(id(z), (z, np.log(z)))[1].copy()
    def derivative(self, z, y): return 1 / z

class Frozen(Doubled):
    def derivative(self, z, y): return (1 - y * y) * z.flags.writeable

class FirstDtype(Doubled):
    dtype = None
    def derivative(self, z, y):
        self.dtype = self.dtype or z.dtype
        return (1 - y * y).astype(self.dtype).astype(z.dtype)

def centred(z): return z - z.mean()
def tanh(z): return np.tanh(z)
def slopes(z): return np.tanh(z)
def slopes_of_y(z, y): return 1 + y * y
def pullback(z, y, dy): return dy * (1 + y * y)
def oracle(z): return jnp.tanh(z)
def of_a_row(z): n, = z.shape; return jnp.stack([jnp.tanh(z[i]) for i in range(n)])
def weigh(z): return (z * jnp.array([0.5, -2.0, 3.0])).sum()[None]
"""


@pytest.fixture(params=["mine"])
def mine(request, tmp_path, monkeypatch):
    """MINE as a module that can be imported: a file on the path, or ``lib.mine``, in a package."""
    folder = tmp_path / "lib" if "." in request.param else tmp_path
    folder.mkdir(exist_ok=True)
    (folder / "__init__.py").touch()
    (folder / "mine.py").write_text(MINE)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("mine", "lib", "lib.mine"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield importlib.import_module(request.param)
    for name in ("mine", "lib", "lib.mine"):
        sys.modules.pop(name, None)


def shown(verdict, tmp_path):
    """What the script prints where nothing but its own text and the module is known."""
    script = verdict.explanation.reproducer
    assert "hypothesis" not in script
    (tmp_path / "script.py").write_text(script)
    run = subprocess.run(
        [sys.executable, tmp_path / "script.py"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )
    assert run.returncode == 0, script + run.stderr
    return run.stdout


def differs(text):
    """Whether the numbers after the word ``difference`` are not all 0."""
    _, found, numbers = text.partition("difference")
    return bool(found) and any(map(float, re.findall(r"[-+\d.e]*\d\.?|nan|inf", numbers)))


def targets(mine):
    """By the name of what is tried: the target, its oracle, and what the script must have."""
    local = lambda z: jnp.tanh(z)  # noqa: E731
    return {
        "class": (mine.Doubled, local, "Doubled()"),
        "dataclass": (mine.Scaled(slope=3.0), lambda z: 3 * z, "f = Scaled(slope=3.0)"),
        "fields": (mine.Weighted([0.5, -2.0, 3.0]), lambda z: mine.weigh(z), "array([ 0.5, -2. "),
        "nested": (mine.Twice(mine.Scaled(3.0)), lambda z: 6 * z, "Twice"),
        "vjp": (mine.Vjp, local, "f.vjp(z, y, dy)"),
        "pair (z)": ((mine.tanh, mine.slopes), local, "slopes"),
        "pair (z, y)": ((mine.tanh, mine.slopes_of_y), local, "derivative=slopes_of_y"),
        "pair (z, y, dy)": ((mine.tanh, mine.pullback), local, "vjp=pullback"),
    }


ALL = (
    "class",
    "dataclass",
    "nested",
    "fields",
    "vjp",
    "pair (z)",
    "pair (z, y)",
    "pair (z, y, dy)",
)
IN_A_PACKAGE = ("class", "fields", "pair (z, y)")


def test_what_is_wrong_for_read_only_arrays_is_shown_with_those(mine, tmp_path):
    v = fuzz(mine.Frozen, jnp.tanh, max_examples=40)
    assert v.explanation.message.endswith("must give the same for arrays that are read-only")
    assert differs(shown(v, tmp_path))


def test_a_buffer_that_is_used_again_stays_inside_the_domain(mine, tmp_path):
    v = fuzz(mine.SameMemory, jnp.log, max_examples=40)
    assert "not at which array holds them" in v.explanation.message
    assert differs(shown(v, tmp_path))


def test_what_the_first_forward_leaves_behind_is_shown(mine, tmp_path):
    v = fuzz(mine.FirstForward, lambda z: z * z, max_examples=60)
    assert v.outcome == "disagrees"
    assert differs(shown(v, tmp_path))


@pytest.mark.parametrize("name", ["FirstWidth", "FirstDtype"])
def test_what_is_kept_of_the_first_call_is_shown(mine, name, tmp_path):
    oracle = jnp.tanh if name == "FirstDtype" else mine.centred
    v = fuzz(getattr(mine, name), oracle, max_examples=60)
    assert v.outcome == "disagrees"
    assert v.explanation.likely[0].startswith("right in a new instance, wrong after 7 rows of")
    assert differs(shown(v, tmp_path))


@pytest.mark.parametrize(
    ("mine", "kind"),
    [*(("mine", kind) for kind in ALL), *(("lib.mine", kind) for kind in IN_A_PACKAGE)],
    indirect=["mine"],
)
def test_what_can_be_imported_is_called(mine, kind, tmp_path):
    target, oracle, words = targets(mine)[kind]
    v = fuzz(target, oracle, max_examples=40)
    assert v.outcome == "disagrees"
    assert words in v.explanation.reproducer
    assert differs(shown(v, tmp_path))


@pytest.mark.parametrize(
    ("oracle", "derivative"),
    [("oracle", "jax.grad"), ("of_a_row", "jax.jacrev"), ("jax.nn.tanh", "jax.grad")],
)
def test_an_oracle_that_can_be_imported_is_asked_again(mine, oracle, derivative, tmp_path):
    v = fuzz(mine.Doubled, getattr(mine, oracle, jnp.tanh), max_examples=40)
    assert f"{derivative}(oracle)" in v.explanation.reproducer
    assert differs(shown(v, tmp_path))


def test_what_cannot_be_imported_is_written_down(tmp_path):
    class Local(ScalarActivation):
        def forward(self, z):
            return np.tanh(z)

        def derivative(self, z, y):
            return -(1 - y * y)

    for target in (Local, (lambda z: np.tanh(z), lambda z, y: y * y - 1)):
        v = fuzz(target, lambda z: jnp.tanh(z), max_examples=40)
        assert "cannot be imported" in v.explanation.reproducer
        assert differs(shown(v, tmp_path))


def test_nothing_but_numpy_is_needed_without_an_oracle(mine, tmp_path):
    v = fuzz(mine.Doubled, max_examples=40)
    assert "jax" not in v.explanation.reproducer
    assert differs(shown(v, tmp_path))


def test_a_target_within_another_is_written_down(tmp_path):
    v = fuzz(Outer.Inner, jax.nn.tanh, max_examples=40)
    assert "cannot be imported" in v.explanation.reproducer
    assert differs(shown(v, tmp_path))


class Outer:
    class Inner(ScalarActivation):
        def forward(self, z):
            return np.tanh(z)

        def derivative(self, z, y):
            return 1 - y
