"""A network in one npz file: arrays, and the activations as JSON. Without pickle, no code runs."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .activation import Activation
from .maximum import GroupMax, Max
from .network import Network
from .piecewise import LeakyReLU, RandomizedLeakyReLU, ReLU, Threshold
from .polynomial import LinearCombination, Polynomial
from .product import PairwiseProduct, Product
from .scalar import Identity, Sigmoid, Softplus, Tanh
from .softmax import Softmax

ACTIVATIONS: tuple[type[Activation], ...] = (
    Identity,
    Sigmoid,
    Tanh,
    Softplus,
    ReLU,
    LeakyReLU,
    RandomizedLeakyReLU,
    Threshold,
    Softmax,
    Max,
    GroupMax,
    Product,
    PairwiseProduct,
    LinearCombination,
    Polynomial,
)


def save(network: Network, path: str | os.PathLike[str]) -> None:
    """Write the network to ``path``, whole or not at all: an existing file is replaced at the end.

    Raises TypeError for an activation that cannot say its parameters.
    """
    arrays: dict[str, Any] = {f"W{k}": W for k, W in enumerate(network.weights)}
    arrays |= {f"b{k}": b for k, b in enumerate(network.biases)}
    activations = [{"name": type(f).__name__, **f.parameters()} for f in network.activations]
    target = Path(path)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            np.savez(file, activations=json.dumps(activations), **arrays)
        os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def load(path: str | os.PathLike[str], activations: Sequence[type[Activation]] = ()) -> Network:
    """The network that ``save`` wrote to ``path``; bit by bit the same parameters.

    ``activations`` names classes of the caller's own. Raises FileNotFoundError, or ValueError for
    a file that holds no network.
    """
    import zipfile  # these two take time, and few who import reference load a file
    import zlib

    known = {cls.__name__: cls for cls in (*ACTIVATIONS, *activations)}
    damage = KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile, zlib.error
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            descriptions = json.loads(str(file["activations"]))
            weights = [file[f"W{k}"] for k in range(len(descriptions))]
            biases = [file[f"b{k}"] for k in range(len(descriptions))]
        return Network(weights, biases, [_activation(d, known) for d in descriptions])
    except damage as error:
        raise ValueError(f"{path} holds no network that can be loaded: {error}") from error


def _activation(description: dict[str, object], known: dict[str, type[Activation]]) -> Activation:
    parameters = dict(description)
    name = str(parameters.pop("name"))
    if name not in known:
        raise ValueError(f"unknown activation {name!r}: pass its class in activations=")
    return known[name](**parameters)
