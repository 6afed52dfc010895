"""Every planted bug of a whole network is caught; without one, nothing is accused."""

import pytest

import reference
from conformance.collection.networks import NETWORK_BUGS, NetworkBug
from conformance.collection.networks.bug import after
from conformance.scoring.networks import accusation, caught


@pytest.mark.parametrize("bug", NETWORK_BUGS, ids=lambda bug: bug.id)
def test_a_bug_is_caught(bug):
    assert caught(bug, examples=20, seed=0)


def test_nothing_is_accused_without_a_bug():
    assert accusation(examples=20, seed=0) is None


def test_a_bug_is_planted_in_its_context_alone():
    classes = [c for c in vars(reference).values() if isinstance(c, type)]
    right = [dict(vars(c)) for c in classes]
    for bug in NETWORK_BUGS:
        with bug.plant():
            assert [dict(vars(c)) for c in classes] != right, bug.id
        assert [dict(vars(c)) for c in classes] == right, bug.id


def test_each_bug_has_a_name_of_its_own():
    assert len({bug.id for bug in NETWORK_BUGS}) == len(NETWORK_BUGS) >= 20
    assert len({bug.about for bug in NETWORK_BUGS}) == len(NETWORK_BUGS)


def test_an_exception_is_not_a_verdict():
    def fail(*args):
        raise TypeError("unfit")

    bug = NetworkBug("broken", "it does not run", after(reference.Network, "gradients", fail))
    with pytest.raises(RuntimeError, match=r"gradients\.SquaredError: TypeError: unfit"):
        caught(bug)
