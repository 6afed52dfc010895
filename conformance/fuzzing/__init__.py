"""The fuzzer: judges a hand-written derivative on inputs that break derivatives."""

from .fuzz import NonConformance, assert_conforms, fuzz
from .reproducer import Origin
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
