"""Networks: the passes in matrices, in loops, over batches and along paths (parts 1 to 13)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import assume

import oracle
from reference import Affine, Divergence, Gradients, InfluenceDiagram, Network, neuron
from reference.checks import Array

from ..cases import AffineCase, NetworkCase
from ..compare import compare, require
from ..describe import describe_layers
from ..end_to_end import compare_gradients
from ..error_analysis import ErrorAnalysis
from ..many_networks import judge_networks
from ..network_judge import NetworkVerdict, judge_network
from ..number_range import OutOfRange
from ..property import Outcome, Property
from ..screen import Oracle, screened
from ..strategies import DIVERGENCES, affine_cases, network_cases
from ..tolerance import tolerance

Check = Callable[[NetworkCase], Outcome]

#: Loops and paths compute in Python floats, so their cases are small and in float64.
_SMALL: dict[str, Any] = {
    "max_depth": 3,
    "max_width": 4,
    "max_rows": 3,
    "dtypes": (np.float64,),
}
_TINY: dict[str, Any] = {**_SMALL, "max_depth": 2, "max_width": 3, "max_rows": 1}


def gradients_are_autodiff(case: NetworkCase) -> Outcome:
    """Loss and gradients by every W, every b and x = autodiff: layer by layer and end to end."""
    try:
        return _outcome(judge_network(*_task(case)))
    except OutOfRange:
        assume(False)
        raise


def all_gradients_are_autodiff(cases: Sequence[NetworkCase]) -> list[Outcome | None]:
    """The same for many cases at once."""
    verdicts = judge_networks(map(_task, cases))
    return [None if verdict is None else _outcome(verdict) for verdict in verdicts]


def _task(case: NetworkCase) -> tuple[Network, Array, Array, Divergence]:
    return case.network(), case.x, case.d, case.divergence


def _outcome(verdict: NetworkVerdict) -> Outcome:
    return Outcome(verdict.worst, verdict.live, "end to end" if verdict.end_to_end else None)


def forward_is_the_nested_function(case: NetworkCase) -> Outcome:
    """z_k of the forward pass = the oracle's z_k = W_k f(... W_1 x + b_1 ...) + b_k."""
    network = case.network()
    with np.errstate(all="ignore"):
        forward = network.forward_pass(case.x)
        output = network.forward(case.x)
        analysis = ErrorAnalysis(network, forward, case.d, case.divergence)
        errors, margin = analysis.forward_errors()
    require(output.dtype == network.dtype, f"forward must keep {network.dtype}, got {output.dtype}")
    same = np.array_equal(output, forward.y[-1], equal_nan=True)
    require(same, "forward must return the last y")
    layers = describe_layers(network)
    limit = float(np.finfo(network.dtype).max) ** 0.5

    def judge(autodiff: Oracle) -> float:
        true = autodiff.pre_activations(layers, case.x)
        assume(all((np.abs(z) < limit).all() for z in true))  # also False for NaN
        finite = all(np.isfinite(z).all() for z in forward.z)
        require(finite, "every z must be finite where the true one is")
        assume(margin > 1)
        ratios = (
            compare(f"z[{k}]", forward.z[k], true[k], errors[k] * 2) for k in range(len(true))
        )
        return max(ratios)

    worst = screened(judge)
    return Outcome(worst)


def affine_jacobians_are_autodiff(case: AffineCase) -> Outcome:
    """J_z(y) = W, J_z(b) = I, J_z(W) = delta_ik y_j, and the vjp is the cotangent times them."""
    return screened(lambda autodiff: _judge_affine(case, autodiff))


