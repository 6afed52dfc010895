"""Activations on padded instances: z (WIDTH,), of which `inputs` entries are live -> y (WIDTH,).

Formulas and conventions are those of `oracle.activations`. What is not live must neither show in y
nor, as a NaN times 0, in a derivative: every branch is finite there, and y is cut to its width.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from oracle.activations import leaky_relu, sigmoid, softplus, tanh
from oracle.padded.form import LARGEST_EXPONENT, WIDTH, Form, Kind


def live(width: jax.Array) -> jax.Array:
    """Which of WIDTH entries are live: the first `width`."""
    return jnp.arange(WIDTH) < width


@jax.custom_jvp
def threshold(z: jax.Array, width: jax.Array) -> jax.Array:
    """The step 1 for z >= 0, else 0."""
    return jnp.where(z >= 0, 1.0, 0.0)


@threshold.defjvp
def _secant(
    primals: tuple[jax.Array, jax.Array], tangents: tuple[jax.Array, jax.Array]
) -> tuple[jax.Array, jax.Array]:
    """(f(z + w/2) - f(z - w/2)) / w stands in for the derivative by z. There is none by w."""
    (z, width), (dz, _) = primals, tangents
    rise = threshold(z + width / 2, width) - threshold(z - width / 2, width)
    return threshold(z, width), rise / width * dz


def log_odds(form: Form, z: jax.Array) -> jax.Array:
    """For y = softmax(z), log(y_i / (1 - y_i)) = z_i - log sum_{j != i} exp(z_j), j live."""
    others = live(form.inputs) & ~jnp.eye(WIDTH, dtype=bool)
    some = others.any(axis=1)  # else the odds are infinite
    # The largest of the others goes before the sum: which number does matters to rounding alone.
    largest = jnp.max(jnp.where(others, jax.lax.stop_gradient(z), -jnp.inf), axis=1)
    largest = jnp.where(some, largest, 0.0)
    terms = jnp.exp(jnp.where(others, z - largest[:, None], -jnp.inf))
    total = jnp.where(some, jnp.sum(terms, axis=1), 1.0)
    return jnp.where(some, z - largest - jnp.log(total), jnp.inf)


def softmax(form: Form, z: jax.Array) -> jax.Array:
    """exp(z_i) / sum_j exp(z_j): each output is the sigmoid of its log odds."""
    return sigmoid(log_odds(form, z))


def group_max(form: Form, z: jax.Array) -> jax.Array:
    """The largest z_j of every group; of ties the first in the order listed gets all."""
    values = jax.lax.stop_gradient(z)
    largest = jnp.max(jnp.where(form.places < jnp.inf, values, -jnp.inf), axis=1, keepdims=True)
    places = jnp.where((values == largest) | jnp.isnan(values), form.places, jnp.inf)
    first = jnp.min(places, axis=1, keepdims=True)
    return jnp.sum(jnp.where((places == first) & (first < jnp.inf), z, 0.0), axis=1)


def product(form: Form, z: jax.Array) -> jax.Array:
    """y_i = prod_l z_l^exponents[l, i], each power a repeated multiplication; 0^0 = 1."""
    return _products(_whole_powers(z, form.exponents))


def real_product(form: Form, z: jax.Array) -> jax.Array:
    """The same where some exponents are negative or no whole numbers: their z must be positive."""
    whole = (form.exponents >= 0) & (form.exponents == jnp.floor(form.exponents))
    real_powers = jnp.where(whole, 1.0, z[:, None]) ** form.exponents
    return _products(real_powers * _whole_powers(z, jnp.where(whole, form.exponents, 0.0)))


def _whole_powers(z: jax.Array, exponents: jax.Array) -> jax.Array:
    """z_l^exponents[l, i], whole numbers up to LARGEST_EXPONENT, by repeated squaring.

    No square is taken that no exponent needs: it could overflow.
    """
    bits = exponents.astype(int)
    largest = bits.max(axis=1)
    powers = jnp.ones_like(exponents)
    for bit in (2**k for k in range(LARGEST_EXPONENT.bit_length())):  # here z is z_l^bit
        powers = powers * jnp.where(bits & bit > 0, z[:, None], 1.0)
        z = jnp.where(largest >= 2 * bit, z, 1.0) ** 2
    return powers


def _products(factors: jax.Array) -> jax.Array:
    """The product over the first axis, by halves."""
    while len(factors) > 1:
        half = len(factors) // 2
        first, second, rest = jnp.split(factors, [half, 2 * half])
        factors = jnp.concatenate([first * second, rest])
    return factors[0]


FUNCTIONS: dict[Kind, Callable[[Form, jax.Array], jax.Array]] = {
    Kind.IDENTITY: lambda form, z: z,
    Kind.SIGMOID: lambda form, z: sigmoid(z),
    Kind.TANH: lambda form, z: tanh(z),
    Kind.SOFTPLUS: lambda form, z: softplus(z),
    Kind.LEAKY_RELU: lambda form, z: leaky_relu(z, form.scalar),
    Kind.THRESHOLD: lambda form, z: threshold(z, form.scalar),
    Kind.SOFTMAX: softmax,
    Kind.GROUP_MAX: group_max,
    Kind.PRODUCT: product,
    Kind.REAL_PRODUCT: real_product,
}


def activation(kind: Kind, form: Form, z: jax.Array) -> jax.Array:
    """The activation of a kind that is known when the program is compiled."""
    return _finish(form, FUNCTIONS[kind](form, z))


def any_activation(form: Form, z: jax.Array) -> jax.Array:
    """The activation that `form` says, when the program runs.

    Reverse mode computes each function anew (`jax.checkpoint`): kept would be the intermediate
    results of all the functions that might have run, the better part of them zeros.
    """
    functions = [jax.checkpoint(FUNCTIONS[kind]) for kind in Kind]
    return _finish(form, jax.lax.switch(form.kind, functions, form, z))


def _finish(form: Form, y: jax.Array) -> jax.Array:
    """A y for the activations that combine, cut to the live outputs."""
    return jnp.where(live(form.outputs), jnp.where(form.combines > 0, form.matrix @ y, y), 0.0)
