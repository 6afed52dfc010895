"""The strategies themselves: each interesting case is reachable, and every drawn case is valid."""

import ast
from functools import cache
from random import Random

import numpy as np
import pytest
from hypothesis import Phase, find, given, seed, settings
from hypothesis import strategies as st

import reference as ref
from conformance import strategies
from conformance.cases import literal
from conformance.strategies import (
    ACTIVATIONS,
    DIVERGENCES,
    REGIMES,
    activation_cases,
    activations,
    arrays,
    cotangents,
    divergence_cases,
    fused_cases,
    network_cases,
    pre_activations,
)


@cache
def drawn(strategy, count=500):
    """What a strategy draws in a campaign."""
    cases = []

    @seed(0)
    @settings(max_examples=count, database=None, phases=[Phase.generate])
    @given(strategy)
    def collect(case):
        cases.append(case)

    collect()
    return cases


def reach(strategy, what):
    """Draws until a case is such; an error where none is."""
    generate = settings(max_examples=5000, database=None, phases=[Phase.generate])
    find(strategy, what, random=Random(0), settings=generate)


RELU = activation_cases("ReLU")
NETWORK = network_cases("SquaredError")
KL_LOGITS = fused_cases("Softmax", "KLDivergence")


@pytest.mark.parametrize("name", ACTIVATIONS)
@given(data=st.data())
def test_activation_cases_are_valid(name, data):
    case = data.draw(activation_cases(name))
    low, high = case.activation.domain
    assert type(case.activation).__name__ == name
    assert ((low < case.z) & (case.z < high)).all()
    assert case.z.dtype == case.dy.dtype
    m = case.activation.output_width(case.z.shape[-1])
    assert case.dy.shape == (*case.z.shape[:-1], m)


@pytest.mark.parametrize("name", DIVERGENCES)
@given(data=st.data())
def test_divergence_cases_are_valid(name, data):
    case = data.draw(divergence_cases(name))
    case.divergence.check_target(case.d)
    case.divergence.check_output(case.y)
    assert np.isfinite(case.divergence.value(case.y, case.d)).all()


@pytest.mark.parametrize("name", DIVERGENCES)
@given(data=st.data())
def test_network_cases_are_valid(name, data):
    case = data.draw(network_cases(name))
    network = case.network()
    case.divergence.check_target(case.d)
    assert 1 <= len(network.weights) <= 6
    assert 1 <= len(case.x) <= 8
    assert all(1 <= max(W.shape) <= 20 for W in case.weights)
    assert case.x.shape[1] == network.input_width
    assert case.d.shape == (len(case.x), network.output_width)
    assert network.dtype == case.x.dtype == case.d.dtype


Z = {
    "large": lambda z: np.abs(z).max() >= 1e4,
    "tiny": lambda z: 0 < np.abs(z).max() <= 1e-30,
    "several exact zeros": lambda z: (z == 0).sum() >= 2 and z.any(),
    "negative zero": lambda z: bool((np.signbit(z) & (z == 0)).any()),
    "a single instance": lambda z: z.ndim == 1,
    "a batch of one": lambda z: z.ndim == 2 and len(z) == 1,
    "as many rows as units": lambda z: z.ndim == 2 and z.shape[0] == z.shape[1] > 1,
    "two leading axes": lambda z: z.ndim == 3,
    "float32": lambda z: z.dtype == np.float32,
    "one unit": lambda z: z.shape[-1] == 1,
    "nine units": lambda z: z.shape[-1] == 9,
    "a tie of three for the largest": lambda z: ((z == z.max()).sum(axis=-1) >= 3).any(),
    "rows of different size": lambda z: z.ndim == 2 and np.ptp(np.abs(z).max(axis=-1)) > 100,
}


@pytest.mark.parametrize("what", Z)
def test_reachable_z(what):
    assert any(Z[what](case.z) for case in drawn(RELU))


@pytest.mark.parametrize("regime", REGIMES)
def test_every_regime_is_reachable_with_a_live_value(regime):
    assert any(z.any() for z in drawn(arrays((3,), np.float64, regime), 50))


NETWORKS = {
    "depth 6": lambda c: len(c.weights) == 6,
    "width 16": lambda c: max(W.shape[1] for W in c.weights) == 16,
    "batch of 8": lambda c: len(c.x) == 8,
    "float32": lambda c: c.x.dtype == np.float32,
    "an activation that narrows": lambda c: any(
        f.output_width(len(b)) < len(b) for f, b in zip(c.activations, c.biases, strict=True)
    ),
    "an activation that widens": lambda c: any(
        f.output_width(len(b)) > len(b) for f, b in zip(c.activations, c.biases, strict=True)
    ),
    "scalar and vector mixed": lambda c: (
        {isinstance(f, ref.ScalarActivation) for f in c.activations} == {True, False}
    ),
    "a pre-activation at an exact kink": lambda c: any(
        isinstance(f, ref.ReLU) and (z == 0).any()
        for f, z in zip(c.activations, c.network().forward_pass(c.x).z, strict=True)
    ),
    "live gradients": lambda c: bool(
        c.network().gradients(c.x, c.d, c.divergence).weights[0].any()
    ),
}


