"""Plain descriptions of the reference's objects: all that the oracle is told of them."""

from __future__ import annotations

from typing import Any

import oracle
from reference import Activation, Divergence, Network

Description = dict[str, Any]


def describe(function: Activation | Divergence) -> Description:
    """The class's name and its parameters, as numbers and lists."""
    parameters = function.parameters() if isinstance(function, Activation) else {}
    return {"name": type(function).__name__, **parameters}


def describe_layers(network: Network) -> list[oracle.Layer]:
    """Weights, bias and the activation's description of each layer."""
    layers = zip(network.weights, network.biases, network.activations, strict=True)
    return [oracle.Layer(weights=W, bias=b, activation=describe(f)) for W, b, f in layers]
