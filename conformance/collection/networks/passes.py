"""Bugs in the backward pass as a whole: where 1/T goes, which rows count, which layers it sees."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference import BackwardPass, ForwardPass, Network
from reference.checks import Array

from .backward import bug_at_start, bug_in_results


def _first_twice(dz: Array, *_: Any) -> Array:
    return np.concatenate([2 * dz[:1], dz[1:]])


def _last_dropped(dz: Array, *_: Any) -> Array:
    return np.concatenate([dz[:-1], 0 * dz[-1:]]) if len(dz) > 1 else dz


def _sums_of_weights(passed: BackwardPass, *_: Any) -> None:
    passed.weights[:] = [len(passed.dz[0]) * dW for dW in passed.weights]


def _sums_of_biases(passed: BackwardPass, *_: Any) -> None:
    passed.biases[:] = [len(passed.dz[0]) * db for db in passed.biases]


def _own_output(passed: BackwardPass, self: Network, forward: ForwardPass, *_: Any) -> None:
    for k, dz in enumerate(passed.dz):
        if forward.y[k + 1].shape == forward.y[k].shape:
            passed.weights[k] = dz.T @ forward.y[k + 1]


def _bias_of_dy(passed: BackwardPass, *_: Any) -> None:
    for k, dy in enumerate(passed.dy[1:]):
        if dy.shape == passed.dz[k].shape:
            passed.biases[k] = dy.sum(axis=0)


def _without_first(passed: BackwardPass, *_: Any) -> None:
    passed.weights[0] = 0 * passed.weights[0]
    passed.biases[0] = 0 * passed.biases[0]


def _last_only(passed: BackwardPass, *_: Any) -> None:
    passed.weights[:-1] = [0 * dW for dW in passed.weights[:-1]]
    passed.biases[:-1] = [0 * db for db in passed.biases[:-1]]


PASS_BUGS = (
    bug_at_start("mean.missing", "1/T is missing everywhere", lambda dz, *_: dz * len(dz)),
    bug_at_start("mean.twice", "1/T is applied twice", lambda dz, *_: dz / len(dz)),
    bug_at_start(
        "mean.of-entries",
        "the gradients are those of a mean over rows and units, the loss is one over rows",
        lambda dz, network, forward, *_: dz / forward.y[-1].shape[-1],
    ),
    bug_in_results("mean.not-in-weights", "1/T is missing in every dW", _sums_of_weights),
    bug_in_results("mean.not-in-biases", "1/T is missing in every db", _sums_of_biases),
    bug_at_start("rows.first-twice", "the first row counts twice", _first_twice),
    bug_at_start("rows.last-dropped", "the last row of a batch is left out", _last_dropped),
    bug_in_results(
        "weights.own-output", "dW takes the output of its layer for the input", _own_output
    ),
    bug_in_results(
        "bias.of-dy", "db of a hidden layer is summed from dy, before f' is applied", _bias_of_dy
    ),
    bug_in_results(
        "layers.first-missing",
        "the loop ends before the first layer, whose dW and db stay zero",
        _without_first,
    ),
    bug_in_results("layers.last-only", "only the last layer has gradients", _last_only),
)
