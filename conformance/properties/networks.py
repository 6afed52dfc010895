"""Networks: the passes in matrices, in loops, over batches and along paths (parts 1 to 13)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from hypothesis import assume

import oracle
from reference import Affine, InfluenceDiagram, fuse, neuron

from ..cases import AffineCase, NetworkCase
from ..compare import compare, require
from ..describe import describe_layers
from ..error_analysis import ErrorAnalysis
from ..network_judge import OutOfRange, judge_network
from ..property import Outcome, Property
from ..strategies import DIVERGENCES, affine_cases, network_cases
from ..tolerance import ROUNDINGS, divergence_scale, tolerance

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
        verdict = judge_network(case.network(), case.x, case.d, case.divergence)
    except OutOfRange:
        assume(False)
    return Outcome(verdict.worst, verdict.live, "end to end" if verdict.end_to_end else None)


def forward_is_the_nested_function(case: NetworkCase) -> Outcome:
    """z_k of the forward pass = the oracle's z_k = W_k f(... W_1 x + b_1 ...) + b_k."""
    network = case.network()
    with np.errstate(all="ignore"):
        forward = network.forward_pass(case.x)
        analysis = ErrorAnalysis(network, forward, case.d, case.divergence)
        errors, margin = analysis.forward_errors()
    assume(margin > 1 and all(np.isfinite(e).all() for e in errors))
    true = oracle.pre_activations(describe_layers(network), case.x)
    worst = max(
        compare(f"z[{k}]", forward.z[k], true[k], errors[k] * 2) for k in range(len(errors))
    )
    output = network.forward(case.x)
    require(output.dtype == network.dtype, f"forward must keep {network.dtype}, got {output.dtype}")
    require(np.array_equal(output, forward.y[-1]), "forward must return the last y")
    return Outcome(worst)


def affine_jacobians_are_autodiff(case: AffineCase) -> Outcome:
    """J_z(y) = W, J_z(b) = I, J_z(W) = delta_ik y_j, and the vjp is the cotangent times them."""
    affine, y, dz = Affine(case.W, case.b), case.y, case.dz
    dtype = y.dtype
    W, wide, cotangent = (np.abs(a).astype(np.float64) for a in (case.W, y, dz))
    layer = oracle.Layer(weights=case.W, bias=case.b, activation={"name": "Identity"})
    z = affine.forward(y)
    squares = {"name": "SquaredError"}
    (true,) = oracle.local_vjps([layer], squares, z, y=[y], z=[z], dy=[], dz=[dz])
    dW, db, dy = affine.vjp(y, dz)
    size = wide @ W.T + np.abs(case.b).astype(np.float64)
    worst = max(
        compare("z", z, true.z, tolerance(size, dtype)),
        compare("dW", dW, true.weights, tolerance(cotangent.T @ wide, dtype)),
        compare("db", db, true.bias, tolerance(cotangent.sum(axis=0), dtype)),
        compare("dy", dy, true.input, tolerance(cotangent @ W, dtype)),
    )
    for t in range(len(y)):  # each row's vjp, from the explicit Jacobians
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
    network = case.network()
    w = neuron.extended_weights(network.weights, network.biases)
    worst, live = 0.0, False
    for x, d in zip(case.x, case.d, strict=True):
        with np.errstate(all="ignore"):
            z, y = neuron.forward(w, network.activations, x)
            dots = neuron.backward(w, network.activations, z, y, d, case.divergence)
            gradients = network.gradients(x, d, case.divergence, explicit=True)
            forward = network.forward_pass(x[None])
            analysis = ErrorAnalysis(network, forward, d[None], case.divergence, explicit=True)
            scales, (_, margin) = analysis.end_to_end(), analysis.forward_errors()
        assume(margin > 1 and np.isfinite(gradients.loss))
        weights, biases = neuron.matrix_gradients(dots.w_dot)
        growth = ROUNDINGS * len(z)
        for k, scale in enumerate(scales):
            for what, got, expected, size in (
                (f"weights[{k}]", weights[k], gradients.weights[k], scale.weights),
                (f"biases[{k}]", biases[k], gradients.biases[k], scale.bias),
            ):
                worst = max(worst, compare(what, got, expected, tolerance(size, float, growth)))
                live = live or bool(expected.any())
        size = tolerance(scales[0].dy[0], float, growth)
        worst = max(worst, compare("input", np.array(dots.y_dot[0][1:]), gradients.input, size))
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


