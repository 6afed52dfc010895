"""A script that shows a finding by itself: literal arrays, both results, the difference."""

from __future__ import annotations

import ast
import inspect
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import jax
import numpy as np

from ...cases import literal
from ..finding import Finding
from ..subject.calls import written
from ..subject.target import Target
from ..witness.autodiff import Autodiff
from ..witness.names import public_name
from ..witness.witness import Function, Witness


@final
@dataclass(frozen=True)
class Origin:
    """Where a target or an oracle was loaded from: the file as typed, and the name in it."""

    file: str
    name: str

    @property
    def lookup(self) -> str:
        """The name among what run_path gives, like ``['Outer'].Inner``."""
        first, *rest = self.name.strip().split(".")
        return ".".join([f"[{first!r}]", *rest])


def reproducer(
    finding: Finding,
    target: Target,
    witness: Witness,
    title: str,
    origin: Origin | None = None,
    oracle_origin: Origin | None = None,
) -> str:
    """The script, in a few lines of Python that need NumPy, the target, and perhaps JAX."""
    case = finding.case
    assert case is not None
    made = _target(target, origin)
    arrays = [line for line in literal(case).splitlines() if not line.startswith("regime =")]
    lines = [f"# {title}", *_imports()]
    shown, _ = finding.show or (written(finding.method), None)
    if made is None and finding.got is None:
        lines += ["# What was judged cannot be imported: with it as f,", *arrays]
        return "\n".join([*lines, f"print({title!r})  # {shown}"]) + "\n"
    if made is None:
        lines += ["# What was judged cannot be imported: here is what it gave.", *arrays]
        lines += [f"got = {_text(finding.got)}"]
    else:
        lines += [*made, *(_DIAGONAL if target.by_place else []), *finding.history, *arrays]
        needs_y = finding.method != "forward" or any("y" in line for line in finding.setup)
        lines += ["y = f.forward(z)"] if needs_y else []
        lines += [*finding.setup, f"got = {shown}"]
    expected = _expected(finding, target, witness, oracle_origin, called=made is not None)
    if expected is None:
        return "\n".join([*lines, "print(repr(got))"]) + "\n"
    lines += [*expected, 'print("got", got)', 'print("expected", expected)']
    if finding.got is not None and finding.expected is not None:
        lines += ['print("difference", got - expected)']
    return "\n".join(lines) + "\n"


#: Where a derivative is judged as the diagonal of a Jacobian.
_DIAGONAL = [
    "from types import SimpleNamespace",
    "derivative = f.derivative",
    "jacobian = lambda z, y: derivative(z, y)[..., None] * np.eye(z.shape[-1])",
    "f = SimpleNamespace(forward=f.forward, vjp=getattr(f, 'vjp', None), jacobian=jacobian)",
]


def _expected(
    finding: Finding, target: Target, witness: Witness, origin: Origin | None, *, called: bool
) -> list[str] | None:
    """Lines that give what ``got`` is held against; None where the call itself is the finding."""
    against = finding.show[1] if finding.show is not None else None
    if against is not None and called:
        return [f"expected = {against}"]
    if finding.expected is None:
        return None
    live = None if finding.source else _live(finding, target, witness, origin)
    source = finding.source or witness.name
    if finding.check == "manners":
        source = "what a new instance gives"
    return live or [f"expected = {_text(finding.expected)}  # {source}"]


#: What a script imports from NumPy by name.
NAMES = {"array", "float32", "inf", "nan"}


def _imports() -> list[str]:
    return ["import numpy as np", "from numpy import array, float32, inf, nan"]


def _target(target: Target, origin: Origin | None) -> list[str] | None:
    """Lines that make ``f``; None where no script could."""
    subject = target.subject
    if isinstance(subject, tuple):
        return _pair(target, subject, origin)
    cls = type(subject)
    if origin is not None:
        made = f"run_path({origin.file!r}){origin.lookup}"
        is_class = not _is_instance(origin)
        return ["from runpy import run_path", f"f = {made}{'()' if is_class else ''}"]
    imported = _import(cls)
    if imported is None:
        return None
    arguments = _arguments(subject)
    if arguments is None:
        return None
    return [imported, *arguments]


def _is_instance(origin: Origin) -> bool:
    from ..subject.loading import load

    return not inspect.isclass(load(origin.file, origin.name))


