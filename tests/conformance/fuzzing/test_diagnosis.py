"""The likely mistake is named in the words that a teacher would use."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit

from conformance import fuzz
from reference import ScalarActivation, VectorActivation

from .targets import EXAMPLES, Max, Softmax, Tanh, verdict, with_


def times(factor):
    """tanh with its derivative this many times too large."""
    return with_(Tanh, derivative=lambda self, z, y: (1 - y * y) * z.dtype.type(factor))


def softmax_times(factor):
    """The softmax with its Jacobian times factor(n)."""

    def jacobian(self, z, y):
        return Softmax.jacobian(self, z, y) * z.dtype.type(factor(z.shape[-1]))

    return with_(Softmax, jacobian=jacobian)


def off_diagonal_missing(self, z, y):
    return (y * (1 - y))[..., :, None] * np.eye(z.shape[-1], dtype=z.dtype)


def split_at_ties(self, z, y):
    return (z == y)[..., None, :].astype(z.dtype)


def cotangent_ignored(self, z, y, dy):
    return 1 - y * y


def batch_averaged(self, z, y, dy):
    dz = dy * (1 - y * y)
    return np.broadcast_to(dz.mean(axis=tuple(range(z.ndim - 1))), z.shape).copy()


def batch_summed(self, z, y, dy):
    dz = dy * (1 - y * y)
    return np.broadcast_to(dz.sum(axis=tuple(range(z.ndim - 1))), z.shape).copy()


def by_exponentials(self, z):
    weights = np.exp(z)
    return weights / weights.sum(axis=-1, keepdims=True)


class WrongAfterManyCalls(Tanh):
    def __init__(self):
        self.calls = 0

    def derivative(self, z, y):
        self.calls += 1
        return (1 - y * y) * z.dtype.type(1 if self.calls < 150 else 1.5)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (times(0.5), "exactly half of what it should be"),
        (times(2), "exactly twice what it should be"),
        (times(-1), "the sign is wrong"),
        (softmax_times(lambda n: -1), "the sign is wrong"),
        (times(0), "it is zero: no gradient flows"),
        (times(1.25), "1.25 times what it should be, everywhere"),
        (softmax_times(lambda n: n), "too large by the width"),
        (softmax_times(lambda n: 1 / n), "too small by the width"),
        (softmax_times(lambda n: 1 + (n >= 6) / 8), "only for widths of 6 and more"),
        (with_(Softmax, jacobian=off_diagonal_missing), "the off-diagonal entries are missing"),
        (with_(Tanh, derivative=lambda self, z, y: 1 - z * z), "z is used where y belongs"),
        (with_(Tanh, derivative=lambda self, z, y: y * (1 - y * y)), "a factor y too many"),
        (with_(Tanh, vjp=cotangent_ignored), "the cotangent is ignored"),
        (with_(Tanh, vjp=batch_summed), "batch summed"),
        (with_(Tanh, vjp=batch_averaged), "batch averaged"),
        (with_(Softmax, forward=by_exponentials), "overflow or underflow: an exponential"),
        (with_(Max, jacobian=split_at_ties), "right except at ties"),
        (WrongAfterManyCalls, "right in a new instance: it keeps something between calls"),
    ],
)
def test_the_words(target, words):
    v = verdict(target)
    assert not v.conforms
    assert any(text.startswith(words) for text in v.explanation.likely), str(v)
    assert words in str(v)


def test_y_used_where_z_belongs():
    class Softplus(ScalarActivation):
        def forward(self, z):
            return np.logaddexp(z, z.dtype.type(0))

        def derivative(self, z, y):
            e = np.exp(-np.abs(y))
            return np.where(y >= 0, 1, e) / (1 + e)

    v = fuzz(Softplus, jax.nn.softplus, max_examples=EXAMPLES)
    assert v.explanation.likely[0] == "y is used where z belongs"


def test_z_used_where_y_belongs_and_right_where_they_are_nearly_one():
    class Softcap(ScalarActivation):
        def forward(self, z):
            return 30 * np.tanh(z / 30)

        def derivative(self, z, y):
            return 1 - (z / 30) ** 2

    v = fuzz(Softcap, lambda z: 30 * jnp.tanh(z / 30))
    assert v.explanation.likely[0] == "z is used where y belongs"


def test_transposed():
    class CumulativeSum(VectorActivation):
        def output_width(self, n):
            return n

        def forward(self, z):
            return np.cumsum(z, axis=-1)

        def jacobian(self, z, y):
            n = z.shape[-1]
            return np.broadcast_to(np.triu(np.ones((n, n), z.dtype)), (*z.shape, n)).copy()

    v = fuzz(CumulativeSum, jnp.cumsum, max_examples=EXAMPLES)
    assert v.explanation.likely[0] == "transposed: J[i, j] must be dy_i / dz_j"


def test_a_vjp_that_is_transposed():
    class Ramp(VectorActivation):
        """y = cumsum(z), J = tril(1)."""

        def output_width(self, n):
            return n

        def forward(self, z):
            return np.cumsum(z, axis=-1)

        def jacobian(self, z, y):
            n = z.shape[-1]
            return np.broadcast_to(np.tril(np.ones((n, n), z.dtype)), (*z.shape, n)).copy()

        def vjp(self, z, y, dy):
            return np.cumsum(dy, axis=-1)

    v = fuzz(Ramp, jnp.cumsum, max_examples=EXAMPLES)
    assert v.explanation.likely[0].startswith("transposed: this is jacobian @ dy")


def test_nan_from_0_over_0():
    class Softsign(ScalarActivation):
        """y = z / (1 + |z|), y' = (y / z)^2 wherever z is not 0."""

        def forward(self, z):
            return z / (1 + np.abs(z))

        def derivative(self, z, y):
            return (y / z) ** 2

    v = fuzz(Softsign, jax.nn.soft_sign, max_examples=EXAMPLES)
    assert v.explanation.check == "finite"
    assert v.explanation.likely[0].startswith("NaN from 0/0")