def batch_is_the_mean_of_instances(case: NetworkCase) -> Outcome:
    """Loss and gradients of a batch = the means over its instances, each computed alone."""
    network, T = case.network(), len(case.x)
    with np.errstate(all="ignore"):
        batch = network.gradients(case.x, case.d, case.divergence)
        singles = [
            network.gradients(x, d, case.divergence) for x, d in zip(case.x, case.d, strict=True)
        ]
        forward = network.forward_pass(case.x)
        analysis = ErrorAnalysis(network, forward, case.d, case.divergence)
        scales = analysis.end_to_end()
        _, margin = analysis.forward_errors()
    assume(margin > 1 and np.isfinite(batch.loss))
    dtype, growth = network.dtype, ROUNDINGS * len(scales)
    terms = divergence_scale(case.divergence, analysis.y[-1], analysis.d).mean()
    if fuse(network.activations[-1], case.divergence) is not None:
        terms = np.abs(analysis.z[-1]).max() + np.log(analysis.z[-1].shape[-1]) + 1
    mean_loss = np.mean([g.loss for g in singles])
    worst = compare("loss", np.asarray(batch.loss, dtype), mean_loss, tolerance(terms, dtype))
    for k, scale in enumerate(scales):
        mean_W = np.mean([g.weights[k].astype(float) for g in singles], axis=0)
        mean_b = np.mean([g.biases[k].astype(float) for g in singles], axis=0)
        allowed = tolerance(scale.weights, dtype, growth)
        worst = max(worst, compare(f"weights[{k}]", batch.weights[k], mean_W, allowed))
        allowed = tolerance(scale.bias, dtype, growth)
        worst = max(worst, compare(f"biases[{k}]", batch.biases[k], mean_b, allowed))
    inputs = np.stack([g.input.astype(float) for g in singles]) / T
    worst = max(
        worst, compare("input", batch.input, inputs, tolerance(scales[0].dy, dtype, growth))
    )
    return Outcome(worst, live=bool(batch.weights[0].any()))


def path_sums_are_backprop(case: NetworkCase) -> Outcome:
    """The sum over all paths of an influence diagram = backprop, for every parameter and input."""
    network, x, d = case.network(), case.x[0], case.d[0]
    with np.errstate(all="ignore"):
        gradients = network.gradients(x, d, case.divergence, explicit=True)
        forward = network.forward_pass(x[None])
        analysis = ErrorAnalysis(network, forward, d[None], case.divergence, explicit=True)
        scales = analysis.end_to_end()
    assume(all(np.isfinite(s.weights).all() for s in scales) and np.isfinite(gradients.loss))
    diagram = InfluenceDiagram.of_network(network, x, d, case.divergence)
    worst = 0.0
    for k, scale in enumerate(scales, start=1):
        W = np.empty_like(network.weights[k - 1])
        b = np.empty_like(network.biases[k - 1])
        for j, i in np.ndindex(W.shape):
            W[j, i] = diagram.derivative("Div", f"W{k}[{j + 1},{i + 1}]")
        for j in range(len(b)):
            b[j] = diagram.derivative("Div", f"b{k}[{j + 1}]")
        allowed = tolerance(scale.weights, float, 2 * ROUNDINGS)
        worst = max(worst, compare(f"W{k}", W, gradients.weights[k - 1], allowed))
        allowed = tolerance(scale.bias, float, 2 * ROUNDINGS)
        worst = max(worst, compare(f"b{k}", b, gradients.biases[k - 1], allowed))
    inputs = np.array([diagram.derivative("Div", f"x{i + 1}") for i in range(len(x))])
    allowed = tolerance(scales[0].dy[0], float, 2 * ROUNDINGS)
    worst = max(worst, compare("x", inputs, gradients.input, allowed))
    return Outcome(worst, live=bool(gradients.weights[0].any()))


def gradients_mind_their_manners(case: NetworkCase) -> Outcome:
    """``gradients`` changes neither parameters nor arguments, and gives the same twice."""
    network = case.network()
    with np.errstate(all="ignore"):
        first = network.gradients(case.x, case.d, case.divergence)
        second = network.gradients(case.x, case.d, case.divergence)
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
        same = np.array_equal(first.weights[k], second.weights[k], equal_nan=True)
        require(same, f"weights[{k}] must come out the same twice")
        require(
            not np.shares_memory(first.weights[k], second.weights[k]), "gradients must be fresh"
        )
    require(first.input.shape == case.x.shape, "the gradient by the input must have its shape")
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
    *_networks("gradients", "gradients by W, b, x = autodiff", 13, gradients_are_autodiff),
)
