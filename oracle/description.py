"""Plain descriptions: a dict with a "name" and the parameters of the function that it names."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import jax

Description = Mapping[str, Any]
Functions = Mapping[str, Callable[..., jax.Array]]


def canonical(description: Description) -> str:
    """The one JSON text of a description: the key under which what is built from it is kept."""
    return json.dumps(description, sort_keys=True)


def look_up(
    kind: str, functions: Functions, text: str
) -> tuple[Callable[..., jax.Array], dict[str, Any]]:
    """The function that a canonical text names, and its parameters.

    Raises ValueError for a name that is not among `functions`.
    """
    parameters = json.loads(text)
    name = parameters.pop("name", None)
    if name not in functions:
        raise ValueError(f"{kind} must be one of {', '.join(functions)}, got {name!r}")
    return functions[name], parameters