def test_a_derivative_that_fits_a_forward_other_than_the_oracles():
    class Steeper(Tanh):
        def forward(self, z):
            return 1.5 * np.tanh(z)

        def derivative(self, z, y):
            return 1.5 - y * y / 1.5

    v = fuzz(Steeper, jnp.tanh, max_examples=EXAMPLES)
    assert v.explanation.check == "forward"
    fits = "the derivative is that of this forward: which of the two functions is meant?"
    assert fits in v.explanation.likely
    v = fuzz(with_(Steeper, derivative=Tanh.derivative), jnp.tanh, max_examples=EXAMPLES)
    assert v.explanation.check == "forward"
    assert fits not in v.explanation.likely


def test_a_derivative_that_fits_by_accident_where_the_case_is_smallest():
    class Elu(ScalarActivation):
        """Linear from -1 on, not from 0; its slope is 1 there, as y + 1.5 is at -1/2 alone."""

        def forward(self, z):
            return np.where(z > -1, z, 1.5 * np.expm1(np.minimum(z, 0)))

        def derivative(self, z, y):
            return np.where(z > 0, 1, y + 1.5).astype(z.dtype)

    v = fuzz(Elu, lambda z: jax.nn.elu(z, 1.5))
    assert v.explanation.check == "forward"
    assert not any("that of this forward" in text for text in v.explanation.likely)


def test_a_permutation_taken_for_the_identity():
    class Reversed(VectorActivation):
        def output_width(self, n):
            return n

        def forward(self, z):
            return z[..., ::-1].copy()

        def jacobian(self, z, y):
            return np.zeros((*z.shape, 1), z.dtype) + np.eye(z.shape[-1], dtype=z.dtype)

    v = fuzz(Reversed, lambda z: z[::-1], max_examples=EXAMPLES)
    (why, *_) = v.explanation.likely
    assert why == "the off-diagonal entries are missing, and the diagonal is wrong"


def test_rows_that_are_off_where_their_batch_is_large_have_no_sum():
    class Off(Tanh):
        def vjp(self, z, y, dy):
            return dy * (1 - y * y) * z.dtype.type(np.abs(z).max() < 90)

    v = fuzz(Off, jnp.tanh)
    assert v.explanation.check == "manners"
    assert not any("batch" in text for text in v.explanation.likely)


@pytest.mark.parametrize("side", [1, -1])
def test_beyond_a_size_on_one_side_of_0(side):
    class Leaky(ScalarActivation):
        def forward(self, z):
            return np.where(z >= 0, z, z.dtype.type(0.125) * z)

        def derivative(self, z, y):
            slope = np.where(z >= 0, z.dtype.type(1), z.dtype.type(0.125))
            return np.where(side * z > 33, z.dtype.type(2), slope)

    v = fuzz(Leaky, lambda z: jnp.where(z >= 0, z, z / 8), max_examples=EXAMPLES)
    said = [text for text in v.explanation.likely if text.startswith("seen only")]
    bound = "(30|40) or more" if side > 0 else "-(30|40) or less"
    assert re.fullmatch(f"seen only where some z is {bound}", *said)


