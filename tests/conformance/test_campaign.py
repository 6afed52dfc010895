"""A campaign draws the same cases for the same seed, and turns every ending into a record."""

from hypothesis import strategies as st

from conformance.campaign import run, run_all
from conformance.compare import Disagreement
from conformance.property import Outcome, Property


def numbers(check, id_="claim.Numbers"):
    return Property(id_, "a claim about whole numbers", 1, st.integers(0, 1000), check)


def test_the_same_seed_draws_the_same_cases_and_another_seed_others():
    drawn = []

    def look(case):
        drawn[-1].append(case)
        return Outcome(0.5, live=case > 0, note="even" if case % 2 == 0 else None)

    records = []
    for seed in (1, 1, 2):
        drawn.append([])
        records.append(run(numbers(look), 50, seed))
    assert drawn[0] == drawn[1] != drawn[2]
    assert records[0].verdict == "conforms"
    assert records[0].cases == 50
    assert records[0].worst == 0.5
    assert records[0].live == sum(n > 0 for n in drawn[0]) / 50
    assert records[0].notes == {"even": sum(n % 2 == 0 for n in drawn[0])}


def test_a_disagreement_is_shrunk():
    def check(case):
        if case >= 17:
            raise Disagreement("17 and more are wrong", ratio=float(case))
        return Outcome()

    record = run(numbers(check), 200, seed=0)
    assert record.verdict == "disagrees"
    assert record.finding == "17 and more are wrong"
    assert record.counterexample == "seed = 0\n17"
    assert record.worst == 17


def test_an_exception_is_an_error_and_no_case_at_all_too():
    def broken(case):
        raise ZeroDivisionError("oops")

    def never(case):
        from hypothesis import assume

        assume(False)

    record = run(numbers(broken), 20, seed=0)
    assert (record.verdict, record.finding) == ("error", "ZeroDivisionError: oops")
    assert run(numbers(never), 20, seed=0).verdict == "error"


def test_progress_gets_each_record():
    seen = []
    properties = [numbers(lambda case: Outcome(), f"claim.{i}") for i in range(3)]
    records = run_all(properties, 5, 0, seen.append)
    assert [r.id for r in records] == [r.id for r in seen] == ["claim.0", "claim.1", "claim.2"]
    assert records[0].worst is None
    assert records[0].live is None
