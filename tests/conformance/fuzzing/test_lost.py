"""Where the oracle has no number, the forward's own slopes judge; without any, nothing conforms."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from conformance import fuzz
from reference import ScalarActivation

from .targets import EXAMPLES, Softmax, Tanh, with_


def naive(z):
    """Softplus that overflows at 710."""
    return jnp.log(1 + jnp.exp(z))


def nowhere(z):
    return z * jnp.nan


def stable(z):
    return np.logaddexp(z, z.dtype.type(0))


def sigmoid(z, y):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def overflows(z, y):
    e = np.exp(z)
    return e / (1 + e)


def zero_from_715(z, y):
    return np.where(z > 715, 0, sigmoid(z, y)).astype(z.dtype)


def test_a_right_derivative_stands_against_an_oracle_that_overflows():
    v = fuzz((stable, sigmoid), naive)
    assert v.outcome == "oracle suspect", str(v)
    assert "is not finite at z = " in str(v)


@pytest.mark.parametrize(
    ("derivative", "check"), [(overflows, "finite"), (zero_from_715, "jacobian")]
)
def test_what_is_wrong_where_the_oracle_overflows_is_seen(derivative, check):
    v = fuzz((stable, derivative), naive)
    assert v.outcome == "disagrees", str(v)
    assert v.explanation.check == check
    assert "is not the slope of the forward, where naive has no number to hold it against" in str(v)
    assert "# extrapolated differences of the forward" in v.explanation.reproducer


class Arrhenius(ScalarActivation):
    """y = exp(-5 / T) of a positive T."""

    domain = (0.0, np.inf)

    def forward(self, T):
        return np.exp(-5 / T)

    def derivative(self, T, y):
        return 5 * np.exp(-5 / T - 2 * np.log(T))


@pytest.mark.parametrize(
    ("derivative", "outcome"),
    [
        (Arrhenius.derivative, "oracle suspect"),
        (lambda self, T, y: 5 * y / T**2, "disagrees"),
    ],
    ids=["right", "0 * inf"],
)
def test_where_a_square_underflows_next_to_an_edge_at_0_y_has_its_slope(derivative, outcome):
    v = fuzz(with_(Arrhenius, derivative=derivative), lambda T: jnp.exp(-5 / T))
    assert v.outcome == outcome, str(v)


class Entropy(ScalarActivation):
    """y = -z log z - (1 - z) log(1 - z)."""

    domain = (0.0, 1.0)

    def forward(self, z):
        return -z * np.log(z) - (1 - z) * np.log1p(-z)

    def derivative(self, z, y):
        return np.log1p(-z) - np.log(z)


def clamped(self, z, y):
    return Entropy.derivative(self, np.maximum(z, 1e-12), y)


@pytest.mark.parametrize(
    ("derivative", "outcome"), [(Entropy.derivative, "conforms"), (clamped, "disagrees")]
)
def test_below_every_step_what_is_as_large_as_z_decides_for_autodiff(derivative, outcome):
    def entropy(z):
        return jax.scipy.special.entr(z) + jax.scipy.special.entr(1 - z)

    v = fuzz(with_(Entropy, derivative=derivative), entropy)
    assert v.outcome == outcome, str(v)


@pytest.mark.parametrize("base", [Tanh, Softmax])
@pytest.mark.parametrize("value", [np.nan, 42.0])
def test_an_oracle_without_numbers_excuses_nothing(base, value):
    method = "derivative" if base is Tanh else "jacobian"
    right = getattr(base, method)
    filled = with_(base, **{method: lambda self, z, y: np.full_like(right(self, z, y), value)})
    assert fuzz(filled, nowhere, max_examples=EXAMPLES).outcome == "disagrees"


def test_nor_is_anything_right_by_it():
    v = fuzz(Tanh, nowhere, max_examples=EXAMPLES)
    assert (v.outcome, v.explanation.check) == ("error", "oracle"), str(v)
    assert "has no finite value at any z that was drawn" in str(v)


def test_nor_where_all_is_nan():
    v = fuzz((lambda z: z * np.nan, lambda z, y: z * np.nan), max_examples=EXAMPLES)
    assert (v.outcome, v.live) == ("error", 0), str(v)


def test_a_verdict_on_little_says_so():
    v = fuzz(Tanh, lambda z: jnp.where(abs(z) < 1, jnp.tanh(z), jnp.nan), max_examples=EXAMPLES)
    (note,) = (note for note in v.notes if note.startswith("only "))
    assert note.endswith("has a finite value by autodiff of <lambda>")


@pytest.mark.parametrize(
    "oracle", [lambda z: jnp.cumsum(jnp.tanh(z)), lambda z: jnp.tanh(z)[::-1], jnp.sum]
)
def test_the_oracle_of_an_elementwise_function_is_elementwise(oracle):
    """Number by number, as an elementwise target is judged, it would not show."""
    v = fuzz(Tanh, oracle, max_examples=EXAMPLES)
    assert (v.outcome, v.explanation.check) == ("error", "oracle"), str(v)
    assert "must be elementwise" in str(v)


def clipped(z):
    """A sigmoid whose values end at exp(-500)."""
    return 1 / (1 + jnp.exp(-jnp.clip(z, -500, 500)))


@pytest.mark.parametrize("slope", [1e10, 0.5, np.nan])
def test_where_y_has_underflown_on_one_side_alone_its_slope_is_judged_all_the_same(slope):
    y = special.expit
    assert fuzz((y, lambda z, y: y * special.expit(-z)), clipped).conforms
    wrong = fuzz((y, lambda z, y: np.where(z < -520, slope, y * special.expit(-z))), clipped)
    assert wrong.outcome == "disagrees", str(wrong)
    assert "has no number" not in str(wrong)


@dataclass
class Scaled:
    """An oracle that cannot be hashed."""

    scale: float = 1.0

    def __call__(self, z):
        return self.scale * jnp.tanh(z)


def test_an_oracle_may_be_an_object_that_can_change():
    assert fuzz(Tanh, Scaled(), max_examples=EXAMPLES).outcome == "conforms"
    assert fuzz(Tanh, Scaled(2.0), max_examples=EXAMPLES).outcome == "disagrees"


def test_an_oracle_may_take_a_single_number_alone():
    powers = jnp.arange(1.0, 6.0)

    class Sum(ScalarActivation):
        def forward(self, z):
            return sum(np.sin(k * z) for k in range(1, 6))

        def derivative(self, z, y):
            return sum(k * np.cos(k * z) for k in range(1, 6))

    v = fuzz(Sum, lambda z: jnp.sin(powers * z).sum(), max_examples=60)
    assert v.outcome == "conforms", str(v)
