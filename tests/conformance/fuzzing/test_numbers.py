"""Textbook formulas conform; a relative error of 1e-6, or an absolute one of 1e-8, does not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conformance import fuzz
from conformance.fuzzing.case import FuzzCase
from conformance.fuzzing.judge import Judge
from conformance.fuzzing.subject.making import target_of
from conformance.fuzzing.witness.choice import choose
from reference import ScalarActivation, VectorActivation

from .targets import EXAMPLES, Max, Softmax, Tanh, verdict, with_, wrong


class Sigmoid(ScalarActivation):
    """y' = y (1 - y): right to an absolute eps, though not to a relative one where y is near 1."""

    def forward(self, z):
        e = np.exp(-np.abs(z))
        return np.where(z >= 0, 1, e) / (1 + e)

    def derivative(self, z, y):
        return y * (1 - y)


class StableSigmoid(Sigmoid):
    """Right to a relative eps: exp(-40) at 40, where the oracle's own derivative is 0."""

    def derivative(self, z, y):
        e = np.exp(-np.abs(z))
        return e / (1 + e) ** 2


class TanhByCosh(Tanh):
    """y' = 1 / cosh^2 z, relative accuracy everywhere."""

    def derivative(self, z, y):
        e = np.exp(-2 * np.abs(z))
        return 4 * e / (1 + e) ** 2


class SoftmaxByVjp(Softmax):
    """With a vjp in O(n) beside the Jacobian."""

    def vjp(self, z, y, dy):
        return y * (dy - (dy * y).sum(axis=-1, keepdims=True))


@pytest.mark.parametrize("target", [Tanh, TanhByCosh, Softmax, SoftmaxByVjp, Max])
def test_what_is_right_conforms(target):
    v = verdict(target, max_examples=200)
    assert v.outcome == "conforms", str(v)
    assert v.live > 0.5


@pytest.mark.parametrize("target", [Sigmoid, StableSigmoid])
def test_both_formulas_of_a_sigmoid_conform(target):
    assert float(jax.grad(jax.nn.sigmoid)(40.0)) == 0.0
    assert fuzz(target, jax.nn.sigmoid, max_examples=200).outcome == "conforms"


def off_by(method, relative=0.0, absolute=0.0):
    """The method of a class, with its last entry off where that is of the order of 1."""

    def planted(self, z, *rest):
        result = getattr(super(type(self), self), method)(z, *rest).copy()
        last = result[..., -1]
        moved = last + absolute + relative * last
        result[..., -1] = np.where(np.abs(last) > 0.1, moved, last)
        return result

    return planted


@pytest.mark.parametrize("size", [{"relative": 1e-6}, {"relative": -1e-6}, {"absolute": 1e-8}])
@pytest.mark.parametrize(
    ("base", "method", "check"),
    [
        (Tanh, "derivative", "jacobian"),
        (Tanh, "forward", "forward"),
        (Softmax, "jacobian", "jacobian"),
        (Softmax, "forward", "forward"),
        (Max, "jacobian", "jacobian"),
    ],
)
def test_one_entry_that_is_off_is_found_wherever_it_is(base, method, check, size):
    v = wrong(with_(base, **{method: off_by(method, **size)}), check)
    assert v.outcome == "disagrees"
    assert method in v.explanation.numbers


@pytest.mark.parametrize("size", [1e-6, -1e-6, 1e-8])
@pytest.mark.parametrize("base", [Tanh, SoftmaxByVjp])
def test_a_vjp_alone_that_is_off_in_one_entry_is_found(base, size):
    def vjp(self, z, y, dy):
        dz = base.vjp(self, z, y, dy)
        dz[..., -1] += z.dtype.type(size) * dy[..., -1]
        return dz

    v = wrong(with_(base, vjp=vjp), "vjp")
    assert v.explanation.numbers.startswith("vjp[")


def test_an_error_on_one_side_of_a_point_that_nothing_marks():
    def derivative(self, z, y):
        return (1 - y * y) * np.where(z > 1.37, 1 + z.dtype.type(1e-6), 1)

    wrong(with_(Tanh, derivative=derivative), "jacobian")


def test_a_relative_error_of_1e_6_of_rows_that_are_large():
    def steep(self, z, y):
        return np.full_like(z, 1e6 * (1 + 1e-6))

    Steep = with_(Tanh, forward=lambda self, z: 1000000 * z, derivative=steep)
    assert fuzz(Steep, lambda z: 1e6 * z, max_examples=60).explanation.check == "jacobian"


