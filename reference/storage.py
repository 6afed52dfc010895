"""A network in one file, npz or safetensors: arrays, and the activations as JSON.

Without pickle: no code runs when a file is loaded.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
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

#: A path that ends so is in the format of the package safetensors.
SAFETENSORS = ".safetensors"

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

    A path that ends in .safetensors is written in that format, which needs the package of that
    name; any other as npz. Raises TypeError for an activation that cannot say its parameters.
    """
    import json  # these take time, and few who import reference keep a network
    from pathlib import Path

    arrays: dict[str, Any] = {f"W{k}": W for k, W in enumerate(network.weights)}
    arrays |= {f"b{k}": b for k, b in enumerate(network.biases)}
    activations = json.dumps(
        [{"name": type(f).__name__, **f.parameters()} for f in network.activations]
    )
    target = Path(path)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            if target.suffix == SAFETENSORS:
                from safetensors.numpy import save as to_bytes

                whole = {name: np.ascontiguousarray(a) for name, a in arrays.items()}
                file.write(to_bytes(whole, {"activations": activations}))
            else:
                np.savez(file, activations=activations, **arrays)
        os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def load(path: str | os.PathLike[str], activations: Sequence[type[Activation]] = ()) -> Network:
    """The network that ``save`` wrote to ``path``; bit by bit the same parameters.

    ``activations`` names classes of the caller's own. Raises FileNotFoundError, or ValueError for
    a file that holds no network.
    """
    import json  # these take time, too
    import zipfile
    import zlib
    from pathlib import Path

    known = {cls.__name__: cls for cls in (*ACTIVATIONS, *activations)}
    damage = KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile, zlib.error
    read = _read_safetensors if Path(path).suffix == SAFETENSORS else _read_npz
    try:
        arrays, described = read(path)
        descriptions = json.loads(described)
        weights = [arrays[f"W{k}"] for k in range(len(descriptions))]
        biases = [arrays[f"b{k}"] for k in range(len(descriptions))]
        return Network(weights, biases, [_activation(d, known) for d in descriptions])
    except damage as error:
        raise ValueError(f"{path} holds no network that can be loaded: {error}") from error


def _read_npz(path: str | os.PathLike[str]) -> tuple[dict[str, Any], str]:
    with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file}
    return arrays, str(arrays.pop("activations"))


def _read_safetensors(path: str | os.PathLike[str]) -> tuple[dict[str, Any], str]:
    from safetensors import SafetensorError, safe_open

    with open(path, "rb"):
        pass  # a file that is missing is told as for npz
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return arrays, (file.metadata() or {})["activations"]
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def _activation(description: dict[str, object], known: dict[str, type[Activation]]) -> Activation:
    parameters = dict(description)
    name = str(parameters.pop("name"))
    if name not in known:
        raise ValueError(f"unknown activation {name!r}: pass its class in activations=")
    return known[name](**parameters)
