"""Right derivatives whose rounding, or whose ties, are easily taken for mistakes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from conformance import fuzz
from conformance.fuzzing.case import FuzzCase
from conformance.fuzzing.judge import Judge
from conformance.fuzzing.subject.making import target_of
from conformance.fuzzing.witness.choice import choose
from reference import ScalarActivation

from .targets import EXAMPLES, Tanh, with_


def even(n):
    if n % 2:
        raise ValueError("n must be even")
    return n // 2


class Glu:
    """A sigmoid that has lost its digits in the tail, times a number that may be large."""

    output_width = staticmethod(even)

    def parts(self, z):
        a, b = np.split(z, 2, axis=-1)
        return a, (1 + np.tanh(b / 2)) / 2

    def forward(self, z):
        a, s = self.parts(z)
        return a * s

    def vjp(self, z, y, dy):
        a, s = self.parts(z)
        return np.concatenate([dy * s, dy * a * s * (1 - s)], axis=-1)


def glu(z):
    a, b = jnp.split(z, 2)
    return a * jax.nn.sigmoid(b)


class Quantile:
    """Between two order statistics: of four that tie, no axis shows the larger weight."""

    weights = (0.1, 0.9, 0.0, 0.0)

    def output_width(self, n):
        if n != 4:
            raise ValueError("n must be 4")
        return 1

    def forward(self, z):
        return np.sort(z, axis=-1) @ np.array(self.weights, z.dtype)[:, None]

    def vjp(self, z, y, dy):
        dz = np.zeros_like(z)
        order = np.argsort(z, axis=-1, kind="stable")
        np.put_along_axis(dz, order, dy * np.array(self.weights, z.dtype), axis=-1)
        return dz


class Deviation:
    """Of two numbers an ulp apart the mean is one of them."""

    def output_width(self, n):
        if n != 2:
            raise ValueError("n must be 2")
        return 1

    def forward(self, z):
        c = z - z.mean(axis=-1, keepdims=True)
        return np.sqrt((c * c).sum(axis=-1, keepdims=True))

    def vjp(self, z, y, dy):
        c = z - z.mean(axis=-1, keepdims=True)
        return dy * c / np.where(y > 0, y, 1)


class Circular:
    """A convolution by FFT: an output is as exact as the largest of them."""

    kernel = (0.5, -1.0, 0.0, 100.0)

    def output_width(self, n):
        if n != 4:
            raise ValueError("n must be 4")
        return n

    def convolve(self, z, kernel):
        spectrum = np.fft.fft(z) * np.fft.fft(np.array(kernel, z.dtype))
        return np.fft.ifft(spectrum).real.astype(z.dtype)

    def forward(self, z):
        return self.convolve(z, self.kernel)

    def vjp(self, z, y, dy):
        return self.convolve(dy, (self.kernel[0], *self.kernel[:0:-1]))


def circular(z):
    return sum(w * jnp.roll(z, i) for i, w in enumerate(Circular.kernel))


@pytest.mark.parametrize(
    ("target", "oracle"),
    [(Glu, glu), (Glu, None), (Quantile, None), (Deviation, None), (Circular, circular)],
)
def test_rounding_and_ties_are_no_mistakes(target, oracle):
    v = fuzz(target, oracle, max_examples=500)
    assert v.conforms, str(v)


class TopTwo:
    """Where the two largest tie, both slopes are given to the first of them."""

    def output_width(self, n):
        if n < 2:
            raise ValueError("n must be at least 2")
        return 2

    def forward(self, z):
        return -np.sort(-z, axis=-1)[..., :2]

    def vjp(self, z, y, dy):
        order = np.argsort(-z, axis=-1, kind="stable")[..., :2]
        order = np.where(y[..., :1] == y[..., 1:], order[..., :1], order)
        return (np.eye(z.shape[-1], dtype=z.dtype)[order] * dy[..., None]).sum(axis=-2)


def test_outputs_that_tie_may_not_all_come_from_one_entry():
    v = fuzz(TopTwo, max_examples=EXAMPLES)
    assert v.outcome == "disagrees", str(v)


def test_what_would_be_right_is_not_asked_outside_the_domain():
    smallest = []

    class Log:
        domain = (0.0, np.inf)

        def forward(self, z):
            return np.log(z)

        def derivative(self, z, y):
            smallest.append(z.min())
            return 1 / (z + 1)

    v = fuzz(Log, jnp.log, max_examples=EXAMPLES)
    assert v.explanation.check == "jacobian"
    assert min(smallest) > 0


class MaxOfSigmoids:
    """Next to 0, sigmoid(z) is 1/2 in float64 whatever z is: to its oracle more entries tie."""

    def output_width(self, n):
        return 1

    def forward(self, z):
        return special.expit(z.max(axis=-1, keepdims=True))

    def jacobian(self, z, y):
        first = np.arange(z.shape[-1]) == z.argmax(axis=-1)[..., None]
        return (first * (y * special.expit(-z.max(axis=-1, keepdims=True))))[..., None, :]


def test_the_first_of_those_that_tie_to_the_oracle_alone():
    oracle = lambda z: jnp.max(jax.nn.sigmoid(z))[None]  # noqa: E731
    assert fuzz(MaxOfSigmoids, oracle, max_examples=EXAMPLES).outcome == "conforms"

    class Both(MaxOfSigmoids):
        def jacobian(self, z, y):
            return (z == z.max(axis=-1, keepdims=True))[..., None, :] * (y * (1 - y))[..., None]

    assert fuzz(Both, oracle, max_examples=EXAMPLES).outcome == "disagrees"


class LogNormal:
    """The distribution function of exp(a normal number), around 2: flat next to 0."""

    domain = (0.0, np.inf)

    def forward(self, z):
        return special.ndtr(np.log(z) - np.log(z.dtype.type(2)))

    def derivative(self, z, y):
        x = np.log(z) - np.log(z.dtype.type(2))
        return np.exp(-x * x / 2 - x) / z.dtype.type(2 * np.sqrt(2 * np.pi))


class Harmonic:
    """The harmonic mean: by the smallest entry its slope may be n, as long as that is smallest."""

    domain = (0.0, np.inf)

    def output_width(self, n):
        return 1

    def forward(self, z):
        least = z.min(axis=-1, keepdims=True)
        return least / (least / z).mean(axis=-1, keepdims=True)

    def jacobian(self, z, y):
        return ((y / z) ** 2 / z.shape[-1])[..., None, :]


@pytest.mark.parametrize(
    ("target", "oracle"),
    [
        (LogNormal, lambda z: jax.scipy.stats.norm.cdf(jnp.log(z / 2))),
        (Harmonic, lambda z: z.size / jnp.sum(1 / z, keepdims=True)),
    ],
)
def test_next_to_the_edge_of_the_domain_an_oracle_may_have_no_number(target, oracle):
    verdict = fuzz(target, oracle, max_examples=EXAMPLES)
    assert verdict.conforms, str(verdict)


class Power:
    """The power of each frequency: in float32 that of equal numbers is not quite 0."""

    def output_width(self, n):
        return n // 2 + 1

    def waves(self, z):
        n = z.shape[-1]
        angle = 2 * np.pi * np.outer(np.arange(n // 2 + 1), np.arange(n)) / n
        return np.cos(angle).astype(z.dtype), np.sin(angle).astype(z.dtype)

    def forward(self, z):
        return sum((z[..., None, :] * wave).sum(axis=-1) ** 2 for wave in self.waves(z))

    def jacobian(self, z, y):
        return sum(
            2 * (z[..., None, :] * wave).sum(axis=-1)[..., None] * wave for wave in self.waves(z)
        )


class Triplet:
    """|a - p|^2 - |a - q|^2: in float32 both squares have lost what they differ by."""

    def output_width(self, n):
        if n != 3:
            raise ValueError("n must be 3")
        return 1

    def forward(self, z):
        a, p, q = np.split(z, 3, axis=-1)
        return (a - p) ** 2 - (a - q) ** 2

    def jacobian(self, z, y):
        a, p, q = np.split(z, 3, axis=-1)
        return 2 * np.concatenate([q - p, p - a, a - q], axis=-1)[..., None, :]


@pytest.mark.parametrize(
    ("target", "oracle", "row"),
    [
        (Power, lambda z: jnp.abs(jnp.fft.rfft(z)) ** 2, [19307.0] * 7),
        (Triplet, lambda z: ((z[2] - z[1]) * (2 * z[0] - z[1] - z[2]))[None], [-1e3, -0.02, -0.07]),
    ],
)
def test_what_float32_leaves_of_large_terms(target, oracle, row):
    target = target_of(target)
    judge = Judge(target, choose(target, oracle))
    z = np.array([row], np.float32)
    assert (target.forward(z) != oracle(z[0])).any()
    assert judge.judge(FuzzCase(z, np.ones((1, target.widths()[len(row)]), z.dtype), "")) is None


@pytest.mark.parametrize(("off", "conforms"), [(5e-11, True), (5e-10, False)])
def test_ten_digits_are_right(off, conforms):
    ended = with_(Tanh, derivative=lambda self, z, y: (1 - y * y) * z.dtype.type(1 + off))
    assert fuzz(ended, jnp.tanh, max_examples=EXAMPLES).conforms == conforms


class BoxCox(ScalarActivation):
    """(z^0.3 - 1) / 0.3, of which nothing but -1 / 0.3 is left next to 0; the slope grows."""

    domain = (0.0, np.inf)

    def forward(self, z):
        return np.expm1(0.3 * np.log(z)) / 0.3

    def derivative(self, z, y):
        return z**-0.7


def test_an_oracle_whose_slope_is_lost_where_no_value_can_tell():
    def oracle(z):
        return jnp.expm1(0.3 * jnp.log(z)) / 0.3  # whose slope is exp(..) - 1 + 1 = 0 next to 0

    assert fuzz(BoxCox, oracle).conforms
    guarded = with_(BoxCox, derivative=lambda self, z, y: np.maximum(z, z.dtype.type(1e-6)) ** -0.7)
    assert not fuzz(guarded, oracle).conforms


class Knee:
    """A parabola that goes over into its tangent, as a maximum of both: they touch at 1.5."""

    def soft(self, z):
        return np.clip(z - z.dtype.type(0.5), 0, 1)

    def forward(self, z):
        return np.maximum(self.soft(z) ** 2 / 2, z - 1)

    def derivative(self, z, y):
        return self.soft(z)


class HeatCapacity:
    """(z / 2 / sinh(z / 2))^2, whose slope next to 0 is -z / 6."""

    domain = (0.0, np.inf)

    def forward(self, z):
        return (z / -np.expm1(-z)) ** 2 * np.exp(-z)

    def derivative(self, z, y):
        away = np.maximum(z, z.dtype.type(0.1))
        series = z / 6 - z**3 / 360 + z**5 / 15120 - z**7 / 604800
        langevin = np.where(z < 0.1, series, 1 / np.tanh(away / 2) - 2 / away)
        return (-y * langevin).astype(z.dtype)


class FromAnAxis:
    """The distance from a line: next to it z loses all digits of the direction."""

    along = (1.0, 2.0, 2.0)

    def output_width(self, n):
        if n != 3:
            raise ValueError("n must be 3")
        return 1

    def away(self, z):
        along = np.array(self.along, z.dtype)
        on_it = z[..., :1] + 2 * z[..., 1:2] + 2 * z[..., 2:]  # in the same order in every layout
        return z - on_it / 9 * along

    def forward(self, z):
        v = self.away(z)
        return np.hypot(np.hypot(v[..., 0], v[..., 1]), v[..., 2])[..., None]

    def vjp(self, z, y, dy):
        return dy * self.away(z) / np.where(y > 0, y, 1)


def from_an_axis(z):
    along = jnp.array(FromAnAxis.along, z.dtype)
    return jnp.linalg.norm(z - jnp.dot(z, along) / 9 * along, keepdims=True)


class Cosine:
    """z_0 / |z|, without a square that underflows."""

    domain = (0.0, np.inf)

    def output_width(self, n):
        if n != 2:
            raise ValueError("n must be 2")
        return 1

    def forward(self, z):
        return z[..., :1] / np.hypot(z[..., :1], z[..., 1:])

    def vjp(self, z, y, dy):
        a, b = z[..., :1], z[..., 1:]
        r = np.hypot(a, b)
        return dy * np.concatenate([b / r * (b / r), -a / r * (b / r)], axis=-1) / r


@pytest.mark.parametrize(
    ("target", "oracle"),
    [
        (Knee, lambda z: jnp.maximum(jnp.clip(z - 0.5, 0, 1) ** 2 / 2, z - 1)),
        (HeatCapacity, lambda z: (z / -jnp.expm1(-z)) ** 2 * jnp.exp(-z)),
        (FromAnAxis, from_an_axis),
        (Cosine, lambda z: z[:1] / jnp.linalg.norm(z)),
        (Cosine, None),
    ],
)
def test_what_an_oracle_has_lost_is_no_mistake(target, oracle):
    verdict = fuzz(target, oracle)
    assert verdict.conforms, str(verdict)


@pytest.mark.parametrize(
    ("target", "oracle", "off"),
    [
        (Knee, lambda z: jnp.maximum(jnp.clip(z - 0.5, 0, 1) ** 2 / 2, z - 1), 1e-8),
        (FromAnAxis, from_an_axis, 1e-6),
        (Cosine, lambda z: z[:1] / jnp.linalg.norm(z), 1e-6),
    ],
)
def test_but_a_little_more_is(target, oracle, off):
    name = "derivative" if target is Knee else "vjp"

    class Wrong(target):
        pass

    method = getattr(target, name)
    setattr(Wrong, name, lambda self, z, *rest: method(self, z, *rest) * z.dtype.type(1 + off))
    assert fuzz(Wrong, oracle).outcome == "disagrees"
