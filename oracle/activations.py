"""Activations, forward only, for one instance: z (n,) -> y (m,).

The formulas are chosen so that autodiff is right everywhere:

- exp takes arguments <= 0 only, so nothing overflows; no derivative is a difference of nearly
  equal numbers, so the tails keep their relative accuracy (sigmoid'(40) = 4.2e-18, not 0).
- Branches are `where`, and both sides are finite. |z| is spelled out, for its derivative at 0
  would be 0.
- At a kink the branch taken is the lecture's (11-785 F24 lecture 5, slides 111-118): relu'(0) = 1,
  and of ties in a max the first gets all.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from oracle.description import Description, canonical, look_up


def identity(z: jax.Array) -> jax.Array:
    """The pre-activation itself."""
    return z


def sigmoid(z: jax.Array) -> jax.Array:
    """1 / (1 + exp(-z)), for z < 0 as exp(z) / (1 + exp(z))."""
    negative = z < 0
    e = jnp.exp(jnp.where(negative, z, -z))
    return jnp.where(negative, e, 1.0) / (1 + e)


def tanh(z: jax.Array) -> jax.Array:
    """(1 - exp(-2z)) / (1 + exp(-2z)); near 0, where that cancels, jnp.tanh (1 - y^2 does not)."""
    negative = z < 0
    e = jnp.exp(-2 * jnp.where(negative, -z, z))
    tail = (1 - e) / (1 + e)
    return jnp.where(abs(z) < 1, jnp.tanh(z), jnp.where(negative, -tail, tail))


def softplus(z: jax.Array) -> jax.Array:
    """log(1 + exp(z)), for z >= 0 as z + log(1 + exp(-z))."""
    negative = z < 0
    return jnp.where(negative, 0.0, z) + jnp.log1p(jnp.exp(jnp.where(negative, z, -z)))


def relu(z: jax.Array) -> jax.Array:
    """The pre-activation where z >= 0, else 0."""
    return jnp.where(z >= 0, z, 0.0)


def leaky_relu(z: jax.Array, slope: float) -> jax.Array:
    """The pre-activation where z >= 0, else slope * z."""
    return jnp.where(z >= 0, z, slope * z)


def randomized_leaky_relu(z: jax.Array, low: float, high: float, seed: int = 0) -> jax.Array:
    """Evaluation: the mean slope. The slopes of training are drawn by `seed` and not judged."""
    return leaky_relu(z, (low + high) / 2)


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def threshold(z: jax.Array, width: float) -> jax.Array:
    """The step 1 for z >= 0, else 0."""
    return jnp.where(z >= 0, 1.0, 0.0)


@threshold.defjvp
def _secant(
    width: float, primals: tuple[jax.Array], tangents: tuple[jax.Array]
) -> tuple[jax.Array, jax.Array]:
    """A secant of the step stands in for its derivative, which is of no use."""
    (z,), (dz,) = primals, tangents
    rise = threshold(z + width / 2, width) - threshold(z - width / 2, width)
    return threshold(z, width), rise / width * dz


def log_odds(z: jax.Array) -> jax.Array:
    """For y = softmax(z), log(y_i / (1 - y_i)) = z_i - log sum_{j != i} exp(z_j)."""
    if z.size == 1:
        return jnp.full_like(z, jnp.inf)
    z = z - jax.lax.stop_gradient(z.max())  # changes no value and no derivative, only rounding
    others = jnp.where(jnp.eye(z.size, dtype=bool), -jnp.inf, z)
    return z - jax.nn.logsumexp(others, axis=1)


def softmax(z: jax.Array) -> jax.Array:
    """exp(z_i) / sum_j exp(z_j): each output is the sigmoid of its log odds."""
    return sigmoid(log_odds(z))


def log_softmax(z: jax.Array) -> jax.Array:
    """The logarithm of softmax, since log sigmoid(a) = -softplus(-a)."""
    return -softplus(-log_odds(z))


def max_(z: jax.Array) -> jax.Array:
    """The largest z_j, as a vector of one."""
    return z[jnp.argmax(z)][None]  # argmax is the first of ties


def group_max(z: jax.Array, groups: Sequence[Sequence[int]]) -> jax.Array:
    """The largest z_j of every group; of ties the first in the order listed gets all."""
    return jnp.concatenate([max_(_take(z, group)) for group in groups])


def product(z: jax.Array, exponents: Sequence[Sequence[float]] | None) -> jax.Array:
    """y_i = prod_l z_l^exponents[l][i]; without exponents the product of all z_l."""
    return _monomials(z, np.ones((z.size, 1)) if exponents is None else exponents)


def pairwise_product(z: jax.Array, pairs: Sequence[tuple[int, int]]) -> jax.Array:
    """The product z_j z_l of every pair (slides 106-109)."""
    first, second = zip(*pairs, strict=True)
    return _take(z, first) * _take(z, second)


def linear_combination(z: jax.Array, matrix: Sequence[Sequence[float]]) -> jax.Array:
    """A z."""
    return jnp.array(matrix, dtype=jnp.float64) @ z


def polynomial(
    z: jax.Array, exponents: Sequence[Sequence[int]], coefficients: Sequence[Sequence[float]]
) -> jax.Array:
    """y_i = sum_k coefficients[i][k] prod_l z_l^exponents[k][l]."""
    return linear_combination(_monomials(z, np.transpose(exponents)), coefficients)


def _take(z: jax.Array, indices: Sequence[int]) -> jax.Array:
    """z[indices]; JAX itself would silently clip an index that is out of range."""
    if not all(0 <= i < z.size for i in indices):
        raise ValueError(f"indices must be in 0..{z.size - 1}, got {list(indices)}")
    return z[np.array(indices)]


def _monomials(z: jax.Array, exponents: npt.ArrayLike) -> jax.Array:
    """prod_l z_l^exponents[l, i], with 0^0 = 1; exponents (n, m).

    Non-negative integer exponents are repeated multiplication, right for every z, as is its
    derivative; the others need z > 0.
    """
    exponents = np.asarray(exponents, dtype=np.float64)
    if len(exponents) != z.size:
        raise ValueError(f"z must have shape ({len(exponents)},), got {z.shape}")
    integral = (exponents >= 0) & (exponents % 1 == 0)
    bases = jnp.broadcast_to(z[:, None], exponents.shape)
    powers = jnp.where(integral, 1.0, jnp.where(integral, 1.0, bases) ** exponents)
    for k in range(int(exponents.max(where=integral, initial=0))):
        powers = jnp.where(integral & (k < exponents), powers * bases, powers)
    return powers.prod(axis=0)


ACTIVATIONS: dict[str, Callable[..., jax.Array]] = {
    "Identity": identity,
    "Sigmoid": sigmoid,
    "Tanh": tanh,
    "Softplus": softplus,
    "ReLU": relu,
    "LeakyReLU": leaky_relu,
    "RandomizedLeakyReLU": randomized_leaky_relu,
    "Threshold": threshold,
    "Softmax": softmax,
    "Max": max_,
    "GroupMax": group_max,
    "Product": product,
    "PairwiseProduct": pairwise_product,
    "LinearCombination": linear_combination,
    "Polynomial": polynomial,
}


def activation(description: Description) -> Callable[[jax.Array], jax.Array]:
    """The activation that `description` names, as a function z (n,) -> y (m,) in float64.

    Equal descriptions give the same function, so that it is compiled once. Raises ValueError for
    an unknown name.
    """
    return _activation(canonical(description))


def composition(descriptions: Sequence[Description]) -> Callable[[jax.Array], jax.Array]:
    """The functions that the descriptions name, one after the other, the first applied first.

    Equal descriptions give the same function.
    """
    return _composition(tuple(canonical(description) for description in descriptions))


@lru_cache(maxsize=1024)
def _composition(texts: tuple[str, ...]) -> Callable[[jax.Array], jax.Array]:
    functions = [_activation(text) for text in texts]

    def f(z: jax.Array) -> jax.Array:
        for function in functions:
            z = function(z)
        return z

    return f


@lru_cache(maxsize=1024)
def _activation(text: str) -> Callable[[jax.Array], jax.Array]:
    forward, parameters = look_up("activation", ACTIVATIONS, text)

    def f(z: jax.Array) -> jax.Array:
        z = jnp.asarray(z, dtype=jnp.float64)
        if z.ndim != 1:
            raise ValueError(f"z must have shape (n,), got {z.shape}")
        return forward(z, **parameters)

    return f
