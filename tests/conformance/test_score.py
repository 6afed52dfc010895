"""The score counts what is caught, missed and accused, in one process or in two."""

from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

import pytest

from conformance.campaigns import workers
from conformance.collection import CORRECT, NETWORK_BUGS, PLANTED
from conformance.record import PeerRecord
from conformance.scoring import score as scoring
from conformance.scoring.score import score

ENTRIES = {entry.id: entry for entry in scoring.COLLECTION}
WRONG = ENTRIES["sigmoid.z-for-y"]
TWO_AT_ZERO = ENTRIES["relu.two-at-zero"]
RIGHT = ENTRIES["sigmoid.from-y"]
NOTHING = {"planted": (), "correct": (), "network": ()}


def scored(processes=1, **entries):
    return score(40, 0, workers=processes, **NOTHING | entries)


def test_the_whole_collection_is_judged_unless_told_otherwise():
    assert set(scoring.COLLECTION) == {*PLANTED, *CORRECT, *NETWORK_BUGS}


def test_what_is_wrong_is_caught_and_what_is_right_is_not_accused():
    seen = []
    record = scored(planted=(WRONG, TWO_AT_ZERO), correct=(RIGHT,), progress=seen.append)
    assert (record.planted, record.caught, record.missed) == (2, 2, ())
    assert (record.correct, record.accused) == (1, ())
    assert (record.verdict, record.finding, record.errors) == ("conforms", None, {})
    assert sorted(seen) == sorted([WRONG.id, TWO_AT_ZERO.id, RIGHT.id])
    assert 0 < record.median_seconds <= record.max_seconds < record.seconds


def test_what_is_right_is_missed_where_it_counts_as_planted():
    record = scored(planted=(RIGHT,), correct=(WRONG,))
    assert (record.caught, record.missed, record.accused) == (0, (RIGHT.id,), (WRONG.id,))
    assert record.verdict == "disagrees"
    assert record.finding == (
        "planted, but missed: sigmoid.from-y\ncorrect, but accused: sigmoid.z-for-y"
    )


def test_the_peers_judge_the_same_entries(monkeypatch):
    monkeypatch.setattr("conformance.scoring.peers.find_spec", lambda name: None)
    peers = scored(planted=(WRONG, TWO_AT_ZERO), correct=(RIGHT,)).peers
    absent, jax = "torch.autograd.gradcheck", "jax.test_util.check_vjp"
    assert peers == (
        PeerRecord(absent, "normal", 0, None, 0, None, "not installed"),
        PeerRecord(absent, "hard", 0, None, 0, None, "not installed"),
        PeerRecord(jax, "normal", 2, 1, 1, 0),
        PeerRecord(jax, "hard", 2, 2, 1, 0),
    )


def test_two_processes_share_the_work_in_any_order():
    record = scored(2, planted=(WRONG, RIGHT), correct=(TWO_AT_ZERO,))
    assert record.missed == (RIGHT.id,)
    assert record.accused == (TWO_AT_ZERO.id,)


def test_a_bug_of_a_network_that_nothing_sees_is_missed(monkeypatch):
    seen, *missed = NETWORK_BUGS[:3]
    monkeypatch.setattr(scoring, "caught", lambda bug, examples, seed: bug is seen)
    record = scored(network=NETWORK_BUGS[:3])
    assert (record.network_planted, record.network_caught) == (3, 1)
    ids = ", ".join(bug.id for bug in missed)
    assert record.finding == f"planted in a network, but missed: {ids}"
    assert record.median_seconds is None
    assert record.max_seconds is None


@pytest.mark.parametrize("group", ["planted", "correct"])
def test_what_cannot_be_judged_is_neither_caught_nor_conforms(group, monkeypatch):
    def fail(*args, **options):
        raise TypeError("unfit")

    monkeypatch.setattr(scoring, "fuzz", fail)
    record = scored(**{group: (WRONG,)})
    assert record.missed + record.accused == (WRONG.id,)
    assert record.errors == {WRONG.id: "TypeError: unfit"}
    assert record.verdict == "error"
    assert record.finding.endswith("not judged: sigmoid.z-for-y (TypeError: unfit)")


def test_what_a_process_takes_down_with_it_is_not_judged(monkeypatch):
    class Dying:
        def __init__(self, *settings):
            pass

        def submit(self, task, *args):
            future = Future()
            future.set_exception(BrokenProcessPool("terminated"))
            return future

        def shutdown(self, cancel_futures):
            assert cancel_futures

    monkeypatch.setattr(workers, "ProcessPoolExecutor", Dying)
    record = scored(2, planted=(WRONG,), correct=(RIGHT,))
    assert (record.missed, record.accused) == ((WRONG.id,), (RIGHT.id,))
    assert set(record.errors.values()) == {"BrokenProcessPool: terminated"}
