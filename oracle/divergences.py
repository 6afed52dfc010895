"""Divergences of one instance: output y (m,), target d (m,) -> a number.

11-785 F24 lecture 5, slides 2-10 and 194-195. Beside them the logit forms: where softmax or
sigmoid feed a logarithm, the composition is computed from the pre-activation z, stable to
|z| = 1e4, where y itself underflows.
"""

import json
from collections.abc import Callable
from functools import lru_cache, partial

import jax
import jax.numpy as jnp

from oracle.activations import activation, log_softmax, softplus
from oracle.description import Description, canonical, look_up

Divergence = Callable[[jax.Array, jax.Array], jax.Array]


def squared_error(y: jax.Array, d: jax.Array) -> jax.Array:
    """1/2 ||y - d||^2."""
    return jnp.sum((y - d) ** 2) / 2


def kl(y: jax.Array, d: jax.Array) -> jax.Array:
    """sum_i d_i log(d_i / y_i)."""
    return jnp.sum(_weighted(d, jnp.log, d) - _weighted(d, jnp.log, y))


def binary_kl(y: jax.Array, d: jax.Array) -> jax.Array:
    """sum_i -d_i log y_i - (1 - d_i) log(1 - y_i)."""
    return -jnp.sum(_weighted(d, jnp.log, y) + _weighted(1 - d, _log_complement, y))


def kl_of_softmax(z: jax.Array, d: jax.Array) -> jax.Array:
    """sum_i d_i (log d_i - z_i + logsumexp z)."""
    return jnp.sum(_weighted(d, jnp.log, d) - d * log_softmax(z))


def binary_kl_of_sigmoid(z: jax.Array, d: jax.Array) -> jax.Array:
    """sum_i d_i log(1 + exp(-z_i)) + (1 - d_i) log(1 + exp(z_i))."""
    return jnp.sum(d * softplus(-z) + (1 - d) * softplus(z))


def _weighted(weight: jax.Array, log: Callable[[jax.Array], jax.Array], y: jax.Array) -> jax.Array:
    """The product weight * log(y), with 0 log 0 = 0.

    Where the weight is 0, the log is taken at 1/2 instead: 0 * inf in the branch that `where` does
    not take would still make the derivative NaN.
    """
    live = weight > 0
    return jnp.where(live, weight * log(jnp.where(live, y, 0.5)), 0.0)


def _log_complement(y: jax.Array) -> jax.Array:
    return jnp.log1p(-y)


DIVERGENCES: dict[str, Divergence] = {
    "SquaredError": squared_error,
    "KLDivergence": kl,
    "BinaryKLDivergence": binary_kl,
}

LOGIT_FORMS: dict[tuple[str, str], Divergence] = {
    ("KLDivergence", "Softmax"): kl_of_softmax,
    ("BinaryKLDivergence", "Sigmoid"): binary_kl_of_sigmoid,
}


def divergence(description: Description) -> Divergence:
    """The divergence that `description` names, as a function (y (m,), d (m,)) -> () in float64.

    Equal descriptions give the same function. Raises ValueError for an unknown name.
    """
    return _divergence(canonical(description))


def divergence_of_z(divergence: Description, activation: Description) -> Divergence:
    """div(f(z), d) as a function (z (n,), d (m,)) -> (): in logit form where there is one.

    Equal descriptions give the same function. Raises ValueError for an unknown name.
    """
    return _divergence_of_z(canonical(divergence), canonical(activation))


@lru_cache(maxsize=1024)
def _divergence(text: str) -> Divergence:
    function, parameters = look_up("divergence", DIVERGENCES, text)
    return _checked(partial(function, **parameters))


@lru_cache(maxsize=1024)
def _divergence_of_z(divergence_text: str, activation_text: str) -> Divergence:
    div, f = _divergence(divergence_text), activation(json.loads(activation_text))
    names = json.loads(divergence_text)["name"], json.loads(activation_text)["name"]
    if names in LOGIT_FORMS:
        return _checked(LOGIT_FORMS[names])
    return lambda z, d: div(f(z), d)


def _checked(function: Divergence) -> Divergence:
    def div(y: jax.Array, d: jax.Array) -> jax.Array:
        y, d = jnp.asarray(y, dtype=jnp.float64), jnp.asarray(d, dtype=jnp.float64)
        if y.ndim != 1 or d.shape != y.shape:
            raise ValueError(f"y and d must have one shape (m,), got {y.shape} and {d.shape}")
        return function(y, d)

    return div