def _judge_affine(case: AffineCase, autodiff: Oracle) -> Outcome:
    affine, y, dz = Affine(case.W, case.b), case.y, case.dz
    dtype = y.dtype
    W, wide, cotangent = (np.abs(a).astype(np.float64) for a in (case.W, y, dz))
    layer = oracle.Layer(weights=case.W, bias=case.b, activation={"name": "Identity"})
    z = affine.forward(y)
    squares = {"name": "SquaredError"}
    (true,) = autodiff.local_vjps([layer], squares, z, y=[y], z=[z], dy=[], dz=[dz])
    dW, db, dy = affine.vjp(y, dz)
    size = wide @ W.T + np.abs(case.b).astype(np.float64)
    worst = max(
        compare("z", z, true.z, tolerance(size, dtype)),
        compare("dW", dW, true.weights, tolerance(cotangent.T @ wide, dtype)),
        compare("db", db, true.bias, tolerance(cotangent.sum(axis=0), dtype)),
        compare("dy", dy, true.input, tolerance(cotangent @ W, dtype)),
    )
    for t in range(len(y)):  # the vjp of each row, from the explicit Jacobians
        row, scale = dz[t].astype(np.float64), cotangent[t]
        single = affine.vjp(y[t : t + 1], dz[t : t + 1])
        by_W = np.einsum("i,ikj->kj", row, affine.jacobian_W(y[t]))
        worst = max(
            worst,
            compare("dW", single[0], by_W, tolerance(np.outer(scale, wide[t]), dtype)),
            compare("db", single[1], row @ affine.jacobian_b(), tolerance(scale, dtype)),
            compare("dy", single[2][0], row @ affine.jacobian_y(), tolerance(scale @ W, dtype)),
        )
    return Outcome(worst, live=bool(true.weights.any()))


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


def gradients_mind_their_manners(case: NetworkCase) -> Outcome:
    """``gradients`` changes neither parameters nor arguments, and gives the same twice."""
    network, x, d = case.network(), case.x.copy(), case.d.copy()
    with np.errstate(all="ignore"):
        first = network.gradients(x, d, case.divergence)
        second = network.gradients(x, d, case.divergence)
    require(np.array_equal(x, case.x), "gradients must not change x")
    require(np.array_equal(d, case.d), "gradients must not change d")
    pairs = [
        *zip(network.weights, case.weights, strict=True),
        *zip(network.biases, case.biases, strict=True),
    ]
    for kept, original in pairs:
        require(np.array_equal(kept, original), "gradients must not change a parameter")
    for k in range(len(case.weights)):
        require(
            first.weights[k].shape == case.weights[k].shape, f"weights[{k}] must keep its shape"
        )
        require(first.biases[k].shape == case.biases[k].shape, f"biases[{k}] must keep its shape")
        require(first.weights[k].dtype == network.dtype, f"weights[{k}] must keep its dtype")
        require(first.biases[k].dtype == network.dtype, f"biases[{k}] must keep its dtype")
        same = np.array_equal(first.biases[k], second.biases[k], equal_nan=True)
        require(same, f"biases[{k}] must come out the same twice")
        require(not np.shares_memory(first.biases[k], second.biases[k]), "gradients must be fresh")
        same = np.array_equal(first.weights[k], second.weights[k], equal_nan=True)
        require(same, f"weights[{k}] must come out the same twice")
        require(
            not np.shares_memory(first.weights[k], second.weights[k]), "gradients must be fresh"
        )
    require(first.input.shape == case.x.shape, "the gradient by the input must have its shape")
    require(first.input.dtype == network.dtype, "the gradient by the input must keep its dtype")
    require(not np.shares_memory(first.input, second.input), "gradients must be fresh")
    return Outcome()


def _networks(id_: str, title: str, part: int, check: Check, **limits: Any) -> Iterator[Property]:
    """One row for each divergence."""
    for name in DIVERGENCES:
        yield Property(f"{id_}.{name}", title, part, network_cases(name, **limits), check)


NETWORK_PROPERTIES = (
    *_networks(
        "mean", "batch = mean of its instances", 1, batch_is_the_mean_of_instances, max_depth=4
    ),
    *_networks("paths", "sum over all paths = backprop", 3, path_sums_are_backprop, **_TINY),
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
    *_networks(
        "loops",
        "backward, neuron by neuron = matrices",
        6,
        loops_go_backward_like_matrices,
        **_SMALL,
    ),
    Property(
        "manners.Network",
        "gradients are pure, fresh and deterministic",
        10,
        network_cases("SquaredError"),
        gradients_mind_their_manners,
    ),
    Property(
        "forward.Network",
        "every z_k = the oracle's nested function",
        11,
        network_cases("SquaredError"),
        forward_is_the_nested_function,
    ),
    Property(
        "jacobian.Affine",
        "W, I and y delta_ik = autodiff",
        12,
        affine_cases(),
        affine_jacobians_are_autodiff,
    ),
    *(
        replace(property_, check_all=all_gradients_are_autodiff)
        for property_ in _networks(
            "gradients", "gradients by W, b, x = autodiff", 13, gradients_are_autodiff
        )
    ),
)
