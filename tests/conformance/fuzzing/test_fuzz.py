"""The verdict: what it is for which target, by which witness, and that it is the same again."""

import subprocess
import sys
import textwrap
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conformance import NonConformance, assert_conforms, fuzz
from conformance.fuzzing.drawing.draw import ALL_REGIMES
from conformance.fuzzing.drawing.regimes import cotangents
from conformance.fuzzing.finding import Finding, gravest
from conformance.fuzzing.judge import Judge
from conformance.fuzzing.search.search import search
from conformance.fuzzing.subject.making import copy_of, target_of
from conformance.fuzzing.subject.target import NotATarget
from conformance.fuzzing.witness.choice import choose
from reference import ScalarActivation, VectorActivation

from .targets import EXAMPLES, Max, Softmax, Tanh, verdict, with_

Doubled = with_(Tanh, derivative=lambda self, z, y: 2 * (1 - y * y))
Transparent = with_(Softmax, jacobian=lambda self, z, y: Softmax.jacobian(self, z, y) + 1e-8)


def timeless(v):
    return replace(v, seconds=0.0)


@pytest.mark.parametrize("target", [Tanh, Doubled, Transparent, Max])
def test_the_same_seed_gives_the_same_verdict_and_another_the_same_outcome(target):
    first, again, other = (verdict(target, max_examples=60, seed=seed) for seed in (1, 1, 2))
    assert timeless(first) == timeless(again)
    assert first.outcome == other.outcome
    assert other.seed == 2
    assert first.to_dict() | {"seconds": 0} == again.to_dict() | {"seconds": 0}


def test_the_same_seed_draws_the_same_cases_in_every_program(tmp_path):
    """Hypothesis mixes constants of the modules at hand among the numbers that it draws."""
    program = """
        from hypothesis import Phase, given, seed, settings
        from conformance.fuzzing.drawing.draw import cases
        @seed(7)
        @settings(max_examples=300, database=None, phases=[Phase.generate])
        @given(cases({1: 1, 2: 2, 3: 3, 6: 6}, (-float("inf"), float("inf")), {}))
        def draw(case):
            print(case.regime, case.z.dtype, case.z.tolist(), case.dy.tolist())
        draw()
    """
    (tmp_path / "constants.py").write_text(f"KNOWN = {[*range(2, 64), 12345.5, 0.37]}")
    drawn = []
    for lines in ("import constants\n", ""):
        (tmp_path / "program.py").write_text(lines + textwrap.dedent(program))
        command = [sys.executable, "program.py"]
        drawn.append(subprocess.check_output(command, cwd=tmp_path, text=True).splitlines())
    assert len(drawn[1]) == 300
    assert drawn[0] == drawn[1]


def test_max_examples_is_how_many_cases_are_judged():
    assert [verdict(Tanh, max_examples=n).cases for n in (1, 60, 130)] == [1, 60, 130]
    with pytest.raises(ValueError, match="max_examples must be at least 1, got 0"):
        fuzz(Tanh, max_examples=0)


@pytest.mark.parametrize("seconds", [0, -1, np.nan, np.inf])
def test_a_time_limit_is_positive(seconds):
    with pytest.raises(ValueError, match="timeout must be positive and finite, got"):
        fuzz(Tanh, timeout=seconds)


# Witnesses


class PortableTanh(ScalarActivation):
    """A forward against the array API: it takes arrays of NumPy and of JAX."""

    def forward(self, z):
        return z.__array_namespace__().tanh(z)

    def derivative(self, z, y):
        return 1 - y * y


class WrongPortable(PortableTanh):
    def derivative(self, z, y):
        return (1 - y * y) * z.dtype.type(1 + 1e-6)


def test_an_oracle_is_asked_where_there_is_one():
    v = fuzz(PortableTanh, jnp.tanh, max_examples=40)
    assert v.witness == "autodiff of jax.numpy.tanh"
    assert v.blind == ""


def test_else_a_forward_that_jax_can_run_is_differentiated():
    v = fuzz(PortableTanh, max_examples=EXAMPLES)
    assert v.outcome == "conforms"
    assert v.witness == "autodiff of PortableTanh.forward on JAX arrays"
    assert "unseen  mistakes in the forward itself" in str(v)
    assert fuzz(WrongPortable, max_examples=EXAMPLES).explanation.check == "jacobian"


@pytest.mark.parametrize("target", [Tanh, Softmax])
def test_else_differences_of_it_are_taken(target):
    v = fuzz(target, max_examples=EXAMPLES)
    assert v.outcome == "conforms", str(v)
    assert v.witness == "extrapolated differences of the forward itself"
    assert "mistakes in the forward, errors below about 1e-8 (next to a joint 1e-6)" in v.blind
    assert v.blind in str(v)


