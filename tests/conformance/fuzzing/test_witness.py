"""What a witness is asked beforehand it says as if it were asked then."""

import jax
import numpy as np
import pytest

from conformance.fuzzing.subject.making import target_of
from conformance.fuzzing.witness.choice import choose

from .targets import Softmax

RANDOM = np.random.default_rng(0)
CASES = [RANDOM.normal(size=shape) for shape in ((5, 3), (1, 3), (2, 4), (70, 3))]


@pytest.mark.parametrize("oracle", [jax.nn.softmax, None])
def test_foreseen_or_not_the_truth_is_the_same(oracle):
    witness = choose(target_of(Softmax), oracle)
    asked = [witness.ask(z) for z in CASES]
    witness.foresee(CASES)
    witness.ask = None
    for z, truth in zip(CASES, asked, strict=True):
        seen = witness.truth_at(z)
        for name in ("y", "jacobian", "doubt"):
            assert getattr(seen, name) == pytest.approx(getattr(truth, name), rel=1e-14, abs=1e-14)


def test_what_was_not_foreseen_is_asked():
    witness = choose(target_of(Softmax), jax.nn.softmax)
    witness.foresee(CASES[:1])
    assert np.array_equal(witness.truth_at(CASES[1]).y, witness.ask(CASES[1]).y)
