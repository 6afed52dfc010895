"""All the gradients of a network beside autodiff's, judged twice.

Locally, each layer at the very z and cotangents that the hand-written passes recorded: both sides
have bit-identical inputs, so no branch is ambiguous and every entry's tolerance is tight. And end
to end, from x to the loss and back, where no pre-activation lies within rounding of a kink: there
the two sides sum in different orders, and rounding could put them on different branches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike

import oracle
from reference import Divergence, Network
from reference.checks import Array
from reference.passes import BackwardPass, ForwardPass, Gradients

from .compare import Comparison, Disagreement, Float64Array, compare_all, laid_end_to_end
from .describe import describe, describe_layers
from .error_analysis import ErrorAnalysis, LayerScales
from .kinks import flushed_to_a_kink
from .screen import PADDED, Oracle, screened
from .sensitivity import Sensitivity, arrays
from .tolerance import ROUNDINGS, tolerance

#: A pre-activation closer to a kink than this many times its possible error is ambiguous.
SAFE_MARGIN = 4.0

#: Where rounding may move a gradient by more than this share of its terms, only layers are judged.
ILL_CONDITIONED = 0.01


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


class OutOfRange(Exception):
    """Autodiff has no say: a true number is not finite, too large for the dtype, or so small that
    XLA takes it for 0, where there is a kink.
    """


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
    x, d = np.asarray(x, dtype=network.dtype), np.asarray(d, dtype=network.dtype)
    layers = describe_layers(network)
    if autodiff is not None:
        return _judge(network, layers, x, d, divergence, autodiff)
    return screened(lambda autodiff: _judge(network, layers, x, d, divergence, autodiff))


def _judge(
    network: Network,
    layers: list[oracle.Layer],
    x: Array,
    d: Array,
    divergence: Divergence,
    autodiff: Oracle,
) -> NetworkVerdict:
    # Autodiff runs beside the hand-written passes, then beside the analysis of their errors.
    description, judge = describe(divergence), autodiff.network(layers)
    passes = judge.passes(description, x, d)
    try:
        with np.errstate(all="ignore"):
            forward = network.forward_pass(x)
            backward = network.backward_pass(forward, d, divergence)
            gradients = network.gradients(x, d, divergence)
    except Exception:
        if not _in_range(passes()[1], network.dtype):
            raise OutOfRange from None
        raise
    local_vjps = judge.local_vjps(
        description, d, y=forward.y[:-1], z=forward.z, dy=backward.dy[1:], dz=backward.dz
    )
    with np.errstate(all="ignore"):
        analysis = ErrorAnalysis(network, forward, d, divergence)
        local_scales = analysis.local(backward)
        _, margin = analysis.forward_errors()
    true_z, true = passes()
    if not _in_range(true, network.dtype):
        raise OutOfRange
    _require_finite(forward, true_z, network.dtype)
    if any(flushed_to_a_kink(f, z) for f, z in zip(network.activations, forward.z, strict=True)):
        raise OutOfRange
    local = local_vjps()
    comparisons = _forward_comparisons(local, forward, analysis)
    if not analysis.in_range():
        compare_all(comparisons)  # of a y that is wrong no range is asked
        raise OutOfRange
    comparisons += _local_comparisons(local, backward, gradients, analysis, local_scales)
    worst = compare_all(comparisons)
    end_to_end = None
    if margin > SAFE_MARGIN:
        moved = _sensitivity(autodiff, layers, description, x, d, network.dtype)
        excuses = moved.of_the_batch, moved.row_by_row
        end_to_end = _judge_end_to_end(analysis, _arrays(gradients), arrays(true), excuses)
    live = bool(np.any(true.weights[0])) or bool(np.any(true.biases[0]))
    if end_to_end is None:
        return NetworkVerdict(worst, live, end_to_end=False)
    return NetworkVerdict(max(worst, end_to_end), live, end_to_end=True)


def _require_finite(forward: ForwardPass, true_z: list[Float64Array], dtype: np.dtype[Any]) -> None:
    """Where the true z are in range, the hand-written ones must be finite, and so must every y."""
    if not _all_below(true_z, dtype):
        raise OutOfRange
    for name, each in (("z", forward.z), ("y", forward.y)):
        if not np.isfinite(laid_end_to_end(each)).all():
            k = next(k for k, array in enumerate(each) if not np.isfinite(array).all())
            raise Disagreement(f"{name}[{k}] must be finite, got {each[k]}")


def _forward_comparisons(
    local: list[oracle.LocalVjp], forward: ForwardPass, analysis: ErrorAnalysis
) -> list[Comparison]:
    dtype = analysis.network.dtype
    comparisons: list[Comparison] = []
    for k, true in enumerate(local):
        roundings = ROUNDINGS + max(true.weights.shape)
        z_allowed = tolerance(analysis.z_scales[k], dtype, roundings)
        y_allowed = tolerance(analysis.y_scales[k], dtype, roundings)
        comparisons += [
            (f"z[{k}] of its layer", forward.z[k], true.z, z_allowed),
            (f"y[{k + 1}] of its layer", forward.y[k + 1], true.y, y_allowed),
        ]
    return comparisons


def _local_comparisons(
    local: list[oracle.LocalVjp],
    backward: BackwardPass,
    gradients: Gradients,
    analysis: ErrorAnalysis,
    scales: list[LayerScales],
) -> list[Comparison]:
    dtype, T = analysis.network.dtype, len(analysis.d)
    comparisons: list[Comparison] = []
    for k, (true, scale) in enumerate(zip(local, scales, strict=True)):
        roundings = ROUNDINGS + max(true.weights.shape) + T
        for what, got, expected, size in (
            (f"dz[{k}]", backward.dz[k], true.dz, scale.dz),
            (f"weights[{k}]", gradients.weights[k], true.weights, scale.weights),
            (f"biases[{k}]", gradients.biases[k], true.bias, scale.bias),
            (f"dy[{k}]", backward.dy[k], true.input, scale.dy),
        ):
            allowed = tolerance(size, dtype, roundings)
            comparisons.append((f"{what} of its layer", got, expected, allowed))
    same = np.zeros(backward.dy[0].shape)
    comparisons.append(("input", gradients.input, backward.dy[0], same))
    return comparisons


def _judge_end_to_end(
    analysis: ErrorAnalysis,
    got: list[Array],
    expected: Sequence[Array],
    excuses: Sequence[Callable[[], list[Float64Array]]],
) -> float | None:
    """The largest error over its tolerance, of loss, weights, biases and input.

    First within the tolerance of the terms alone, where nearly all agree; an error beyond that is
    excused by how far the true gradients move at a rounding of what goes in, as each of
    ``excuses`` measures it in turn. None where they move so far that a first-order analysis says
    nothing; Disagreement where no excuse suffices.
    """
    names = _names(analysis.network)
    wide = [np.asarray(g, analysis.network.dtype) for g in got]
    still = [np.zeros(())] * len(wide)
    for moves in (lambda: still, *excuses):
        allowed = _end_to_end_tolerances(analysis, moves())
        if allowed is None:
            return None
        try:
            return compare_all(list(zip(names, wide, expected, allowed, strict=True)))
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
    if not _in_range(PADDED.gradients(layers, description, x, d), network.dtype):
        raise OutOfRange
    moved = _sensitivity(PADDED, layers, description, x, d, network.dtype)
    worst = _judge_end_to_end(analysis, _arrays(got), _arrays(expected), [moved.of_the_batch])
    if worst is None:
        raise OutOfRange
    return worst


def _sensitivity(
    autodiff: Oracle,
    layers: list[oracle.Layer],
    divergence: dict[str, Any],
    x: Array,
    d: Array,
    dtype: np.dtype[Any],
) -> Sensitivity:
    eps = float(np.finfo(dtype).eps)
    return Sensitivity(autodiff.gradients, layers, divergence, x, d, eps)


def _in_range(true: oracle.Gradients, dtype: np.dtype[Any]) -> bool:
    """Whether products of any two of the gradients are finite in the dtype."""
    return _all_below(arrays(true), dtype)


def _all_below(numbers: Sequence[Array], dtype: np.dtype[Any]) -> bool:
    limit = float(np.finfo(dtype).max) ** 0.5
    return bool(np.abs(laid_end_to_end(numbers)).max() < limit)  # False for NaN


def _end_to_end_tolerances(
    analysis: ErrorAnalysis, moves: list[Float64Array]
) -> list[Float64Array] | None:
    """That of the terms, and by how much each gradient moves at a rounding of what goes in.

    None where that is so much that a first-order analysis says nothing.
    """
    network = analysis.network
    scales = analysis.end_to_end()
    sizes = [
        analysis.loss_scale(),
        *(s.weights for s in scales),
        *(s.bias for s in scales),
        scales[0].dy,
    ]
    roundings = ROUNDINGS + max(max(W.shape) for W in network.weights) + len(analysis.d)
    tolerances = []
    for move, size in zip(moves, sizes, strict=True):
        if not (roundings * move).max() <= ILL_CONDITIONED * size.max():
            return None
        tolerances.append(tolerance(size, network.dtype, roundings) + roundings * move)
    return tolerances


def _arrays(gradients: Gradients) -> list[Array]:
    """Loss, weights, biases and input, in this order."""
    return [np.asarray(gradients.loss), *gradients.weights, *gradients.biases, gradients.input]


def _names(network: Network) -> list[str]:
    layers = range(len(network.weights))
    return ["loss", *(f"weights[{k}]" for k in layers), *(f"biases[{k}]" for k in layers), "input"]