@pytest.mark.parametrize("size", [1e-6, 1.0, -2.0])
def test_and_differences_see_an_error_of_1e_6(size):
    def derivative(self, z, y):
        return (1 - y * y) * z.dtype.type(1 + size)

    assert fuzz(with_(Tanh, derivative=derivative), max_examples=EXAMPLES).outcome == "disagrees"


@pytest.mark.parametrize("slope", [2.0, -0.5])
def test_and_a_slope_at_a_kink_that_is_far_outside(slope):
    def derivative(self, z, y):
        return np.where(z == 0, slope, z > 0).astype(z.dtype)

    relu = with_(Tanh, forward=lambda self, z: np.maximum(z, 0), derivative=derivative)
    assert fuzz(relu, max_examples=EXAMPLES).outcome == "disagrees"


@pytest.mark.parametrize(
    ("forward", "derivative"),
    [
        (lambda z: np.exp(-z * z), lambda z, y: -2 * z * y),
        (np.sin, lambda z: np.cos(z)),
        (lambda z: np.sin(z * z), lambda z: 2 * z * np.cos(z * z)),
    ],
    ids=["exp(-z^2)", "sin(z)", "sin(z^2)"],
)
def test_differences_accuse_nobody_where_they_cannot_know(forward, derivative):
    """Waves much shorter than a step look smooth to it, where all its points agree by chance."""
    v = fuzz((forward, derivative), max_examples=EXAMPLES)
    assert v.outcome == "conforms", str(v)


def test_an_oracle_is_compiled_fewer_than_20_times():
    traced = []

    def oracle(z):
        traced.append((z.shape, z.dtype))
        return jax.nn.softmax(z)

    assert fuzz(Softmax, oracle, max_examples=EXAMPLES).conforms
    assert (
        fuzz(
            with_(Softmax, jacobian=lambda self, z, y: 0 * z[..., None] * y[..., None, :]),
            oracle,
            max_examples=EXAMPLES,
        ).outcome
        == "disagrees"
    )
    assert 0 < len(traced) < 20


# Outcomes


class Sinc(ScalarActivation):
    """sin(pi z) / (pi z); next to 0 its derivative by the series, where the quotient cancels."""

    def forward(self, z):
        return np.sinc(z)

    def derivative(self, z, y):
        near = np.where(np.abs(z) < 0.5, z, 0)
        series, term = np.zeros_like(z), np.pi * np.ones_like(z)
        for k in range(1, 16):
            term = -term * np.pi**2 / ((2 * k) * (2 * k + 1))
            series += term * 2 * k * near ** (2 * k - 1) / np.pi
        far = np.where(np.abs(z) < 0.5, 1, z)
        return np.where(np.abs(z) < 0.5, series, (np.cos(np.pi * far) - np.sinc(far)) / far)


class Norm(VectorActivation):
    """|z|; at the origin the subgradient 0."""

    def output_width(self, n):
        return 1

    def forward(self, z):
        size = np.abs(z).max(axis=-1, keepdims=True)
        scaled = z / np.where(size == 0, 1, size)
        return size * np.sqrt((scaled * scaled).sum(axis=-1, keepdims=True))

    def jacobian(self, z, y):
        size = np.abs(z).max(axis=-1, keepdims=True)
        scaled = z / np.where(size == 0, 1, size)
        length = np.sqrt((scaled * scaled).sum(axis=-1, keepdims=True))
        return (scaled / np.where(size == 0, 1, length))[..., None, :]


def sinc(z):
    """Its autodiff cancels next to 0, and is 0 / 0 or worse there."""
    nonzero = jnp.where(z == 0, 1.0, jnp.pi * z)
    return jnp.where(z == 0, 1.0, jnp.sin(nonzero) / nonzero)


@pytest.mark.parametrize(("target", "oracle"), [(Sinc, sinc), (Norm, jnp.linalg.norm)])
def test_an_oracle_that_is_wrong_itself_is_suspect(target, oracle):
    v = fuzz(target, oracle, max_examples=200)
    assert v.outcome == "oracle suspect", str(v)
    assert v.conforms
    assert v.suspects
    assert not [said for said in v.conventions if said.startswith("Sinc")]  # noise is no kink
    assert v.suspects[0] in str(v)