def test_what_is_not_finite_where_the_truth_is_has_a_check_of_its_own():
    def by_exponentials(self, z):
        return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))

    v = wrong(with_(Tanh, forward=by_exponentials), "finite")
    assert "nan" in v.explanation.numbers


def test_a_derivative_of_too_few_digits_is_wrong_in_float64():
    def in_float32(self, z, y):
        y = y.astype(np.float32)
        return (1 - y * y).astype(z.dtype)

    wrong(with_(Tanh, derivative=in_float32), "jacobian")


def test_a_diagonal_that_is_not_the_derivative():
    def jacobian(self, z, y):
        return 2 * Tanh.jacobian(self, z, y)

    v = wrong(with_(Tanh, jacobian=jacobian), "jacobian")
    assert "jacobian is not diag(derivative)" in v.explanation.message


def test_kinks_of_the_target_s_own_are_found():
    """Only at 0.7 is this derivative wrong, and no random number is 0.7."""

    class Bent(ScalarActivation):
        def forward(self, z):
            return np.maximum(z, z.dtype.type(0.7))

        def derivative(self, z, y):
            slope = (z > z.dtype.type(0.7)).astype(z.dtype)
            return np.where(z == z.dtype.type(0.7), z.dtype.type(1.5), slope)

    v = fuzz(Bent, lambda z: jnp.maximum(z, jnp.asarray(0.7, z.dtype)), max_examples=60)
    assert v.outcome == "disagrees"
    assert "0.7" in v.explanation.counterexample


class Hypotenuse(VectorActivation):
    """y = sqrt(z_1^2 + z_2^2) without overflow, dy/dz = z / y."""

    def output_width(self, n):
        return 1

    def forward(self, z):
        return np.hypot.reduce(z, axis=-1, keepdims=True)

    def jacobian(self, z, y):
        return (z / np.where(y > 0, y, 1))[..., None, :]


class Halved(Hypotenuse):
    """Half of it, where y is below 1e-30."""

    def jacobian(self, z, y):
        exact = super().jacobian(z, y)
        return np.where(y[..., None] < 1e-30, exact / 2, exact)


@pytest.mark.parametrize(
    ("target", "size", "right"),
    [
        (Hypotenuse, 1e-45, True),
        (Hypotenuse, 1e-36, True),
        (Halved, 1e-36, False),
    ],
)
def test_of_a_subnormal_y_no_digits_are_left_to_divide_by(target, size, right):
    """The smallest float32 is 1e-45: hypot(1e-45, 1e-45) rounds to it, and z / y is 1."""
    target = target_of(target)
    judge = Judge(target, choose(target, lambda z: jnp.linalg.norm(z, keepdims=True)))
    row = np.full((1, 2), size, np.float32)
    assert (judge.judge(FuzzCase(row, np.ones((1, 1), np.float32), "tiny")) is None) == right


def _slopes(z):
    """Of three neighbours: they cancel where those are alike."""
    return z[..., :-2] / 2 - 1.25 * z[..., 1:-1] + 0.75 * z[..., 2:]


def _slopes_jacobian(z, y):
    taps = np.array([0.5, -1.25, 0.75], z.dtype)
    n = z.shape[-1]
    rows = [np.concatenate([np.zeros(i), taps, np.zeros(n - 3 - i)]) for i in range(n - 2)]
    return np.broadcast_to(np.array(rows, z.dtype), (*z.shape[:-1], n - 2, n)).copy()


@pytest.mark.parametrize("times", [1.0, 1.001])
def test_what_cancels_is_as_good_as_its_terms(times):
    """At 1e6 a float32 has a spacing of 1/16, whatever the signs of its neighbours."""

    def forward(z):
        if z.shape[-1] < 3:
            raise ValueError(f"n must be at least 3, got {z.shape[-1]}")
        return _slopes(z)

    def jacobian(z, y):
        return z.dtype.type(times) * _slopes_jacobian(z, y)

    assert fuzz((forward, jacobian), _slopes).conforms == (times == 1)


class Strict(Tanh):
    """Refuses a y that is no hyperbolic tangent: no such y is its own."""

    factor = 1.0

    def derivative(self, z, y):
        if (np.abs(y) > 1).any():
            raise ValueError("y must lie in [-1, 1]")
        return z.dtype.type(self.factor) * (1 - y * y)