def _pair(target: Target, pair: tuple[Any, ...], origin: Origin | None) -> list[str] | None:
    kind = "derivative" if target.derivative else "jacobian" if target.jacobian else "vjp"
    lines = ["from types import SimpleNamespace"]
    if origin is not None:
        lines += ["from runpy import run_path", f"module = run_path({origin.file!r})"]
        names = origin.name.split(",")
        forward, backward = (
            (f"module{Origin(origin.file, name).lookup}" for name in names)
            if len(names) == 2
            else (f"module{origin.lookup}[0]", f"module{origin.lookup}[1]")
        )
    else:
        imports = [_import(f) for f in pair]
        if None in imports:
            return None
        lines += [line for line in imports if line is not None]
        forward, backward = (f.__name__ for f in pair)
    takes_y = kind == "vjp" or len(inspect.signature(pair[1]).parameters) > 1
    wrapped = backward if takes_y else f"lambda z, y: {backward}(z)"
    return [*lines, f"f = SimpleNamespace(forward={forward}, {kind}={wrapped})"]


def _import(thing: Any) -> str | None:
    """The import of a class or function that another program can import, else None."""
    name, module = getattr(thing, "__qualname__", "<"), getattr(thing, "__module__", None)
    if "<" in name or "." in name or module in (None, "__main__", "builtins"):
        return None
    if str(module).startswith("jax._src"):
        return None
    if getattr(sys.modules.get(str(module)), name, None) is not thing:
        return None
    file = getattr(sys.modules[str(module)], "__file__", None)
    if "." not in str(module) and file and not _installed(str(module), file):
        return f"from runpy import run_path\n{name} = run_path({_relative(file)!r})[{name!r}]"
    return f"from {module} import {name}"


def _installed(module: str, file: str) -> bool:
    return "site-packages" in file or Path(file).stem != module


def _relative(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _arguments(subject: Any) -> list[str] | None:
    """How to make an object like this one: from its repr, without arguments, or by its fields."""
    cls, name = type(subject), type(subject).__name__
    text = repr(subject)
    if text.startswith(f"{name}(") and len(text) < 300:
        imports = _imports_of(text, cls)
        return None if imports is None else [*imports, f"f = {text}"]
    fields = getattr(subject, "__dict__", {})
    if not fields:
        return [f"f = {name}()"]
    written = ", ".join(f"{key!r}: {_text(value)}" for key, value in fields.items())
    try:
        eval("{" + written + "}", {name: getattr(np, name) for name in ("array", "inf", "nan")})
    except Exception:
        return None
    return [f"f = {name}.__new__({name})", f"f.__dict__.update({{{written}}})"]


def _imports_of(text: str, cls: type) -> list[str] | None:
    """Imports of the other names in a repr; None for one that cannot be imported or read."""
    known = vars(sys.modules[cls.__module__])
    try:
        names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    except SyntaxError:
        return None
    lines = [
        _import(known[name]) if name in known else None for name in names - NAMES - {cls.__name__}
    ]
    return None if None in lines else [line for line in lines if line is not None]


def _live(
    finding: Finding, target: Target, witness: Witness, origin: Origin | None
) -> list[str] | None:
    """Lines that let JAX compute what is expected; None where the oracle cannot be imported."""
    if not isinstance(witness, Autodiff) or finding.check not in ("forward", "finite", "jacobian"):
        return None
    made = _oracle(witness.f, origin)
    if made is None or finding.method == "vjp":
        return None
    lines = ["import jax", 'jax.config.update("jax_enable_x64", True)', *made]
    wide = (
        "z.astype(float)" if finding.case is not None and finding.case.dtype == np.float32 else "z"
    )
    if target.elementwise and _takes_a_number(witness.f):
        function = "oracle" if finding.method == "forward" else "jax.grad(oracle)"
        return [*lines, f"expected = np.vectorize({function})({wide})"]
    if target.elementwise:
        function = "oracle" if finding.method == "forward" else "jax.jacrev(oracle)"
        each = f"[np.ravel({function}(number[None]))[0] for number in {wide}.ravel()]"
        return [*lines, f"expected = np.array({each}).reshape(z.shape)"]
    if finding.case is not None and finding.case.z.ndim > 1:
        return None
    function = "oracle" if finding.method == "forward" else "jax.jacrev(oracle)"
    return [*lines, f"expected = np.asarray({function}({wide}))"]


def _takes_a_number(f: Function) -> bool:
    """Whether an oracle of rows makes a number of a number too."""
    try:
        return bool(jax.eval_shape(f, 0.5).shape == ())
    except Exception:
        return False


def _oracle(f: Function, origin: Origin | None) -> list[str] | None:
    public = public_name(f)
    if public is not None:
        module = public.rpartition(".")[0]
        return [f"import {module}", f"oracle = {public}"]
    if origin is not None:
        return [
            "from runpy import run_path",
            f"oracle = run_path({origin.file!r}){origin.lookup}",
        ]
    imported = _import(f)
    return None if imported is None else [imported, f"oracle = {f.__name__}"]


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        with np.printoptions(floatmode="unique", threshold=value.size + 1):
            return repr(value)
    return repr(value)