def test_a_target_that_raises_is_an_error():
    def forward(self, z):
        raise RuntimeError("not today")

    v = verdict(with_(Tanh, forward=forward))
    assert v.outcome == "error"
    assert "RuntimeError: not today" in str(v)
    assert not v.conforms


def test_an_oracle_that_raises_is_an_error():
    def oracle(z):
        raise RuntimeError("not today")

    v = fuzz(Tanh, oracle, max_examples=40)
    assert v.outcome == "error"
    assert v.explanation.check == "oracle"
    assert "not today" in v.explanation.message


def test_assert_conforms_says_what_the_verdict_says():
    assert assert_conforms(Tanh, jnp.tanh, max_examples=40).conforms
    with pytest.raises(NonConformance, match="exactly twice what it should be") as caught:
        assert_conforms(Doubled, jnp.tanh, max_examples=40)
    assert isinstance(caught.value, AssertionError)
    assert str(caught.value) == str(caught.value.verdict)


class NoForward:
    pass


class NoBackward:
    def forward(self, z):
        return z


class NeedsArguments(Tanh):
    def __init__(self, slope):
        self.slope = slope


class NoDomain(Tanh):
    domain = (1.0, 0.0)


class NoWidth(Softmax):
    def output_width(self, n):
        raise ValueError("n must be 1000")


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (NoForward, r"NoForward must have a method forward\(z\)"),
        (NoBackward(), r"NoBackward must have one of derivative\(z, y\), jacobian"),
        (NeedsArguments, "NeedsArguments must be made without arguments: .*slope"),
        (NoDomain, r"NoDomain.domain must be \(low, high\) with low < high, got \(1.0, 0.0\)"),
        ((np.tanh,), r"a pair must be \(forward, backward\), two functions"),
        ((np.tanh, 1.0), r"a pair must be \(forward, backward\), two functions"),
        ((np.tanh, lambda: 0), r"the backward of tanh must take \(z\), \(z, y\) or"),
        (0.5, r"0.5 must have a method forward\(z\)"),
    ],
)
def test_what_is_no_target_is_refused_by_name(target, words):
    with pytest.raises(NotATarget, match=words):
        fuzz(target)


def test_a_jacobian_that_has_forgotten_the_batch_is_told_its_shape(tmp_path):
    weights = np.tri(12)
    pair = (
        lambda z: z @ weights[: z.shape[-1], : z.shape[-1]].astype(z.dtype).T,
        lambda z: weights[: z.shape[-1], : z.shape[-1]].astype(z.dtype),
    )
    v = fuzz(pair, jnp.cumsum, max_examples=EXAMPLES)
    assert v.outcome == "disagrees", str(v)
    assert "jacobian must have shape (1, 1, 1) for z of shape (1, 1)" in v.explanation.message
    assert "got (1, 1)" in v.explanation.reproducer.splitlines()[-1]


def test_numpy_that_raises_in_a_file_of_the_user_is_left_at_that():
    class Strict(Tanh):
        def forward(self, z):
            np.seterr(all="raise")
            return np.tanh(z)

    with np.errstate(all="raise"):
        assert fuzz(Strict, jnp.tanh, max_examples=EXAMPLES).outcome == "conforms"
        assert set(np.geterr().values()) == {"raise"}


def test_what_a_class_keeps_is_told():
    class Tired(Tanh):
        calls = 0

        def derivative(self, z, y):
            type(self).calls += 1
            return (1 - y * y) * (2 if self.calls > 2000 else 1)

    v = fuzz(Tired, jnp.tanh)
    assert v.outcome == "disagrees"
    assert v.explanation.likely[0].startswith("a case that was right before is wrong now")


def test_a_number_is_told_to_the_digits_that_differ():
    got, expected, tolerance = np.array([1 + 1e-11]), np.array([1.0]), np.array([1e-13])
    finding = Finding(
        "jacobian", "", "derivative", got=got, expected=expected, tolerance=tolerance, index=(0,)
    )
    assert finding.numbers().startswith("derivative[0] is 1.00000000001, expected 1: error 1e-11")


def test_a_target_that_takes_no_width_is_an_error():
    v = fuzz(NoWidth, jax.nn.softmax)
    assert v.outcome == "error"
    assert "n must be 1000; so for every width of z from 1 to 128" in v.explanation.message


# What is drawn


class Recording:
    """Keeps a copy of every z that any copy of the target sees."""

    def __init_subclass__(cls):
        cls.drawn = []

    def forward(self, z):
        type(self).drawn.append(np.array(z))
        return super().forward(z)


