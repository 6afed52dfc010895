"""The peers run as people run them: they see a wrong sign, and take a kink for a mistake."""

import jax
import numpy as np
import pytest

from conformance.collection.entry import Entry
from conformance.scoring import peers
from reference import LinearCombination, ReLU, ScalarActivation, Sigmoid, Softmax


class Log(ScalarActivation):
    domain = (0.0, np.inf)

    def forward(self, z):
        if (z <= 0).any():
            raise ValueError("z must be positive")
        return np.log(z)

    def derivative(self, z, y):
        return 1 / z


class Logit(ScalarActivation):
    domain = (0.0, 1.0)

    def forward(self, z):
        return np.log(z) - np.log1p(-z)

    def derivative(self, z, y):
        return 1 / (z * (1 - z))


class WrongSign(ScalarActivation):
    def forward(self, z):
        return Sigmoid().forward(z)

    def derivative(self, z, y):
        return -Sigmoid().derivative(z, y)


def relu_with_slope(at_zero):
    return (
        lambda z: np.maximum(z, 0),
        lambda z: np.where(z == 0, at_zero, (z > 0).astype(z.dtype)),
    )


def broken(z):
    raise ValueError("it does not run")


def entry(target, oracle=jax.nn.sigmoid):
    return Entry("entry", lambda: target, oracle, "for a test")


@pytest.fixture(params=list(peers.PEERS))
def accuses(request):
    def judge(target, **options):
        verdict = peers.PEERS[request.param](entry(target), **options)
        if verdict is None:
            pytest.skip("torch is not installed")
        return verdict

    return judge


@pytest.mark.parametrize("target", [Sigmoid(), Sigmoid, Log(), Logit(), Softmax()])
def test_what_is_right_is_not_accused(accuses, target):
    assert not accuses(target)


def test_smooth_functions_stand_the_harder_inputs(accuses):
    assert not accuses(Sigmoid(), hard=True)
    assert not accuses(Softmax(), hard=True)


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize(
    "wrong",
    [
        WrongSign(),
        (np.sin, lambda z: -np.cos(z)),
        (np.sin, lambda z, y: 2 * np.cos(z)),
        (np.sin, lambda z, y, dy: dy),
        (lambda z: z @ np.ones((3, 2)), lambda z, y: -np.ones((*z.shape[:-1], 2, 3))),
        (np.sin, broken),
    ],
)
def test_what_is_wrong_is_accused(accuses, wrong, hard):
    assert accuses(wrong, hard=hard)


def test_one_normal_input_does_not_see_a_kink(accuses):
    assert not accuses(relu_with_slope(2.0))
    assert accuses(relu_with_slope(2.0), hard=True)


def test_the_harder_inputs_accuse_a_correct_relu(accuses):
    assert not accuses(ReLU())
    assert accuses(ReLU(), hard=True)


def test_the_nearest_width_is_taken(accuses):
    five = np.arange(10.0).reshape(2, 5)
    assert not accuses(LinearCombination(five))
    assert not accuses(
        (lambda z: z @ five.T, lambda z, y: np.broadcast_to(five, (*z.shape[:-1], 2, 5)))
    )


def test_without_torch_there_is_no_verdict(monkeypatch):
    monkeypatch.setattr(peers, "find_spec", lambda name: None)
    assert peers.gradcheck(entry(Sigmoid())) is None


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("domain", [(-np.inf, np.inf), (0, 1), (-1, np.inf), (-np.inf, 2)])
def test_inputs_are_inside_the_domain(domain, hard):
    class Anywhere(ScalarActivation):
        def forward(self, z):
            return z.copy()

        def derivative(self, z, y):
            return np.ones_like(z)

    Anywhere.domain = domain
    inputs = list(peers._inputs(peers.target_of(Anywhere()), hard))
    assert {z.shape[0] for z in inputs} == {2}
    assert len({z.shape for z in inputs}) == (4 if hard else 1)
    for z in inputs:
        assert z.dtype == np.float64
        assert ((domain[0] < z) & (z < domain[1])).all()


def test_the_same_inputs_every_time():
    target = peers.target_of(Sigmoid())
    for first, second in zip(peers._inputs(target, True), peers._inputs(target, True), strict=True):
        assert np.array_equal(first, second)
