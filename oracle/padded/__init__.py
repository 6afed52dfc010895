"""The oracle for many small cases: programs compiled once, that take any that fits.

Compiling for each architecture, as the plain functions of `oracle` do, takes a second; running a
compiled program, less than a thousandth of that. So here everything is padded to one shape. The
functions give what their namesakes in `oracle` give, up to rounding: sums have another order.
"""

from oracle.padded.derivatives import activation_fits, divergence, divergence_of_z, jacobian
from oracle.padded.form import DoesNotFit
from oracle.padded.network import PaddedLayers, fits, gradients, local_vjps, pre_activations
from oracle.padded.running import together

__all__ = [
    "DoesNotFit",
    "PaddedLayers",
    "activation_fits",
    "divergence",
    "divergence_of_z",
    "fits",
    "gradients",
    "jacobian",
    "local_vjps",
    "pre_activations",
    "together",
]