@pytest.mark.parametrize("what", NETWORKS)
def test_reachable_networks(what):
    with np.errstate(all="ignore"):
        assert any(NETWORKS[what](case) for case in drawn(NETWORK))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_reachable_in_a_network(name):
    cls = getattr(ref, name)
    assert any(isinstance(f, cls) for case in drawn(NETWORK) for f in case.activations)


def test_reachable_targets():
    assert any(0 < case.d.max() < 1 for case in drawn(KL_LOGITS))
    assert any(case.d.max() == 1 and case.d.shape[1] > 1 for case in drawn(KL_LOGITS))
    assert any(np.ptp(case.z) > 1e4 for case in drawn(KL_LOGITS))
    assert any(0 < case.d.max() < 1 for case in drawn(divergence_cases("BinaryKLDivergence"), 50))


@given(case=network_cases("KLDivergence", max_depth=2, max_width=3))
def test_a_case_prints_as_python_that_gives_the_same_case(case):
    names = {name: getattr(ref, name) for name in ref.__all__}
    names |= {"array": np.array, "float32": np.float32}
    assigned = {}
    for statement in ast.parse(literal(case)).body:
        exec(compile(ast.Module([statement], []), "case", "exec"), names, assigned)
    np.testing.assert_array_equal(assigned["x"], case.x)
    for got, expected in zip(assigned["weights"], case.weights, strict=True):
        np.testing.assert_array_equal(got, expected)
    assert assigned["activations"] == list(case.activations)
    assert assigned["divergence"] == case.divergence


@given(data=st.data())
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_drawn_activations_take_the_width(name, data):
    for n in (1, 2, 5):
        activation = data.draw(activations(name, n))
        z = np.ones((2, n))
        y = activation.forward(z)
        assert y.shape == (2, activation.output_width(n))
        assert activation.jacobian(z, y).shape == (*y.shape, n)


DOMAINS = [(-np.inf, np.inf), (0.0, np.inf), (-np.inf, -1.0), (-1.0, 1.0), (0.1, 1e3)]


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@given(data=st.data())
def test_pre_activations_are_inside_the_domain(data, domain, dtype):
    z = data.draw(pre_activations(3, dtype, domain))
    wide = z.astype(np.float64)
    assert z.dtype == dtype
    assert z.shape[-1] == 3
    assert ((domain[0] < wide) & (wide < domain[1])).all()


@pytest.mark.parametrize("domain", DOMAINS)
def test_pre_activations_keep_their_regimes_and_come_close_to_every_edge(domain):
    z = pre_activations(3, np.float64, domain)
    low, high = domain
    reach(z, lambda z: z.size > 3 and np.ptp(z) == 0)  # ties
    reach(z, lambda z: np.unique(z).size > 6)
    reach(z, lambda z: z.min() - low < 1e-12 if np.isfinite(low) else z.min() <= -1e4)
    reach(z, lambda z: high - z.max() < 1e-12 if np.isfinite(high) else z.max() >= 1e4)
    if low < 0 < high:
        reach(z, lambda z: 1e-300 in z)


PRE_ACTIVATIONS = st.one_of(
    *(pre_activations(n, dtype) for n in (1, 9) for dtype in (np.float64, np.float32))
)


@pytest.mark.parametrize("what", Z)
def test_reachable_pre_activations(what):
    assert any(Z[what](z) for z in drawn(PRE_ACTIVATIONS))


def test_pre_activations_shrink_to_one_row_of_short_literals():
    z = find(pre_activations(3), lambda z: z.max() > 2)
    assert z.ndim == 1
    assert all(len(repr(number)) < 9 for number in z.tolist())


def test_a_domain_must_be_an_interval():
    with pytest.raises(ValueError, match=r"domain must be \(low, high\).*got \(1.0, 0.0\)"):
        find(pre_activations(2, np.float64, (1.0, 0.0)), lambda z: True)


@pytest.mark.parametrize("shape", [(2,), (3, 2), (1, 4)])
@given(data=st.data())
def test_cotangents_are_never_all_equal(data, shape):
    dy = data.draw(cotangents(shape, np.float32))
    assert dy.shape == shape
    assert dy.dtype == np.float32
    assert np.ptp(dy) > 0
    assert np.abs(dy).max() <= 1e3


def test_cotangents_reach_their_sizes_and_shrink_to_short_literals():
    drawn_dy = drawn(cotangents((2, 3)), 200)
    assert any(np.abs(dy).max() == 1e3 for dy in drawn_dy)
    assert any((np.abs(dy) == 1e-3).any() for dy in drawn_dy)
    assert find(cotangents((3,)), lambda dy: True).tolist() == [1, 0, 0]
    assert find(cotangents((1,)), lambda dy: True).tolist() == [1]


def test_all_of_the_strategies_can_be_imported():
    public = {name for name in vars(strategies) if name in strategies.__all__}
    assert public == set(strategies.__all__)
    assert list(strategies.__all__) == sorted(strategies.__all__)
