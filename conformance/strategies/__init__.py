"""What Hypothesis draws: numbers in regimes, activations, divergences, architectures, inputs.

For properties of your own: ``pre_activations`` and ``cotangents`` are arrays for a function that
you wrote, ``activation_cases``, ``divergence_cases``, ``fused_cases``, ``affine_cases`` and
``network_cases`` are whole cases of ``reference``; what these are made of is public too. Every
regime is a way in which gradients are known to go wrong: ties, exact zeros, kinks, tiny and large.

Numbers come from short lists or are short themselves, so that a shrunk counterexample is readable.
The arrays of a network are too large to draw number by number: they are taken from a drawn pool
with a drawn seed, and shrink towards small shapes and seed 0.
"""

from .activation import ACTIVATIONS, activations
from .network import SCALES, network_cases
from .numbers import (
    DTYPES,
    REGIMES,
    WIDTHS,
    arrays,
    cotangents,
    leading_shapes,
    pre_activations,
    regimes,
)
from .part import activation_cases, affine_cases, divergence_cases, fused_cases
from .pool import pools
from .target import DIVERGENCES, targets

__all__ = [
    "ACTIVATIONS",
    "DIVERGENCES",
    "DTYPES",
    "REGIMES",
    "SCALES",
    "WIDTHS",
    "activation_cases",
    "activations",
    "affine_cases",
    "arrays",
    "cotangents",
    "divergence_cases",
    "fused_cases",
    "leading_shapes",
    "network_cases",
    "pools",
    "pre_activations",
    "regimes",
    "targets",
]
