"""The harness: Hypothesis brings the reference and the oracle before the same case, and judges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .fuzzing import NonConformance, Verdict, assert_conforms, fuzz

__all__ = ["NonConformance", "Verdict", "assert_conforms", "fuzz"]


def __getattr__(name: str) -> Any:
    """Import JAX and Hypothesis when they are asked for, not with the package."""
    if name in __all__:
        from . import fuzzing

        return getattr(fuzzing, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
