"""The same passes by other ways: by instance, in loops over neurons, along paths (parts 1 to 6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import assume

from reference import Gradients, InfluenceDiagram, Network, neuron
from reference.checks import Array

from ..cases import NetworkCase
from ..compare import compare, require
from ..networks.end_to_end import compare_gradients
from ..networks.error_analysis import ErrorAnalysis
from ..networks.number_range import OutOfRange
from ..property import Outcome, Property
from ..strategies import network_cases
from .each_divergence import for_each_divergence

#: Loops and paths compute in Python floats, so their cases are small and in float64.
_SMALL: dict[str, Any] = {
    "max_depth": 3,
    "max_width": 4,
    "max_rows": 3,
    "dtypes": (np.float64,),
}
_TINY: dict[str, Any] = {**_SMALL, "max_depth": 2, "max_width": 3, "max_rows": 1}


def batch_is_the_mean_of_instances(case: NetworkCase) -> Outcome:
    """Loss and gradients of a batch = the means over its instances, each computed alone."""
    network, div, T = case.network(), case.divergence, len(case.x)
    with np.errstate(all="ignore"):
        batch = network.gradients(case.x, case.d, div)
        alone = [network.gradients(x, d, div) for x, d in zip(case.x, case.d, strict=True)]
    layers = range(len(network.weights))
    mean = Gradients(
        loss=float(np.mean([g.loss for g in alone])),
        weights=[np.mean([g.weights[k].astype(float) for g in alone], axis=0) for k in layers],
        biases=[np.mean([g.biases[k].astype(float) for g in alone], axis=0) for k in layers],
        input=np.stack([g.input.astype(float) for g in alone]) / T,
    )
    try:
        worst = compare_gradients(network, case.x, case.d, div, batch, mean)
    except OutOfRange:
        assume(False)
    return Outcome(worst, live=bool(batch.weights[0].any()))


def loops_go_forward_like_matrices(case: NetworkCase) -> Outcome:
    """Every z_j^(k), neuron by neuron = z_k in matrices, for each instance."""
    network = case.network()
    w = neuron.extended_weights(network.weights, network.biases)
    worst = 0.0
    for x, d in zip(case.x, case.d, strict=True):
        with np.errstate(all="ignore"):
            z, y = neuron.forward(w, network.activations, x)
            forward = network.forward_pass(x[None])
            analysis = ErrorAnalysis(network, forward, d[None], case.divergence)
            errors, margin = analysis.forward_errors()
        assume(margin > 1 and all(np.isfinite(e).all() for e in errors))
        for k, error in enumerate(errors):
            got = np.array([z[k + 1][1:]])
            worst = max(worst, compare(f"z[{k}]", got, forward.z[k], error * 2))
        require(y[0][0] == 1.0, "y_0 must be the constant 1 that carries the bias")
    return Outcome(worst)


def loops_go_backward_like_matrices(case: NetworkCase) -> Outcome:
    """Every overdot, neuron by neuron = the gradients in matrices, for each instance."""
    network, div = case.network(), case.divergence
    w = neuron.extended_weights(network.weights, network.biases)
    worst, live = 0.0, False
    for x, d in zip(case.x, case.d, strict=True):
        with np.errstate(all="ignore"):
            z, y = neuron.forward(w, network.activations, x)
            dots = neuron.backward(w, network.activations, z, y, d, div)
            gradients = network.gradients(x, d, div, explicit=True)
        weights, biases = neuron.matrix_gradients(dots.w_dot)
        by_loops = Gradients(dots.divergence, weights, biases, np.array(dots.y_dot[0][1:]))
        worst = max(worst, _compare_instance(network, x, d, case, by_loops, gradients))
        live = live or bool(weights[0].any())
    return Outcome(worst, live)


def bias_is_weight_zero(case: NetworkCase) -> Outcome:
    """The extended notation loses nothing: w_0j is b_j, w_ij is W_ji, and back."""
    w = neuron.extended_weights(case.weights, case.biases)
    for k, (W, b) in enumerate(zip(case.weights, case.biases, strict=True), start=1):
        for j in range(1, W.shape[0] + 1):
            require(w[k][0][j] == b[j - 1], f"w_0{j}^({k}) must be b_{j}")
            for i in range(1, W.shape[1] + 1):
                require(w[k][i][j] == W[j - 1, i - 1], f"w_{i}{j}^({k}) must be W[{j}, {i}]")
    weights, biases = neuron.matrix_gradients(w)
    for k in range(len(weights)):
        require(np.array_equal(weights[k], case.weights[k]), f"W_{k + 1} must come back")
        require(np.array_equal(biases[k], case.biases[k]), f"b_{k + 1} must come back")
    return Outcome()


def path_sums_are_backprop(case: NetworkCase) -> Outcome:
    """The sum over all paths of an influence diagram = backprop, for every parameter and input."""
    network, x, d = case.network(), case.x[0], case.d[0]
    with np.errstate(all="ignore"):
        gradients = network.gradients(x, d, case.divergence, explicit=True)
        slopes = case.divergence.derivative(network.forward(x), d)
    assume(np.isfinite(gradients.loss) and np.isfinite(slopes).all())
    diagram = InfluenceDiagram.of_network(network, x, d, case.divergence)

    def by_paths(name: str, shape: tuple[int, ...]) -> Array:
        sums = np.empty(shape)
        for index in np.ndindex(shape):
            place = ",".join(str(i + 1) for i in index)
            sums[index] = diagram.derivative("Div", name.format(place))
        return sums

    sums = Gradients(
        loss=diagram.values["Div"],
        weights=[by_paths(f"W{k}[{{}}]", W.shape) for k, W in enumerate(network.weights, 1)],
        biases=[by_paths(f"b{k}[{{}}]", b.shape) for k, b in enumerate(network.biases, 1)],
        input=by_paths("x{}", x.shape),
    )
    worst = _compare_instance(network, x, d, case, sums, gradients)
    return Outcome(worst, live=bool(gradients.weights[0].any()))


def _compare_instance(
    network: Network, x: Array, d: Array, case: NetworkCase, got: Gradients, expected: Gradients
) -> float:
    """Two ways to the gradients of one instance; cases with nothing to compare are dropped."""
    got, expected = (replace(g, input=g.input[None]) for g in (got, expected))
    try:
        return compare_gradients(
            network, x[None], d[None], case.divergence, got, expected, explicit=True
        )
    except OutOfRange:
        assume(False)
        raise


OTHER_WAYS = (
    *for_each_divergence(
        "mean", "batch = mean of its instances", 1, batch_is_the_mean_of_instances, max_depth=4
    ),
    *for_each_divergence(
        "paths", "sum over all paths = backprop", 3, path_sums_are_backprop, **_TINY
    ),
    Property(
        "notation.Bias",
        "bias as weight 0 and back",
        4,
        network_cases("SquaredError"),
        bias_is_weight_zero,
    ),
    Property(
        "loops.Forward",
        "forward, neuron by neuron = matrices",
        5,
        network_cases("SquaredError", **_SMALL),
        loops_go_forward_like_matrices,
    ),
    *for_each_divergence(
        "loops",
        "backward, neuron by neuron = matrices",
        6,
        loops_go_backward_like_matrices,
        **_SMALL,
    ),
)