def test_what_the_fuzzer_makes_up_beside_a_case_accuses_nobody():
    assert verdict(Strict).outcome == "conforms"
    v = verdict(with_(Strict, factor=1.001))
    assert (v.outcome, v.explanation.check) == ("disagrees", "jacobian"), str(v)


class Expm1OverZ(ScalarActivation):
    """y' = (e^z - y) / z: next to 0 there is nothing left of the difference."""

    domain = (-20.0, 20.0)

    def forward(self, z):
        away = np.where(z == 0, z.dtype.type(1), z)
        return np.where(z == 0, z.dtype.type(1), np.expm1(away) / away)

    def derivative(self, z, y):
        away = np.where(z == 0, z.dtype.type(1), z)
        return np.where(z == 0, z.dtype.type(0.5), (np.exp(away) - y) / away)


def expm1_over_z(z):
    away = jnp.where(abs(z) < 1e-2, 1.0, z)
    series = 1 + z / 2 * (1 + z / 3 * (1 + z / 4 * (1 + z / 5 * (1 + z / 6 * (1 + z / 7)))))
    return jnp.where(abs(z) < 1e-2, series, jnp.expm1(away) / away)


@pytest.mark.parametrize("oracle", [True, False])
def test_what_has_cancelled_against_y_is_not_excused_by_the_rounding_of_y(oracle):
    v = fuzz(Expm1OverZ, expm1_over_z if oracle else None, max_examples=EXAMPLES)
    assert (v.outcome, v.explanation.check) == ("disagrees", "jacobian"), str(v)


class Standardised(Softmax):
    """The mean of eight equal numbers depends on the order in which they are added."""

    def forward(self, z):
        return (z - z.mean(axis=-1, keepdims=True)) / self._deviation(z)

    def vjp(self, z, y, dy):
        mean, along = (a.mean(axis=-1, keepdims=True) for a in (dy, y * dy))
        return (dy - mean - y * along) / self._deviation(z)

    def jacobian(self, z, y):
        n = z.shape[-1]
        kept = np.eye(n, dtype=z.dtype) - 1 / z.dtype.type(n)
        return (kept - y[..., :, None] * y[..., None, :] / n) / self._deviation(z)[..., None]

    def _deviation(self, z):
        return np.sqrt(z.var(axis=-1, keepdims=True) + z.dtype.type(1e-3))


class MeanOfAllRows(Standardised):
    """And one that is taken over the batch."""

    def vjp(self, z, y, dy):
        along = (y * dy).mean(axis=-1, keepdims=True)
        return (dy - dy.mean() - y * along) / self._deviation(z)


@pytest.mark.parametrize(("target", "right"), [(Standardised, True), (MeanOfAllRows, False)])
def test_a_sum_in_another_order_is_no_bad_manners(target, right):
    """In a column NumPy adds one by one, in a row in parts."""
    target = target_of(target)
    judge = Judge(target, choose(target, lambda z: (z - z.mean()) / jnp.sqrt(z.var() + 1e-3)))
    z = np.full((2, 8), 5623.4, np.float32)
    z[1] = 0
    dy = np.zeros((2, 8), np.float32)
    dy[0, 7] = 1
    assert (judge.judge(FuzzCase(z, dy, "ties")) is None) == right


class Deviation(VectorActivation):
    """The sample's standard deviation: of close numbers the mean leaves few digits."""

    def output_width(self, n):
        if n < 3:
            raise ValueError(f"n must be at least 3, got {n}")
        return 1

    def forward(self, z):
        return z.std(axis=-1, ddof=1, keepdims=True)

    def jacobian(self, z, y):
        c, n = z - z.mean(axis=-1, keepdims=True), z.shape[-1]
        return np.divide(c, (n - 1) * y, out=np.zeros_like(z), where=y > 0)[..., None, :]


class Population(Deviation):
    """Divided by n, where the forward divides by n - 1."""

    def jacobian(self, z, y):
        n = z.shape[-1]
        return super().jacobian(z, y) * z.dtype.type((n - 1) / n)


