"""Textbook formulas conform; a relative error of 1e-6, or an absolute one of 1e-8, does not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conformance import fuzz
from conformance.fuzzing.case import FuzzCase
from conformance.fuzzing.judge import Judge
from conformance.fuzzing.target import Target
from conformance.fuzzing.witness import choose
from reference import ScalarActivation, VectorActivation

from .targets import Max, Softmax, Tanh, verdict, with_, wrong


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
    target = Target.of(target)
    judge = Judge(target, choose(target, lambda z: jnp.linalg.norm(z, keepdims=True)))
    row = np.full((1, 2), size, np.float32)
    assert (judge.judge(FuzzCase(row, np.ones((1, 1), np.float32), "tiny")) is None) == right
