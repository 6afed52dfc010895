"""Hypothesis profiles for tests of one's own: ``pytest --hypothesis-profile=conformance``."""

from __future__ import annotations

from typing import Any

#: The same cases at every run.
CONFORMANCE = "conformance"

#: New cases at every run, ten times as many; what fails is kept, and tried first at the next run.
EXPLORE = "conformance-explore"


def register_profiles() -> None:
    """Register both profiles with Hypothesis; what already has such a name is left alone.

    The pytest plugin does so when one of them is asked for on the command line. Call it before
    ``settings.load_profile`` in a conftest.py.
    """
    from hypothesis import HealthCheck
    from hypothesis.database import DirectoryBasedExampleDatabase

    quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    alike: dict[str, Any] = {"deadline": None, "suppress_health_check": quiet}
    _register(CONFORMANCE, derandomize=True, max_examples=100, **alike)
    kept = DirectoryBasedExampleDatabase(".hypothesis/examples")
    _register(EXPLORE, derandomize=False, max_examples=1000, database=kept, **alike)


def _register(name: str, **values: Any) -> None:
    from hypothesis import settings
    from hypothesis.errors import InvalidArgument

    try:
        settings.get_profile(name)
    except InvalidArgument:
        settings.register_profile(name, **values)
