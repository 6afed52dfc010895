"""The passes in matrices beside autodiff, and their manners (parts 10 to 13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import assume

from reference import Divergence, Network
from reference.checks import Array

from ..cases import NetworkCase
from ..compare import compare, require
from ..networks.describe import describe_layers
from ..networks.error_analysis import ErrorAnalysis
from ..networks.judge import NetworkVerdict, judge_network
from ..networks.many import judge_networks
from ..networks.number_range import OutOfRange
from ..networks.screen import Oracle, screened
from ..property import Outcome, Property
from ..strategies import network_cases
from .each_divergence import for_each_divergence


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


NETWORK_PROPERTIES = (
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
    *(
        replace(property_, check_all=all_gradients_are_autodiff)
        for property_ in for_each_divergence(
            "gradients", "gradients by W, b, x = autodiff", 13, gradients_are_autodiff
        )
    ),
)
