"""``FILE.py:NAME`` on a command line: the object of that name in that file."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any


class LoadError(Exception):
    """The file or the name is not there, or the file cannot be run; the message says which."""


def load(file: str, name: str) -> Any:
    """The object ``name`` of the Python file; ``forward,backward`` gives a pair of functions.

    Raises LoadError with a message that names what is missing.
    """
    module = _module(file)
    found = []
    for part in name.split(","):
        thing: Any = module
        for attribute in part.strip().split("."):
            if not hasattr(thing, attribute):
                names = [n for n in vars(module) if not n.startswith("_")]
                near = f"; it has {', '.join(names[:12])}" if names else ""
                raise LoadError(f"{file} has no {part.strip()!r}{near}")
            thing = getattr(thing, attribute)
        found.append(thing)
    return found[0] if len(found) == 1 else tuple(found)


def _module(file: str) -> ModuleType:
    path = Path(file)
    if path.suffix != ".py":
        raise LoadError(f"{file} must be a Python file, like mine.py")
    if not path.is_file():
        raise LoadError(f"{file} does not exist")
    title = f"_fuzzed_{path.stem}"
    if title in sys.modules and sys.modules[title].__file__ == str(path.resolve()):
        return sys.modules[title]
    spec = importlib.util.spec_from_file_location(title, path.resolve())
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.resolve().parent))
    sys.modules[title] = module
    try:
        spec.loader.exec_module(module)
    except SystemExit as error:
        del sys.modules[title]
        raise LoadError(f"{file} calls sys.exit({error.code!r}) when it is run") from None
    except Exception as error:
        del sys.modules[title]
        text = f"{type(error).__name__}: {error}".split("\n")[0]
        line = _line(error, path)
        raise LoadError(f"{file} cannot be run: {text}{line}") from error
    finally:
        sys.path.pop(0)
    return module


def _line(error: Exception, path: Path) -> str:
    """Where in the file it happened, if it did there."""
    trace, found = error.__traceback__, ""
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path.resolve()):
            found = f" (line {trace.tb_lineno})"
        trace = trace.tb_next
    return found