def test_a_constant_factor_is_not_taken_for_clipping():
    class MeanOfPairs(VectorActivation):
        def output_width(self, n):
            if n < 2:
                raise ValueError("n must be at least 2")
            return n - 1

        def forward(self, z):
            return (z[..., 1:] + z[..., :-1]) / 2

        def jacobian(self, z, y):
            n = z.shape[-1]
            J = (np.eye(n - 1, n) + np.eye(n - 1, n, 1)).astype(z.dtype) / 3
            return np.broadcast_to(J, (*z.shape[:-1], n - 1, n)).copy()

    v = fuzz(MeanOfPairs, lambda z: (z[1:] + z[:-1]) / 2, max_examples=EXAMPLES)
    assert not v.conforms
    assert not any("clipped" in text for text in v.explanation.likely), str(v)


def test_what_is_larger_where_it_is_right_is_not_clipped():
    class Huber(ScalarActivation):
        def forward(self, z):
            a, m = np.abs(z), np.minimum(np.abs(z), 1.35)
            return m * (a - m / 2)

        def derivative(self, z, y):
            return np.where(np.abs(z) <= 1.35, z, np.sign(z))

    v = fuzz(Huber)
    assert v.explanation.likely == ("0.740741 times what it should be, where it is wrong",)


def test_an_approximation_that_ends_somewhere():
    class Coarse(Tanh):
        def derivative(self, z, y):
            return (1 - y * y) * np.where(z > 1.37, 1 + z.dtype.type(1e-6), 1)

    v = fuzz(Coarse, jnp.tanh)
    (why,) = v.explanation.likely
    assert why.startswith("right to 6 digits here: the others cancel, a constant is rough, or an a")


def rectifier(derivative):
    return with_(Tanh, forward=lambda self, z: np.maximum(z, 0), derivative=derivative)


@pytest.mark.parametrize(
    ("target", "oracle", "words"),
    [
        (
            rectifier(lambda self, z, y: 2.0 * (z >= 0).astype(z.dtype)),
            jax.nn.relu,
            "exactly twice",
        ),
        (rectifier(lambda self, z, y: -(z >= 0).astype(z.dtype)), jax.nn.relu, "the sign is wrong"),
        (
            with_(Tanh, forward=lambda self, z: expit(z), derivative=lambda self, z, y: y.copy()),
            jax.nn.sigmoid,
            "a factor 1 - y is missing",
        ),
        (
            with_(Tanh, derivative=lambda self, z, y: 1 - y * y + z.dtype.type(0.01)),
            jnp.tanh,
            "off by 0.01, everywhere",
        ),
    ],
)
def test_kinks_and_zeros_are_no_objection(target, oracle, words):
    v = fuzz(target, oracle, max_examples=EXAMPLES)
    assert v.explanation.likely[0].startswith(words), str(v)


def test_no_factor_makes_something_of_nothing():
    class StraightThrough(ScalarActivation):
        """clip(z, -1, 1), whose slope is not cut off."""

        def forward(self, z):
            return np.clip(z, -1, 1)

        def derivative(self, z, y):
            return np.ones_like(z)

    v = fuzz(StraightThrough, lambda z: jnp.clip(z, -1, 1), max_examples=EXAMPLES)
    assert not v.conforms
    assert "derivative[0] is 1, expected 0" in v.explanation.numbers
    assert not [text for text in v.explanation.likely if "times" in text or "twice" in text]


def test_what_is_computed_in_float32():
    def derivative(self, z, y):
        return (1 - np.tanh(z.astype(np.float32)) ** 2).astype(z.dtype)

    v = verdict(with_(Tanh, derivative=derivative))
    assert v.explanation.likely[0].startswith("right to the digits of float32"), str(v)


@pytest.mark.parametrize(
    ("forward", "derivative", "words"),
    [
        (lambda z: np.maximum(z, 0), lambda z: np.ones_like(z), "not zero where it should be"),
        (np.abs, lambda z: np.where(np.abs(z) < 8, np.sign(z), 2 * np.sign(z)), "some |z| is "),
        (np.abs, lambda z: np.ones_like(z), "the sign is wrong, where it is wrong"),
    ],
)
def test_what_is_wrong_in_a_part_alone(forward, derivative, words):
    target = with_(
        Tanh, forward=lambda self, z: forward(z), derivative=lambda self, z, y: derivative(z)
    )
    oracle = jnp.abs if forward is np.abs else jax.nn.relu
    assert words in " ".join(fuzz(target, oracle).explanation.likely)