@pytest.mark.parametrize(("target", "right"), [(Deviation, True), (Population, False)])
@pytest.mark.parametrize("row", [(-9.999999999995765e-10, -1e-9, -1e-9), (1.0, 2.5, -1.0)])
def test_the_rounding_of_a_mean_is_in_the_tolerance(target, right, row):
    target = target_of(target)
    judge = Judge(target, choose(target, lambda z: jnp.std(z, ddof=1, keepdims=True)))
    case = FuzzCase(np.array([row]), np.ones((1, 1)), "adjacent")
    assert (judge.judge(case) is None) == right


def test_eight_columns_are_drawn():
    """A block of eight, whose first column is forgotten."""

    def vjp(z, y, dy):
        g = np.cumsum(dy[..., ::-1], axis=-1)[..., ::-1].copy()
        if z.shape[-1] == 8:
            g[..., 0] -= dy[..., -1]
        return g

    v = fuzz((lambda z: np.cumsum(z, axis=-1), vjp), jnp.cumsum, max_examples=200)
    assert "only for the width 8" in v.explanation.likely, str(v)


class ShortCut(Softmax):
    """That of ones times a softmax's Jacobian is 0; times this one it is not."""

    def forward(self, z):
        return 2 * z * super().forward(z)

    def jacobian(self, z, y):
        p = Softmax.forward(self, z)
        scaled = Softmax.jacobian(self, z, p) * z[..., :, None]
        return 2 * (scaled + p[..., :, None] * np.eye(z.shape[-1], dtype=z.dtype))

    def vjp(self, z, y, dy):
        dz = np.einsum("...i,...ij->...j", dy, self.jacobian(z, y))
        ones = (dy == 1).all(axis=-1, keepdims=True) & (z.shape[-1] > 1)
        return np.where(ones, 0, dz).astype(z.dtype)


def test_a_cotangent_of_ones_is_drawn():
    v = fuzz(ShortCut, lambda z: 2 * z * jax.nn.softmax(z), max_examples=100)
    assert (v.outcome, v.explanation.check) in (("disagrees", "vjp"), ("disagrees", "manners")), v


class SumGate:
    """y = z sum(z), by its vjp alone; ``of`` says what the vjp makes of the right one."""

    def __init__(self, of):
        self.of = of

    def output_width(self, n):
        return n

    def forward(self, z):
        return z * z.sum(axis=-1, keepdims=True)

    def vjp(self, z, y, dy):
        right = dy * z.sum(axis=-1, keepdims=True) + (dy * z).sum(axis=-1, keepdims=True)
        return np.where(self.of(dy), right / 2, right)


@pytest.mark.parametrize(
    "of",
    [
        lambda dy: (dy == dy[..., :1]).all(axis=-1, keepdims=True) & (dy.shape[-1] > 1),
        lambda dy: (dy != 0).sum(axis=-1, keepdims=True) > 1,
    ],
    ids=["the same throughout", "more than one unit"],
)
def test_a_vjp_alone_must_be_the_sum_of_its_unit_cotangents(of):
    def oracle(z):
        return z * z.sum()

    assert fuzz(SumGate(lambda dy: False), oracle, max_examples=EXAMPLES).conforms
    v = fuzz(SumGate(of), oracle, max_examples=EXAMPLES)
    assert (v.outcome, v.explanation.check) == ("disagrees", "vjp"), str(v)
    assert "not linear in dy" in v.explanation.message


def sine(size, slope):
    """size sin z, and size times ``slope`` of the right derivative."""
    return lambda z: np.float32(size) * np.sin(z), lambda z: np.float32(size * slope) * np.cos(z)


@pytest.mark.parametrize(("size", "said"), [(2.0**-70, True), (2.0**-40, False), (1.0, False)])
def test_of_slopes_next_to_nothing_it_is_said_that_little_is_seen(size, said):
    v = fuzz(sine(size, 1), lambda z: size * jnp.sin(z), max_examples=EXAMPLES)
    assert v.conforms, str(v)
    assert any("no slope exceeds" in note for note in v.notes) == said


@pytest.mark.parametrize("oracle", [True, False])
def test_small_slopes_are_judged_magnified_and_shown_as_they_are(oracle):
    size = 2.0**-40
    true = (lambda z: size * jnp.sin(z)) if oracle else None
    assert fuzz(sine(size, 1), true, max_examples=EXAMPLES).conforms
    v = fuzz(sine(size, 0.5), true, max_examples=EXAMPLES)
    assert v.outcome == "disagrees"
    assert "derivative[0] is 4.547473509e-13, expected 9.094947018e-13" in str(v)
    assert "exactly half of what it should be" in v.explanation.likely
