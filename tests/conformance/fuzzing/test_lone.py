"""Single numbers where autodiff is off alone, and who copies it is wrong."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from conformance import fuzz

from .targets import EXAMPLES


def exprel(z):
    """(exp(z) - 1) / z as many write it: autodiff takes the constant branch at 0."""
    nonzero = jnp.where(z == 0, 1, z)
    return jnp.where(z == 0, 1, jnp.expm1(nonzero) / nonzero)


class Exprel:
    """The derivative is 1F1(2; 3; z) / 2, which is 1/2 at 0."""

    domain = (-20.0, 20.0)
    at_0 = 0.5

    def forward(self, z):
        return special.exprel(z)

    def derivative(self, z, y):
        slopes = special.hyp1f1(2, 3, z.astype(np.float64)) / 2
        return np.where(z == 0, self.at_0, slopes).astype(z.dtype)


class Constant(Exprel):
    """What autodiff says."""

    at_0 = 0.0


def test_autodiff_of_a_constant_branch_vouches_for_nobody():
    assert jax.grad(exprel)(0.0) == 0
    right, wrong = fuzz(Exprel, exprel, max_examples=EXAMPLES), fuzz(Constant, exprel)
    assert right.conforms, str(right)
    assert wrong.outcome == "disagrees", str(wrong)
    assert "at this number alone autodiff of exprel is as wrong" in wrong.explanation.message
    assert wrong.explanation.counterexample.startswith("z = array([0.])")
    assert "is 0, expected 0.5:" in wrong.explanation.numbers


class MuLaw:
    """sign(z) log(1 + 255 |z|) / log(256), whose slope at 0 has a joint there, but no jump."""

    def forward(self, z):
        return (np.sign(z) * np.log1p(255 * np.abs(z)) / np.log(256)).astype(z.dtype)

    def derivative(self, z, y):
        return (255 / np.log(256) / (1 + 255 * np.abs(z))).astype(z.dtype)


class SignOfZero(MuLaw):
    """What autodiff says: sign(0) = 0."""

    def derivative(self, z, y):
        return np.abs(np.sign(z)) * super().derivative(z, y)


def test_nor_where_the_slope_bends():
    def mu_law(z):
        return jnp.sign(z) * jnp.log1p(255 * jnp.abs(z)) / jnp.log(256.0)

    assert fuzz(MuLaw, mu_law, max_examples=EXAMPLES).conforms
    assert fuzz(SignOfZero, mu_law).outcome == "disagrees"


class Ratio:
    """y = z_0 expm1(z_1) / z_1, its slope by z_1 right where z_1 is 0."""

    domain = (-20.0, 20.0)
    at_0 = 0.5

    def output_width(self, n):
        if n != 2:
            raise ValueError("n must be 2")
        return 1

    def forward(self, z):
        return z[..., :1] * special.exprel(z[..., 1:])

    def jacobian(self, z, y):
        a, b = z[..., 0], z[..., 1].astype(np.float64)
        slopes = np.where(b == 0, self.at_0, special.hyp1f1(2, 3, b) / 2)
        J = np.stack([special.exprel(b), a * slopes], axis=-1)
        return J.astype(z.dtype)[..., None, :]


class ConstantRatio(Ratio):
    """What autodiff says."""

    at_0 = 0.0


def test_nor_in_rows():
    def ratio(z):
        return z[:1] * exprel(z[1:])

    assert fuzz(Ratio, ratio, max_examples=EXAMPLES).conforms
    assert fuzz(ConstantRatio, ratio).outcome == "disagrees"


def straight_through(z):
    return z + jax.lax.stop_gradient(jnp.round(z) - z)


class StraightThrough:
    """Rounds, and lets cotangents through: no slope of y at all, but what was meant."""

    def forward(self, z):
        return np.round(z)

    def derivative(self, z, y):
        return np.ones_like(z)


def test_a_surrogate_that_both_sides_mean_is_no_mistake():
    assert fuzz(StraightThrough, straight_through, max_examples=EXAMPLES).conforms


@pytest.mark.parametrize("z", [0.0, 1.0])
def test_nor_is_a_value_of_its_own_at_a_number(z):
    """Where y itself is set apart differences know no slope."""

    class Apart:
        def forward(self, x):
            return np.where(x == z, 3, np.tanh(x)).astype(x.dtype)

        def derivative(self, x, y):
            return np.where(x == z, 0, 1 / np.cosh(x) ** 2).astype(x.dtype)

    v = fuzz(Apart, lambda x: jnp.where(x == z, 3, jnp.tanh(x)), max_examples=EXAMPLES)
    assert v.outcome == "conforms", str(v)
