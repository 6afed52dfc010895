"""All the gradients of a network beside autodiff's, judged twice.

Locally, each layer at the very z and cotangents that the hand-written passes recorded: both sides
have bit-identical inputs, so no branch is ambiguous and every entry's tolerance is tight. And end
to end, from x to the loss and back, where no pre-activation lies within rounding of a kink: there
the two sides sum in different orders, and rounding could put them on different branches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

import oracle
from oracle import padded
from reference import Divergence, Network
from reference.checks import Array
from reference.passes import BackwardPass, ForwardPass, Gradients

from .compare import Disagreement, Float64Array, compare
from .describe import describe, describe_layers
from .error_analysis import ErrorAnalysis
from .kinks import flushed_to_a_kink
from .screen import PADDED, Oracle, screened
from .tolerance import ROUNDINGS, tolerance

Variant = tuple[list[oracle.Layer], ArrayLike]

#: Perturbations of the parameters that the sensitivity of a gradient is measured with.
PERTURBATIONS = 5
STEP = 2.0**-44

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
    return screened(
        lambda autodiff: _judge(network, layers, x, d, divergence, autodiff),
        fits=padded.fits(layers, x),
    )


def _judge(
    network: Network,
    layers: list[oracle.Layer],
    x: Array,
    d: Array,
    divergence: Divergence,
    autodiff: Oracle,
) -> NetworkVerdict:
    moved = _moved(layers, x, float(np.finfo(network.dtype).eps))
    true, *nearby = autodiff.gradients_at([(layers, x), *moved], describe(divergence), d)
    if not _in_range(true, network.dtype):
        raise OutOfRange
    with np.errstate(all="ignore"):
        forward = network.forward_pass(x)
        backward = network.backward_pass(forward, d, divergence)
        gradients = network.gradients(x, d, divergence)
        analysis = ErrorAnalysis(network, forward, d, divergence)
    _require_finite(forward, autodiff.pre_activations(layers, x), network.dtype)
    if any(flushed_to_a_kink(f, z) for f, z in zip(network.activations, forward.z, strict=True)):
        raise OutOfRange
    local = autodiff.local_vjps(
        layers,
        describe(divergence),
        d,
        y=forward.y[:-1],
        z=forward.z,
        dy=backward.dy[1:],
        dz=backward.dz,
    )
    worst = _judge_forward(network.dtype, local, forward, analysis)
    if not analysis.in_range():  # asked of a y that has just been found right
        raise OutOfRange
    worst = max(worst, _judge_locally(network.dtype, local, forward, backward, gradients, analysis))
    _, margin = analysis.forward_errors()
    allowed = None
    if margin > SAFE_MARGIN:
        allowed = _end_to_end_tolerances(analysis, _changes(true, nearby))
    if allowed is not None:
        try:
            end_to_end = _judge_end_to_end(network, gradients, true, allowed)
        except Disagreement:
            by_rows = _changes_by_rows(layers, x, d, divergence, autodiff, network.dtype)
            allowed = _end_to_end_tolerances(analysis, by_rows)
            end_to_end = _judge_end_to_end(network, gradients, true, allowed) if allowed else 0.0
        worst = max(worst, end_to_end)
    live = bool(np.any(true.weights[0])) or bool(np.any(true.biases[0]))
    return NetworkVerdict(worst, live, end_to_end=allowed is not None)


class OutOfRange(Exception):
    """Autodiff has no say: a true number is not finite, too large for the dtype, or so small that
    XLA takes it for 0, where there is a kink.
    """


def _require_finite(forward: ForwardPass, true_z: list[Float64Array], dtype: np.dtype[Any]) -> None:
    """Where the true z are in range, the hand-written ones must be finite, and so must every y."""
    limit = float(np.finfo(dtype).max) ** 0.5
    if not all(bool((np.abs(z) < limit).all()) for z in true_z):
        raise OutOfRange
    for name, arrays in (("z", forward.z), ("y", forward.y)):
        for k, array in enumerate(arrays):
            if not np.isfinite(array).all():
                raise Disagreement(f"{name}[{k}] must be finite, got {array}")


def _judge_forward(
    dtype: DTypeLike, local: list[oracle.LocalVjp], forward: ForwardPass, analysis: ErrorAnalysis
) -> float:
    worst = 0.0
    for k, true in enumerate(local):
        roundings = ROUNDINGS + max(true.weights.shape)
        for what, got, expected, size in (
            (f"z[{k}]", forward.z[k], true.z, analysis.z_scales[k]),
            (f"y[{k + 1}]", forward.y[k + 1], true.y, analysis.y_scales[k]),
        ):
            allowed = tolerance(size, dtype, roundings)
            worst = max(worst, compare(f"{what} of its layer", got, expected, allowed))
    return worst


def _judge_locally(
    dtype: DTypeLike,
    local: list[oracle.LocalVjp],
    forward: ForwardPass,
    backward: BackwardPass,
    gradients: Gradients,
    analysis: ErrorAnalysis,
) -> float:
    T = len(forward.y[0])
    worst = 0.0
    for k, (true, scale) in enumerate(zip(local, analysis.local(backward), strict=True)):
        roundings = ROUNDINGS + max(true.weights.shape) + T
        for what, got, expected, size in (
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
    gradients: Gradients,
    true: oracle.Gradients,
    allowed: list[Float64Array],
) -> float:
    got = (np.asarray(g, network.dtype) for g in _arrays(gradients))
    each = zip(_names(network), got, _arrays(true), allowed, strict=True)
    return max(compare(*arguments) for arguments in each)


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
    layers = describe_layers(network)
    variants = [(layers, x), *_moved(layers, x, float(np.finfo(network.dtype).eps))]
    with np.errstate(all="ignore"):
        forward = network.forward_pass(x)
        analysis = ErrorAnalysis(network, forward, d, divergence, explicit=explicit)
        _, margin = analysis.forward_errors()
    true, *nearby = PADDED.gradients_at(variants, describe(divergence), d)
    if margin <= SAFE_MARGIN or not (analysis.in_range() and _in_range(true, network.dtype)):
        raise OutOfRange
    allowed = _end_to_end_tolerances(analysis, _changes(true, nearby))
    if allowed is None:
        raise OutOfRange
    each = zip(_names(network), _arrays(got), _arrays(expected), allowed, strict=True)
    return max(compare(what, np.asarray(g, network.dtype), e, t) for what, g, e, t in each)


def _in_range(true: oracle.Gradients, dtype: np.dtype[Any]) -> bool:
    """Whether products of any two of the gradients are finite in the dtype."""
    limit = float(np.finfo(dtype).max) ** 0.5
    return all(bool(np.abs(g).max() < limit) for g in _arrays(true))


def _end_to_end_tolerances(
    analysis: ErrorAnalysis, changes: list[Float64Array]
) -> list[Float64Array] | None:
    """That of the terms, and by how much the oracle's own gradients change where every input is
    off by one rounding. None where that is so much that a first-order analysis says nothing.
    """
    network = analysis.network
    eps = float(np.finfo(network.dtype).eps)
    scales = analysis.end_to_end()
    sizes = [
        analysis.loss_scale(),
        *(s.weights for s in scales),
        *(s.bias for s in scales),
        scales[0].dy,
    ]
    roundings = ROUNDINGS + max(max(W.shape) for W in network.weights) + len(analysis.d)
    tolerances = []
    for change, size in zip(changes, sizes, strict=True):
        sensitivity = change * (eps / _step(eps))
        if not (roundings * sensitivity).max() <= ILL_CONDITIONED * size.max():
            return None
        tolerances.append(tolerance(size, network.dtype, roundings) + roundings * sensitivity)
    return tolerances


def _changes(true: oracle.Gradients, nearby: list[oracle.Gradients]) -> list[Float64Array]:
    """By how much each gradient changes, at most, from the true one to those nearby."""
    return [
        np.max([np.abs(near - centre) for near in others], axis=0)
        for centre, *others in zip(_arrays(true), *map(_arrays, nearby), strict=True)
    ]


def _changes_by_rows(
    layers: list[oracle.Layer],
    x: Array,
    d: Array,
    divergence: Divergence,
    autodiff: Oracle,
    dtype: np.dtype[Any],
) -> list[Float64Array]:
    """The same, added up over the rows one by one.

    The roundings of different rows have nothing to do with each other; where the whole batch moves
    with the parameters, its rows may cancel.
    """
    each = []
    for row, target in zip(x, d, strict=True):
        variants = [(layers, row[None]), *_moved(layers, row[None], float(np.finfo(dtype).eps))]
        true, *nearby = autodiff.gradients_at(variants, describe(divergence), target[None])
        each.append(_changes(true, nearby))
    *parameters, inputs = zip(*each, strict=True)
    return [*(np.mean(changes, axis=0) for changes in parameters), np.concatenate(inputs) / len(x)]


def _moved(layers: list[oracle.Layer], x: Array, eps: float) -> list[Variant]:
    """The layers and x with every number moved up or down, by up to a relative step at random.

    Not by the whole step each: equal moves of terms that cancel would cancel as well.
    """
    random = np.random.default_rng(0)

    def move(a: ArrayLike) -> Float64Array:
        wide = np.asarray(a, dtype=np.float64)
        return wide * (1 + _step(eps) * random.uniform(-1, 1, wide.shape))

    return [
        (
            [
                oracle.Layer(
                    weights=move(layer["weights"]),
                    bias=move(layer["bias"]),
                    activation=layer["activation"],
                )
                for layer in layers
            ],
            move(x),
        )
        for _ in range(PERTURBATIONS)
    ]


def _step(eps: float) -> float:
    """Large enough that the change of a gradient is more than the rounding of the oracle."""
    return max(STEP, eps)


def _arrays(gradients: Gradients | oracle.Gradients) -> list[Float64Array]:
    """Loss, weights, biases and input, in this order."""
    loss = np.asarray(gradients.loss, dtype=np.float64)
    return [loss, *gradients.weights, *gradients.biases, gradients.input]


def _names(network: Network) -> list[str]:
    layers = range(len(network.weights))
    return ["loss", *(f"weights[{k}]" for k in layers), *(f"biases[{k}]" for k in layers), "input"]
