"""Where JAX keeps what XLA has compiled, from one run of the command to the next.

JAX reads the variable when it is imported; this module must not import it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "JAX_COMPILATION_CACHE_DIR"


def cache_folder() -> Path:
    """The user's own, as the system has it."""
    from platformdirs import user_cache_path

    return user_cache_path("backprop-conformance", appauthor=False) / "xla"


def keep_compiled() -> None:
    """Ask JAX to keep what takes a second or more to compile, unless the user has named a folder.

    Not where the folder cannot be made, nor where JAX is there already.
    """
    if VARIABLE in os.environ or "jax" in sys.modules:
        return
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if os.access(folder, os.W_OK):
        os.environ[VARIABLE] = str(folder)
