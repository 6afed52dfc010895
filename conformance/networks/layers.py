"""Each layer by itself: both sides at bit-identical points and cotangents.

So no branch is ambiguous, and every entry's tolerance is tight.
"""

from __future__ import annotations

import oracle
from reference.passes import BackwardPass, ForwardPass, Gradients

from ..tolerance import ROUNDINGS
from .comparisons import Comparison
from .error_analysis import ErrorAnalysis, LayerScales


def forward_comparisons(
    local: list[oracle.LocalVjp], forward: ForwardPass, analysis: ErrorAnalysis
) -> list[Comparison]:
    """z and y of each layer."""
    comparisons = []
    for k, true in enumerate(local):
        roundings = ROUNDINGS + max(true.weights.shape)
        z, y = f"z[{k}] of its layer", f"y[{k + 1}] of its layer"
        comparisons += [
            Comparison(z, forward.z[k], true.z, analysis.z_scales[k], roundings),
            Comparison(y, forward.y[k + 1], true.y, analysis.y_scales[k], roundings),
        ]
    return comparisons


def backward_comparisons(
    local: list[oracle.LocalVjp],
    backward: BackwardPass,
    gradients: Gradients,
    analysis: ErrorAnalysis,
    scales: list[LayerScales],
) -> list[Comparison]:
    """The cotangent of each z and y, and the gradients by each W and b. That of y_0 is D_x."""
    T = len(analysis.d)
    comparisons = []
    dy = [gradients.input, *backward.dy[1:]]
    for k, (true, scale) in enumerate(zip(local, scales, strict=True)):
        roundings = ROUNDINGS + max(true.weights.shape) + T
        for what, got, expected, size in (
            (f"dz[{k}]", backward.dz[k], true.dz, scale.dz),
            (f"weights[{k}]", gradients.weights[k], true.weights, scale.weights),
            (f"biases[{k}]", gradients.biases[k], true.bias, scale.bias),
            (f"dy[{k}]", dy[k], true.input, scale.dy),
        ):
            comparisons.append(Comparison(f"{what} of its layer", got, expected, size, roundings))
    return comparisons