class Logit(ScalarActivation):
    domain = (0.0, 1.0)

    def forward(self, z):
        return np.log(z) - np.log1p(-z)

    def derivative(self, z, y):
        return 1 / (z * (1 - z))


class RecordingLogit(Recording, Logit):
    pass


class HalfNorms(VectorActivation):
    """y_i = (z_i^2 + z_{i + n/2}^2) / 2, for even n alone."""

    def output_width(self, n):
        if n % 2:
            raise ValueError(f"n must be even, got {n}")
        return n // 2

    def forward(self, z):
        return (z * z).reshape(*z.shape[:-1], 2, -1).sum(axis=-2) / 2

    def jacobian(self, z, y):
        m = z.shape[-1] // 2
        return np.tile(np.eye(m, dtype=z.dtype), 2) * z[..., None, :]


class RecordingHalves(Recording, HalfNorms):
    pass


class RecordingSoftmax(Recording, Softmax):
    pass


def test_all_numbers_lie_in_the_domain_and_some_next_to_its_edges():
    v = fuzz(RecordingLogit, jax.scipy.special.logit, max_examples=200)
    assert v.outcome == "conforms", str(v)
    for dtype in (np.float64, np.float32):
        drawn = np.concatenate([z.ravel() for z in RecordingLogit.drawn if z.dtype == dtype])
        assert drawn.min() == np.nextafter(dtype(0), dtype(1))
        assert drawn.max() == np.nextafter(dtype(1), dtype(0))


def test_a_width_that_is_refused_is_never_drawn():
    def half_norms(z):
        return (z * z).reshape(2, -1).sum(axis=0) / 2

    v = fuzz(RecordingHalves, half_norms, max_examples=200)
    assert v.outcome == "conforms", str(v)
    assert {z.shape[-1] for z in RecordingHalves.drawn} == {2, 4, 6, 8, 10, 12}


def test_both_dtypes_and_every_number_of_rows_are_drawn():
    assert fuzz(RecordingSoftmax, jax.nn.softmax, max_examples=200).conforms
    drawn = RecordingSoftmax.drawn
    assert {z.dtype for z in drawn} == {np.dtype(np.float32), np.dtype(np.float64)}
    assert {1, 2, 3, 6, 12} <= {z.shape[-1] for z in drawn}
    leads = {z.shape[:-1] for z in drawn}
    assert {(), (1,), (5,), (2, 3)} <= leads
    assert {n for n in (2, 3, 4) if any(z.shape == (n, n) for z in drawn)} == {2, 3, 4}


def test_a_cotangent_of_one_number_is_not_always_1():
    random = np.random.default_rng(0)
    drawn = {float(cotangents(random, (1, 1), np.float64)[0, 0]) for _ in range(50)}
    assert len(drawn) > 20
    assert 0.0 not in drawn


def test_a_finding_that_is_decided_comes_before_one_that_is_not():
    jacobian = Finding("jacobian", "", "jacobian", undecided=True)
    vjp = Finding("vjp", "", "vjp")
    assert gravest([jacobian, vjp]) is vjp
    assert gravest([vjp, replace(jacobian, undecided=False)]).check == "jacobian"
    assert gravest([]) is None


def test_every_regime_is_drawn():
    target = target_of(Tanh)
    judge = Judge(target, choose(target, jnp.tanh))
    with np.errstate(all="ignore"):
        findings, passed = search(judge, copy_of(target), {1: 1, 2: 2, 3: 3}, 200, seed=0)
    assert not findings
    assert set(judge.seen.regimes) == {*ALL_REGIMES, "sweep"}
    assert sum(judge.seen.regimes.values()) == judge.seen.cases == len(passed)
    # Only where all of z may be large is the slope of tanh 0 throughout.
    flat = {"large", "wide", "offset", "scales", "edges"}
    assert judge.seen.live >= sum(case.regime not in flat for case in passed) > 100


def test_the_numbers_of_the_regimes_are_those_that_break_derivatives():
    RecordingSoftmax.drawn.clear()
    fuzz(RecordingSoftmax, jax.nn.softmax)
    z = [z for z in RecordingSoftmax.drawn if z.dtype == np.float64 and z.ndim == 2]
    sizes = np.concatenate([np.abs(rows).ravel() for rows in z])
    assert {0.0, 40.0, 100.0, 750.0, 1e3, 1e4} <= set(sizes)
    assert sizes[sizes > 0].min() < 1e-300
    assert any(np.signbit(rows[rows == 0]).any() for rows in z)
    most = [np.unique(row, return_counts=True)[1].max() for rows in z for row in rows]
    assert {1, 2, 3, 6, 12} <= set(most)
