"""From x to the loss and back: the whole gradients, where no rounding can change a branch.

Two sides sum in different orders. So no pre-activation may lie within rounding of a kink.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

import oracle
from reference import Divergence, Gradients, Network
from reference.checks import Array

from ..compare import Disagreement, Float64Array
from ..tolerance import ROUNDINGS
from .comparisons import Comparison, compare_all
from .describe import describe, describe_layers
from .error_analysis import ErrorAnalysis
from .number_range import OutOfRange, arrays, in_range
from .screen import PADDED, Oracle
from .sensitivity import Sensitivity

#: A pre-activation closer to a kink than this many times its possible error is ambiguous.
SAFE_MARGIN = 4.0

#: Where rounding may move a gradient by more than this share of its terms, only layers are judged.
ILL_CONDITIONED = 0.01


@final
@dataclass(frozen=True)
class EndToEnd:
    """Loss, weights, biases and input beside what they ought to be.

    First within the tolerance of the terms alone, where nearly all agree; an error beyond that is
    excused by how far the true gradients move at a rounding of what goes in, as each of
    ``excuses`` measures it in turn, for a network of ``dtype``.
    """

    comparisons: list[Comparison]
    excuses: Sequence[Callable[[], list[Float64Array]]]
    dtype: np.dtype[Any]

    @classmethod
    def of(
        cls,
        analysis: ErrorAnalysis,
        got: Gradients,
        expected: oracle.Gradients | Gradients,
        excuses: Sequence[Callable[[], list[Float64Array]]],
    ) -> EndToEnd:
        """The gradients of a network as they are and as they ought to be."""
        network = analysis.network
        narrow = [np.asarray(g, network.dtype) for g in arrays(got)]
        roundings = ROUNDINGS + max(max(W.shape) for W in network.weights) + len(analysis.d)
        each = zip(_names(network), narrow, arrays(expected), _sizes(analysis), strict=True)
        return cls([Comparison(*one, roundings) for one in each], excuses, network.dtype)

    def judge(self) -> float | None:
        """The largest error over its tolerance.

        None where the gradients move so far that a first-order analysis says nothing; Disagreement
        where no excuse suffices.
        """
        try:
            return compare_all(self.comparisons)
        except Disagreement as error:
            finding = error
        eps = float(np.finfo(self.dtype).eps)
        for excuse in self.excuses:
            each = list(zip(self.comparisons, excuse(), strict=True))
            if not all((c.roundings * m).max() <= ILL_CONDITIONED * c.size.max() for c, m in each):
                return None
            try:
                return compare_all([c._replace(size=c.size + m / eps) for c, m in each])
            except Disagreement as error:
                finding = error
        raise finding


def compare_gradients(
    network: Network,
    x: Array,
    d: Array,
    divergence: Divergence,
    got: Gradients,
    expected: Gradients,
    *,
    explicit: bool = False,
) -> float:
    """Two hand-written ways to the same gradients, within what end to end judgement allows.

    x (T, D_0) and d (T, width of y_N). Raises Disagreement, or OutOfRange where there is nothing
    finite to compare, or where a pre-activation is too close to a kink for the ways to agree.
    """
    layers, description = describe_layers(network), describe(divergence)
    with np.errstate(all="ignore"):
        forward = network.forward_pass(x)
        analysis = ErrorAnalysis(network, forward, d, divergence, explicit=explicit)
        _, margin = analysis.forward_errors()
    if margin <= SAFE_MARGIN or not analysis.in_range():
        raise OutOfRange
    if not in_range(PADDED.gradients(layers, description, x, d), network.dtype):
        raise OutOfRange
    moved = sensitivity(PADDED, layers, description, x, d, network.dtype)
    worst = EndToEnd.of(analysis, got, expected, [moved.of_the_batch]).judge()
    if worst is None:
        raise OutOfRange
    return worst


def sensitivity(
    autodiff: Oracle,
    layers: list[oracle.Layer],
    divergence: dict[str, Any],
    x: Array,
    d: Array,
    dtype: np.dtype[Any],
) -> Sensitivity:
    """That of the oracle's gradients in roundings of the dtype."""
    eps = float(np.finfo(dtype).eps)
    return Sensitivity(autodiff.network, layers, divergence, x, d, eps)


def _sizes(analysis: ErrorAnalysis) -> list[Float64Array]:
    """Of the terms of loss, weights, biases and input."""
    scales = analysis.end_to_end()
    weights, biases = [s.weights for s in scales], [s.bias for s in scales]
    return [analysis.loss_scale(), *weights, *biases, scales[0].dy]


def _names(network: Network) -> list[str]:
    layers = range(len(network.weights))
    return ["loss", *(f"weights[{k}]" for k in layers), *(f"biases[{k}]" for k in layers), "input"]
