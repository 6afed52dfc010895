"""All the gradients of a network beside autodiff's, judged twice.

Locally, each layer at the very z and cotangents that the hand-written passes recorded: both sides
have bit-identical inputs, so no branch is ambiguous and every entry's tolerance is tight. And end
to end, from x to the loss and back, where no pre-activation lies within rounding of a kink: there
the two sides sum in different orders, and rounding could put them on different branches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike

from reference import Divergence, Network
from reference.passes import ForwardPass

from ..compare import Disagreement, Float64Array
from ..kinks import flushed_to_a_kink
from ..recorded import recorded_gradients
from .comparisons import Comparison, compare_all, laid_end_to_end
from .describe import describe, describe_layers
from .end_to_end import SAFE_MARGIN, EndToEnd, sensitivity
from .error_analysis import ErrorAnalysis
from .layers import backward_comparisons, forward_comparisons
from .number_range import OutOfRange, all_below, in_range
from .screen import Oracle, screened


@final
@dataclass(frozen=True)
class NetworkVerdict:
    """worst: the largest error over its tolerance. live: some gradient of the first layer is not 0.
    end_to_end: False where the whole could not be judged: a pre-activation was too close to a kink,
    or the gradients too ill-conditioned.
    """

    worst: float
    live: bool
    end_to_end: bool


@final
@dataclass(frozen=True)
class Evidence:
    """All that is compared of a network: its layers and, where that can be judged, the whole.

    The whole builds on the layers, and is asked for only where these are in order.
    """

    layers: list[Comparison]
    whole: Callable[[], EndToEnd] | None
    live: bool

    def judge(self) -> NetworkVerdict:
        """Raises Disagreement where an error is larger than rounding explains."""
        worst = compare_all(self.layers)
        end_to_end = None if self.whole is None else self.whole().judge()
        if end_to_end is None:
            return NetworkVerdict(worst, self.live, end_to_end=False)
        return NetworkVerdict(max(worst, end_to_end), self.live, end_to_end=True)


def judge_gradients(network: Network, x: ArrayLike, d: ArrayLike, divergence: Divergence) -> float:
    """The largest error over its tolerance of ``network.gradients(x, d, divergence)``.

    x (T, D_0), d (T, width of y_N). Up to 1 conforms; raises Disagreement beyond.
    """
    return judge_network(network, x, d, divergence).worst


def judge_network(
    network: Network,
    x: ArrayLike,
    d: ArrayLike,
    divergence: Divergence,
    autodiff: Oracle | None = None,
) -> NetworkVerdict:
    """Judge the loss and every gradient of a network, locally and end to end.

    autodiff: who says what is true; None for the padded oracle, with the plain one to confirm.
    Raises Disagreement where an error is larger than rounding explains, OutOfRange where the true
    loss or a true gradient is not finite or beyond the dtype, so that there is nothing to judge.
    """
    task = network, x, d, divergence
    if autodiff is not None:
        return begin(*task, autodiff)().judge()
    return screened(lambda autodiff: begin(*task, autodiff)().judge())


def begin(
    network: Network, x: ArrayLike, d: ArrayLike, divergence: Divergence, autodiff: Oracle
) -> Callable[[], Evidence]:
    """Hand everything to autodiff, and go the hand-written passes and the analysis of their errors
    meanwhile. The function that is returned waits for autodiff.
    """
    x, d = np.asarray(x, dtype=network.dtype), np.asarray(d, dtype=network.dtype)
    layers, description = describe_layers(network), describe(divergence)
    judge = autodiff.network(layers)
    passes = judge.passes(description, x, d)
    try:
        with np.errstate(all="ignore"):
            forward, backward, gradients = recorded_gradients(network, x, d, divergence)
    except Exception as error:
        return partial(_raise_if_in_range, error, passes, network.dtype)
    local_vjps = judge.local_vjps(
        description, d, y=forward.y[:-1], z=forward.z, dy=backward.dy[1:], dz=backward.dz
    )
    with np.errstate(all="ignore"):
        analysis = ErrorAnalysis(network, forward, d, divergence)
        local_scales = analysis.local(backward)
        _, margin = analysis.forward_errors()

    def evidence() -> Evidence:
        true_z, true = passes()
        if not in_range(true, network.dtype):
            raise OutOfRange
        _require_finite(forward, true_z, network.dtype)
        if flushed_to_a_kink(network.activations, forward.z):
            raise OutOfRange
        local = local_vjps()
        comparisons = forward_comparisons(local, forward, analysis)
        if not analysis.in_range():
            compare_all(comparisons)  # of a y that is wrong no range is asked
            raise OutOfRange
        comparisons += backward_comparisons(local, backward, gradients, analysis, local_scales)
        moved = sensitivity(autodiff, layers, description, x, d, network.dtype)
        excuses = moved.of_the_batch, moved.row_by_row
        whole = partial(EndToEnd.of, analysis, gradients, true, excuses)
        live = bool(np.any(true.weights[0])) or bool(np.any(true.biases[0]))
        return Evidence(comparisons, whole if margin > SAFE_MARGIN else None, live)

    return evidence


def _raise_if_in_range(
    error: Exception, passes: Callable[[], Any], dtype: np.dtype[Any]
) -> Evidence:
    """What the hand-written side raised, where autodiff has a say."""
    if not in_range(passes()[1], dtype):
        raise OutOfRange from None
    raise error


def _require_finite(forward: ForwardPass, true_z: list[Float64Array], dtype: np.dtype[Any]) -> None:
    """Where the true z are in range, the hand-written ones must be finite, and so must every y."""
    if not all_below(true_z, dtype):
        raise OutOfRange
    for name, each in (("z", forward.z), ("y", forward.y)):
        if not np.isfinite(laid_end_to_end(each)).all():
            k = next(k for k, array in enumerate(each) if not np.isfinite(array).all())
            raise Disagreement(f"{name}[{k}] must be finite, got {each[k]}")
