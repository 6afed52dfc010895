"""The fuzzer: judges a hand-written derivative on inputs that break derivatives."""

from .explain.reproducer import Origin
from .fuzz import NonConformance, assert_conforms, fuzz
from .verdict import Explanation, Outcome, Verdict

__all__ = [
    "Explanation",
    "NonConformance",
    "Origin",
    "Outcome",
    "Verdict",
    "assert_conforms",
    "fuzz",
]
