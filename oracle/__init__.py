"""The oracle: the lecture's functions, forward only, and their derivatives by autodiff.

It gets plain arrays and plain descriptions (dicts that fit JSON) and computes in float64,
whatever comes in. Where a function has a kink, its branches follow the lecture's conventions
(11-785 F24 lecture 5, slides 111-118), and autodiff follows the branches.
"""

# ruff: noqa: E402
# The only place that sets the precision: it is process-wide and has to come before any array.
import jax

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]

from oracle.activations import activation, composition
from oracle.derivatives import OracleDisagreement, jacobian, value, vjp
from oracle.divergences import divergence, divergence_of_z
from oracle.network import (
    Gradients,
    Layer,
    LocalVjp,
    gradients,
    local_vjps,
    loss,
    pre_activations,
)

__all__ = [
    "Gradients",
    "Layer",
    "LocalVjp",
    "OracleDisagreement",
    "activation",
    "composition",
    "divergence",
    "divergence_of_z",
    "gradients",
    "jacobian",
    "local_vjps",
    "loss",
    "pre_activations",
    "value",
    "vjp",
]
