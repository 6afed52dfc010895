"""Hypothesis profiles: ``ci`` draws the same cases every time, ``explore`` new ones at each run.

``pytest --hypothesis-profile=explore`` is the longer profile; what it finds is kept in .hypothesis.
"""

import pytest

pytest_plugins = ["pytester"]

try:
    from hypothesis import HealthCheck, settings
    from hypothesis.database import DirectoryBasedExampleDatabase
except ModuleNotFoundError:  # the tests of the reference alone run without it
    pass
else:
    quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    settings.register_profile(
        "ci", derandomize=True, max_examples=20, deadline=None, suppress_health_check=quiet
    )
    settings.register_profile(
        "explore",
        derandomize=False,
        max_examples=1000,
        deadline=None,
        suppress_health_check=quiet,
        database=DirectoryBasedExampleDatabase(".hypothesis/examples"),
    )
    settings.load_profile("ci")


@pytest.fixture(autouse=True)
def _numpy_raises(request):
    """Warnings are errors in every test; this keeps NumPy's from being silenced by a leak."""
    import numpy as np

    with np.errstate(divide="warn", over="warn", invalid="warn"):
        yield
