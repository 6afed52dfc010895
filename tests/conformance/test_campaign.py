"""A campaign draws the same cases for the same seed, and turns every ending into a record."""

import json
import os
import subprocess
import sys
from dataclasses import replace

from hypothesis import assume
from hypothesis import strategies as st

from conformance.campaigns import every_property as campaigns
from conformance.campaigns.campaign import run
from conformance.campaigns.every_property import derived, merge, run_all
from conformance.campaigns.workers import spread
from conformance.compare import Disagreement
from conformance.properties import PROPERTIES
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


def test_an_exception_is_an_error_and_no_case_at_all_undecided():
    def broken(case):
        raise ZeroDivisionError("oops")

    def never(case):
        assume(False)

    record = run(numbers(broken), 20, seed=0)
    assert (record.verdict, record.finding) == ("error", "ZeroDivisionError: oops")
    assert run(numbers(never), 20, seed=0).verdict == "undecided"


def judged_together(check, check_all):
    return replace(numbers(check), check_all=check_all)


def test_what_is_judged_together_is_recorded_as_if_one_by_one():
    def outcome(case):
        return Outcome(case / 1000, live=case > 500)

    def check(case):
        assume(case % 3 != 0)
        return outcome(case)

    def check_all(cases):
        return [outcome(case) if case % 3 else None for case in cases]

    together = run(judged_together(check, check_all), 300, seed=4)
    assert timeless([together]) == timeless([run(numbers(check), 300, seed=4)])
    assert together.cases + together.notes["dropped"] == 300


def test_what_fails_together_is_shrunk_one_by_one():
    def check(case):
        if case >= 17:
            raise Disagreement("17 and more are wrong", ratio=float(case))
        return Outcome()

    record = run(judged_together(check, lambda cases: list(map(check, cases))), 300, seed=0)
    assert timeless([record]) == timeless([run(numbers(check), 300, seed=0)])
    assert record.counterexample == "seed = 0\n17"


def test_what_fails_together_alone_is_told_all_the_same():
    def check_all(cases):
        raise Disagreement("only side by side")

    record = run(judged_together(lambda case: Outcome(), check_all), 20, seed=0)
    assert (record.verdict, record.finding) == ("disagrees", "only side by side")


def test_progress_gets_each_record():
    seen = []
    properties = [numbers(lambda case: Outcome(), f"claim.{i}") for i in range(3)]
    records = run_all(properties, 5, 0, seen.append)
    assert [r.id for r in records] == [r.id for r in seen] == ["claim.0", "claim.1", "claim.2"]
    assert records[0].worst is None
    assert records[0].live is None


BY_ID = {property_.id: property_ for property_ in PROPERTIES}


def timeless(records):
    return [replace(record, seconds=0.0) for record in records]


def test_two_workers_judge_the_same_cases_as_one(tmp_path):
    reports = []
    for workers in (1, 2):
        out = tmp_path / str(workers)
        options = "--only step.Vector --examples 1030 --seed 3 --score-examples 0"
        command = [sys.executable, "-m", "conformance", "report", *options.split()]
        command += ["--out", str(out), "--workers", str(workers)]
        subprocess.run(command, check=True, capture_output=True)
        rows = json.loads((out / "conformance.json").read_text())["properties"]
        reports.append([row | {"seconds": 0.0} for row in rows])
    assert [row["cases"] for row in reports[0]] == [1030]
    assert reports[0] == reports[1]


def test_a_long_run_is_made_of_slices_with_seeds_of_their_own(monkeypatch):
    monkeypatch.setattr(campaigns, "SLICE", 20)
    property_ = BY_ID["derivative.SquaredError"]
    (whole,) = run_all([property_], 50, 4)
    slices = [run(property_, count, seed) for count, seed in
              ((20, 4), (20, derived(4, 1)), (10, derived(4, 2)))]  # fmt: skip
    assert timeless([whole]) == timeless([merge(slices)])
    assert whole.cases == sum(r.cases for r in slices)
    assert whole.worst == max(r.worst for r in slices)
    assert len({derived(seed, i) for seed in range(20) for i in range(1, 20)}) == 20 * 19


def test_a_slice_that_fails_is_what_is_told_of_a_property():
    right = run(BY_ID["derivative.SquaredError"], 20, 0)
    wrong = replace(right, verdict="disagrees", finding="off by 1", counterexample="seed = 5")
    merged = merge([right, wrong, right])
    assert (merged.verdict, merged.finding) == ("disagrees", "off by 1")
    assert merged.cases == 3 * right.cases
    undecided = replace(right, verdict="undecided")
    assert merge([right, undecided]).verdict == "undecided"
    assert merge([undecided, wrong]).finding == "off by 1"


def test_a_worker_that_dies_is_an_error_of_what_it_had_to_do():
    results = dict(spread(os._exit, [3], workers=2))
    assert "terminated abruptly" in str(results[3])


def test_what_a_task_raises_stands_beside_its_item():
    results = dict(spread(int, ["12", "x"], workers=1))
    assert results["12"] == 12
    assert isinstance(results["x"], ValueError)


def test_workers_end_when_their_parent_is_killed():
    """Each holds the pipe of stderr open for as long as it lives."""
    program = (
        "import os, signal, time\nfrom conformance.campaigns.workers import spread\n"
        "if __name__ == '__main__':\n"
        "    for item, _ in spread(abs, range(3), workers=2): pass\n"
    )
    lingering = program.replace("pass", "os.kill(os.getpid(), signal.SIGKILL)")
    command = [sys.executable, "-c", lingering]
    done = subprocess.run(command, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == -9
