"""Strategies that are made once: Hypothesis checks each anew when it is made."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy


@cache
def whole(low: int, high: int) -> SearchStrategy[int]:
    """A whole number, low and high included."""
    return st.integers(low, high)


@cache
def among(*choices: Any) -> SearchStrategy[Any]:
    """One of these."""
    return st.sampled_from(choices)
