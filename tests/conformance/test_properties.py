"""The hand-written backprop conforms: every property of the report, under the loaded profile."""

import pytest
from hypothesis import given
from hypothesis.errors import UnsatisfiedAssumption

from conformance.properties import PROPERTIES

BY_ID = {p.id: p for p in PROPERTIES}


@pytest.mark.parametrize("id_", BY_ID)
def test_holds(id_):
    property_ = BY_ID[id_]

    @given(property_.cases)
    def holds(case):
        property_.check(case)

    holds()


@pytest.mark.parametrize("id_", [p.id for p in PROPERTIES if p.check_all is not None])
def test_many_cases_at_once_are_judged_as_one_by_one(id_):
    property_, cases, alone = BY_ID[id_], [], []

    @given(property_.cases)
    def judge(case):
        cases.append(case)
        try:
            alone.append(property_.check(case))
        except UnsatisfiedAssumption:
            alone.append(None)

    judge()
    for outcome, expected in zip(property_.check_all(cases), alone, strict=True):
        assert (outcome is None) == (expected is None)
        if outcome is not None:
            assert (outcome.live, outcome.note) == (expected.live, expected.note)
            assert outcome.worst == pytest.approx(expected.worst, abs=0.05)


def test_ids_are_unique_and_at_least_thirty():
    assert len(BY_ID) == len(PROPERTIES) >= 30


def test_every_part_of_the_lecture_that_is_no_training_run_has_a_row():
    assert {p.part for p in PROPERTIES} == set(range(1, 16))


@pytest.mark.parametrize("prefix", ["jacobian", "vjp", "manners"])
def test_activations_are_spelled_out(prefix):
    from reference.storage import ACTIVATIONS

    assert {f"{prefix}.{cls.__name__}" for cls in ACTIVATIONS} <= set(BY_ID)
