"""Divergences of one padded instance: z, y = f(z) and d (WIDTH,), with as many live as y has.

The formulas are those of `oracle.divergences`, term by term, so that terms which are not live can
be left out. The logit forms take z, the others y.
"""

from collections.abc import Callable
from enum import IntEnum

import jax
import jax.numpy as jnp

from oracle.activations import softplus
from oracle.description import Description
from oracle.padded.activations import live, log_odds
from oracle.padded.form import Form, Kind


class Div(IntEnum):
    """The divergences in a program. The derivative of <d, y> by z is the vjp of the cotangent d."""

    INNER_PRODUCT = 0
    SQUARED_ERROR = 1
    KL = 2
    BINARY_KL = 3
    KL_OF_SOFTMAX = 4
    BINARY_KL_OF_SIGMOID = 5


_DIVS = {
    "SquaredError": Div.SQUARED_ERROR,
    "KLDivergence": Div.KL,
    "BinaryKLDivergence": Div.BINARY_KL,
}
_LOGIT_FORMS = {
    (Div.KL, Kind.SOFTMAX): Div.KL_OF_SOFTMAX,
    (Div.BINARY_KL, Kind.SIGMOID): Div.BINARY_KL_OF_SIGMOID,
}


def div_of(divergence: Description, activation: Kind) -> Div:
    """The divergence after that activation: in logit form where there is one.

    Raises ValueError for an unknown name.
    """
    name = divergence.get("name")
    if name not in _DIVS:
        raise ValueError(f"divergence must be one of {', '.join(_DIVS)}, got {name!r}")
    return _LOGIT_FORMS.get((_DIVS[name], activation), _DIVS[name])


def inner_product(form: Form, z: jax.Array, y: jax.Array, d: jax.Array) -> jax.Array:
    """The terms d_i y_i."""
    return d * y


def squared_error(form: Form, z: jax.Array, y: jax.Array, d: jax.Array) -> jax.Array:
    """The terms 1/2 (y_i - d_i)^2."""
    return (y - d) ** 2 / 2


def kl(form: Form, z: jax.Array, y: jax.Array, d: jax.Array) -> jax.Array:
    """The terms d_i log d_i - d_i log y_i."""
    return _weighted_log(d, d) - _weighted_log(d, y)


def binary_kl(form: Form, z: jax.Array, y: jax.Array, d: jax.Array) -> jax.Array:
    """The terms -d_i log y_i - (1 - d_i) log(1 - y_i)."""
    return -_weighted_log(d, y) - _weighted_log1p(1 - d, -y)


def kl_of_softmax(form: Form, z: jax.Array, y: jax.Array, d: jax.Array) -> jax.Array:
    """The terms d_i log d_i + d_i log(1 + exp(-a_i)), with the log odds a_i of y_i."""
    return _weighted_log(d, d) + d * softplus(-log_odds(form, z))


def binary_kl_of_sigmoid(form: Form, z: jax.Array, y: jax.Array, d: jax.Array) -> jax.Array:
    """The terms d_i log(1 + exp(-z_i)) + (1 - d_i) log(1 + exp(z_i))."""
    return d * softplus(-z) + (1 - d) * softplus(z)


def _weighted_log(weight: jax.Array, y: jax.Array) -> jax.Array:
    """weight * log y, where 0 log y = 0 for every y, its derivative too."""
    counts = weight > 0
    return jnp.where(counts, weight * jnp.log(jnp.where(counts, y, 1.0)), 0.0)


def _weighted_log1p(weight: jax.Array, y: jax.Array) -> jax.Array:
    """weight * log(1 + y), likewise."""
    counts = weight > 0
    return jnp.where(counts, weight * jnp.log1p(jnp.where(counts, y, 0.0)), 0.0)


TERMS: dict[Div, Callable[[Form, jax.Array, jax.Array, jax.Array], jax.Array]] = {
    Div.INNER_PRODUCT: inner_product,
    Div.SQUARED_ERROR: squared_error,
    Div.KL: kl,
    Div.BINARY_KL: binary_kl,
    Div.KL_OF_SOFTMAX: kl_of_softmax,
    Div.BINARY_KL_OF_SIGMOID: binary_kl_of_sigmoid,
}


def divergence(div: Div, form: Form, z: jax.Array, y: jax.Array, d: jax.Array) -> jax.Array:
    """A divergence that is known when the program is compiled."""
    return jnp.sum(jnp.where(live(form.outputs), TERMS[div](form, z, y, d), 0.0))


def any_divergence(
    div: jax.Array, form: Form, z: jax.Array, y: jax.Array, d: jax.Array
) -> jax.Array:
    """The divergence that `div` says, when the program runs; as for activations, checkpointed."""
    terms = [jax.checkpoint(TERMS[div]) for div in Div]
    return jnp.sum(jnp.where(live(form.outputs), jax.lax.switch(div, terms, form, z, y, d), 0.0))
