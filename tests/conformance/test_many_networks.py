"""Many networks at once: what is recorded, compared and judged is what it is one by one."""

import gc

import numpy as np
import pytest

from conformance.campaigns.collector import seldom_collected
from conformance.compare import Disagreement
from conformance.networks.comparisons import Comparison, compare_all, worst_of_each
from conformance.networks.judge import judge_network
from conformance.networks.many import judge_networks
from conformance.networks.number_range import OutOfRange
from conformance.recorded import recorded_gradients
from reference import Identity, KLDivergence, Network, ReLU, Softmax, SquaredError


def network(seed=0, dtype=np.float64):
    return Network.initialize(3, [(4, ReLU()), (2, Softmax())], seed, dtype)


def task(seed, dtype=np.float64):
    x = np.random.default_rng(seed).normal(size=(5, 3)).astype(dtype)
    return network(seed, dtype), x, np.full((5, 2), 0.5, dtype), KLDivergence()


def test_the_passes_are_those_behind_the_gradients():
    of, x, d, divergence = task(0)
    forward, backward, gradients = recorded_gradients(of, x, d, divergence)
    assert gradients.weights is backward.weights
    assert gradients.input is backward.dy[0]
    again = of.backward_pass(of.forward_pass(x), d, divergence)
    for recorded, made_again in zip(backward.dz, again.dz, strict=True):
        np.testing.assert_array_equal(recorded, made_again)
    np.testing.assert_array_equal(forward.y[-1], of.forward(x))
    assert not {"forward_pass", "backward_pass"} & set(vars(of))


def comparison(error, dtype=np.float64, n=3):
    got = np.ones(n, dtype)
    return Comparison("y", got, got + error * np.finfo(dtype).eps, np.ones(n), roundings=8)


def test_the_worst_of_each_group_is_that_of_the_group_alone():
    groups = [
        [comparison(4), comparison(2, n=5)],
        [comparison(2, np.float32)],
        [comparison(6, n=1)],
        [comparison(1, np.float32), comparison(8, np.float32)],
    ]
    worst = worst_of_each(groups)
    assert worst == [compare_all(group) for group in groups]
    np.testing.assert_allclose(worst, [4 / 8, 2 / 8, 6 / 8, 8 / 8])


def test_what_cannot_be_laid_end_to_end_is_beyond_every_tolerance():
    shape = comparison(0)._replace(expected=np.ones(4))
    dtype = comparison(0)._replace(got=np.ones(3, np.float32))
    wrong = [[comparison(0), shape], [comparison(0), dtype], [comparison(1000)], []]
    worst = worst_of_each([*wrong, [comparison(4)]])
    assert worst == [np.inf, np.inf, pytest.approx(1000 / 8), np.inf, 0.5]


def test_verdicts_are_those_of_each_network_alone():
    huge = Network([np.full((1, 1), 1e200)], [np.zeros(1)], [Identity()])
    too_large = huge, np.full((1, 1), 1e200), np.zeros((1, 1)), SquaredError()
    wide = Network.initialize(3, [(40, Softmax())])
    does_not_fit = wide, np.ones((2, 3)), np.full((2, 40), 1 / 40), KLDivergence()
    tasks = [task(0), too_large, task(1, np.float32), does_not_fit, task(2)]
    verdicts = judge_networks(tasks)
    for alone, verdict in zip(tasks, verdicts, strict=True):
        if alone is too_large:
            assert verdict is None
            with pytest.raises(OutOfRange):
                judge_network(*alone)
        else:
            assert verdict == judge_network(*alone)
    assert all(verdict.end_to_end for verdict in verdicts if verdict is not None)


def test_a_wrong_one_among_right_ones_is_found():
    wrong = network(1)
    right_pass = wrong.backward_pass

    def backward_pass(*arguments, **options):
        passed = right_pass(*arguments, **options)
        passed.biases[0] *= 1 + 1e-9
        return passed

    vars(wrong)["backward_pass"] = backward_pass
    tasks = [task(0), (wrong, *task(1)[1:]), task(2)]
    with pytest.raises(Disagreement, match=r"biases\[0\]"):
        judge_networks(tasks)


def test_the_collector_looks_as_often_as_before():
    before = gc.get_threshold()
    with seldom_collected():
        assert gc.get_threshold()[0] >= 10 * before[0]
        assert gc.get_threshold()[1:] == before[1:]
    assert gc.get_threshold() == before
    gc.set_threshold(0)
    try:
        with seldom_collected():
            assert gc.get_threshold()[0] == 0, "who has switched it off wants it off"
    finally:
        gc.set_threshold(*before)
