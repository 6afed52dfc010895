"""All the gradients of a network beside autodiff's, judged twice.

Locally, each layer at the very z and cotangents that the hand-written passes recorded: both sides
have bit-identical inputs, so no branch is ambiguous and every entry's tolerance is tight. And end
to end, from x to the loss and back, where no pre-activation lies within rounding of a kink: there
the two sides sum in different orders, and rounding could put them on different branches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike

import oracle
from reference import Divergence, Network
from reference.checks import Array
from reference.passes import BackwardPass, ForwardPass, Gradients

from .compare import Float64Array, compare
from .describe import describe, describe_layers
from .error_analysis import ErrorAnalysis
from .tolerance import ROUNDINGS, divergence_scale, tolerance

#: Perturbations of the parameters that the sensitivity of a gradient is measured with.
PERTURBATIONS = 3
STEP = 2.0**-30

#: A pre-activation closer to a kink than this many times its possible error is ambiguous.
SAFE_MARGIN = 4.0


@final
@dataclass(frozen=True)
class NetworkVerdict:
    """worst: the largest error over its tolerance. live: some gradient of the first layer is not 0.
    end_to_end: False where a pre-activation was too close to a kink to judge the whole.
    """

    worst: float
    live: bool
    end_to_end: bool


def judge_gradients(network: Network, x: ArrayLike, d: ArrayLike, divergence: Divergence) -> float:
    """The largest error over its tolerance of ``network.gradients(x, d, divergence)``.

    x (T, D_0), d (T, width of y_N). Up to 1 conforms; raises Disagreement beyond.
    """
    return judge_network(network, x, d, divergence).worst


def judge_network(
    network: Network, x: ArrayLike, d: ArrayLike, divergence: Divergence
) -> NetworkVerdict:
    """Judge the loss and every gradient of a network, locally and end to end.

    Raises Disagreement where an error is larger than rounding explains, OutOfRange where the true
    loss or a true gradient is not finite or beyond the dtype, so that there is nothing to judge.
    """
    x, d = np.asarray(x, dtype=network.dtype), np.asarray(d, dtype=network.dtype)
    true = oracle.gradients(describe_layers(network), describe(divergence), x, d)
    limit = float(np.finfo(network.dtype).max) ** 0.5
    if not all(np.abs(g).max() < limit for g in _arrays(true)):
        raise OutOfRange
    with np.errstate(all="ignore"):
        forward = network.forward_pass(x)
        backward = network.backward_pass(forward, d, divergence)
        gradients = network.gradients(x, d, divergence)
        analysis = ErrorAnalysis(network, forward, d, divergence)
    worst = _judge_locally(network, d, divergence, forward, backward, gradients, analysis)
    _, margin = analysis.forward_errors()
    end_to_end = margin > SAFE_MARGIN
    if end_to_end:
        worst = max(worst, _judge_end_to_end(network, x, d, divergence, gradients, true, analysis))
    live = bool(np.any(true.weights[0])) or bool(np.any(true.biases[0]))
    return NetworkVerdict(worst, live, end_to_end)


class OutOfRange(Exception):
    """The true loss or a true gradient is not finite, or too large for the dtype."""


def _judge_locally(
    network: Network,
    d: Array,
    divergence: Divergence,
    forward: ForwardPass,
    backward: BackwardPass,
    gradients: Gradients,
    analysis: ErrorAnalysis,
) -> float:
    locals_ = oracle.local_vjps(
        describe_layers(network),
        describe(divergence),
        d,
        y=forward.y[:-1],
        z=forward.z,
        dy=backward.dy[1:],
        dz=backward.dz,
    )
    dtype = network.dtype
    worst = 0.0
    for k, (true, scale) in enumerate(zip(locals_, analysis.local(backward), strict=True)):
        roundings = ROUNDINGS + max(true.weights.shape) + len(d)
        for what, got, expected, size in (
            (f"z[{k}]", forward.z[k], true.z, analysis.z_scales[k]),
            (f"y[{k + 1}]", forward.y[k + 1], true.y, analysis.y_scales[k]),
            (f"dz[{k}]", backward.dz[k], true.dz, scale.dz),
            (f"weights[{k}]", gradients.weights[k], true.weights, scale.weights),
            (f"biases[{k}]", gradients.biases[k], true.bias, scale.bias),
            (f"dy[{k}]", backward.dy[k], true.input, scale.dy),
        ):
            allowed = tolerance(size, dtype, roundings)
            worst = max(worst, compare(f"{what} of its layer", got, expected, allowed))
    return max(worst, compare("input", gradients.input, backward.dy[0], 0.0))


def _judge_end_to_end(
    network: Network,
    x: Array,
    d: Array,
    divergence: Divergence,
    gradients: Gradients,
    true: oracle.Gradients,
    analysis: ErrorAnalysis,
) -> float:
    dtype = network.dtype
    sensitivities = _sensitivities(network, x, d, divergence, true)
    scales = analysis.end_to_end()
    terms = divergence_scale(divergence, analysis.y[-1], analysis.d)
    size = [terms.mean(), *(s.weights for s in scales), *(s.bias for s in scales), scales[0].dy]
    roundings = ROUNDINGS + max(max(W.shape) for W in network.weights) + len(d)
    worst = 0.0
    for what, got, expected, scale, sensitivity in zip(
        _names(network), _arrays(gradients), _arrays(true), size, sensitivities, strict=True
    ):
        allowed = tolerance(scale, dtype, roundings) + roundings * sensitivity
        worst = max(worst, compare(what, np.asarray(got, dtype), expected, allowed))
    return worst


def _sensitivities(
    network: Network, x: Array, d: Array, divergence: Divergence, true: oracle.Gradients
) -> list[Float64Array]:
    """By how much the loss and each gradient change where every input is off by one rounding.

    Measured on the oracle, with all parameters and x moved by a relative STEP up or down at random.
    """
    eps = float(np.finfo(network.dtype).eps)
    step = max(STEP, eps)
    random = np.random.default_rng(0)

    def move(a: ArrayLike) -> Float64Array:
        wide = np.asarray(a, dtype=np.float64)
        return wide * (1 + step * random.choice([-1.0, 1.0], wide.shape))

    largest = [np.zeros_like(g) for g in _arrays(true)]
    for _ in range(PERTURBATIONS):
        layers = describe_layers(network)
        for layer in layers:
            layer["weights"], layer["bias"] = move(layer["weights"]), move(layer["bias"])
        moved = _arrays(oracle.gradients(layers, describe(divergence), move(x), d))
        changes = [np.abs(m - t) for m, t in zip(moved, _arrays(true), strict=True)]
        largest = [np.maximum(a, b) for a, b in zip(largest, changes, strict=True)]
    return [change * (eps / step) for change in largest]


def _arrays(gradients: Gradients | oracle.Gradients) -> list[Float64Array]:
    """Loss, weights, biases and input, in this order."""
    loss = np.asarray(gradients.loss, dtype=np.float64)
    return [loss, *gradients.weights, *gradients.biases, gradients.input]


def _names(network: Network) -> list[str]:
    layers = range(len(network.weights))
    return ["loss", *(f"weights[{k}]" for k in layers), *(f"biases[{k}]" for k in layers), "input"]
