"""A network in a file, whole or not at all."""

from __future__ import annotations

import json
import os
import pickle
import re
from dataclasses import dataclass

import numpy as np
import pytest

from reference import Identity, Network, ReLU, ScalarActivation, Softmax, Tanh, load, save

from .cases import ACTIVATIONS, exactly


@dataclass(frozen=True)
class Power(ScalarActivation):
    """An activation of the user's own, with a parameter."""

    exponent: int = 2

    def forward(self, z):
        return z**self.exponent

    def derivative(self, z, y):
        return self.exponent * z ** (self.exponent - 1)


class Nameless(Power):
    def parameters(self):
        return {"exponent": object()}


def small(seed=0, dtype=np.float64):
    network = Network.initialize(3, [(4, Tanh()), (2, Softmax())], seed=seed, dtype=dtype)
    network.biases = [b + dtype(0.1) for b in network.biases]
    return network


def assert_same(a, b):
    assert a.activations == b.activations
    assert a.dtype == b.dtype
    for left, right in zip(a.weights + a.biases, b.weights + b.biases, strict=True):
        assert (left.dtype, left.shape) == (right.dtype, right.shape)
        assert left.tobytes() == right.tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("f", ACTIVATIONS, ids=repr)
def test_bit_by_bit_the_same_network(tmp_path, f, dtype):
    network = Network.initialize(3, [(4, f), (2, Identity())], seed=1, dtype=dtype)
    network.biases[0] = np.array([0, -0.0, 1 / 3, 1e-40], dtype)
    save(network, tmp_path / "network.npz")
    assert_same(load(tmp_path / "network.npz"), network)


def test_the_name_is_taken_as_it_is_and_nothing_else_is_left(tmp_path):
    save(small(), str(tmp_path / "network"))
    assert os.listdir(tmp_path) == ["network"]
    assert_same(load(str(tmp_path / "network")), small())


def test_the_file_is_arrays_and_json(tmp_path):
    save(small(), tmp_path / "a")
    with np.load(tmp_path / "a", allow_pickle=False) as file:
        assert set(file) == {"W0", "W1", "b0", "b1", "activations"}
        assert json.loads(str(file["activations"])) == [{"name": "Tanh"}, {"name": "Softmax"}]


def test_saving_again_replaces_the_file(tmp_path):
    save(small(), tmp_path / "a")
    save(small(seed=1), tmp_path / "a")
    assert_same(load(tmp_path / "a"), small(seed=1))


@pytest.mark.parametrize("failing", ["parameters", "savez", "replace", "interrupt"])
def test_a_save_that_fails_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, failing):
    save(small(), tmp_path / "a")
    network = small(seed=1)
    error = KeyboardInterrupt if failing == "interrupt" else TypeError

    def fail(*arguments, **options):
        raise error

    if failing == "parameters":
        network.activations[0] = Nameless()
    else:
        owner, name = (os, "replace") if failing == "replace" else (np, "savez")
        monkeypatch.setattr(owner, name, fail)
    with pytest.raises(error):
        save(network, tmp_path / "a")
    assert os.listdir(tmp_path) == ["a"]
    assert_same(load(tmp_path / "a"), small())


def test_an_interrupt_just_after_the_file_is_in_place_is_passed_on(tmp_path, monkeypatch):
    replace = os.replace

    def interrupted(part, target):
        replace(part, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(small(), tmp_path / "a")
    assert os.listdir(tmp_path) == ["a"]
    assert_same(load(tmp_path / "a"), small())


def test_it_is_written_beside_its_target_under_a_name_of_its_own(tmp_path, monkeypatch):
    """So that the last step is a rename within one file system."""
    moves = []
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda a, b: (moves.append((a, b)), replace(a, b)))
    save(small(), tmp_path / "a.npz")
    [(part, target)] = moves
    assert os.path.dirname(part) == str(tmp_path)
    assert re.fullmatch(r"\.a\.npz\..+\.part", os.path.basename(part))
    assert target == tmp_path / "a.npz"


def test_an_activation_of_ones_own_is_named_to_load(tmp_path):
    network = Network([[[1.0]]], [[0.0]], [Power(exponent=3)])
    save(network, tmp_path / "a")
    assert_same(load(tmp_path / "a", activations=[Power]), network)
    message = (
        f"{tmp_path / 'a'} holds no network that can be loaded: "
        "unknown activation 'Power': pass its class in activations="
    )
    with pytest.raises(ValueError, match=exactly(message)):
        load(tmp_path / "a")


def npz(**arrays):
    return lambda file: np.savez(file, **arrays)


def network_of(activations):
    return npz(activations=activations, W0=np.ones((1, 1)), b0=np.ones(1))


class Bomb:
    """What a pickle may do: unpickling it calls a function."""

    def __reduce__(self):
        return (pytest.fail, ("the pickle was run",))


@pytest.mark.parametrize(
    "write",
    [
        lambda file: None,
        lambda file: file.write(b"no network"),
        lambda file: file.write(b"PK\x03\x04 no zip"),
        lambda file: np.save(file, np.ones(3)),
        lambda file: file.write(pickle.dumps(Bomb())),
        npz(activations=np.array([Bomb()], dtype=object)),
        npz(W0=np.ones((1, 1)), b0=np.ones(1)),
        npz(activations='[{"name": "ReLU"}]', b0=np.ones(1)),
        npz(activations='[{"name": "ReLU"}]', W0=np.ones((1, 1))),
        npz(activations="[]"),
        network_of("["),
        network_of("5"),
        network_of("null"),
        network_of("[3]"),
        network_of("[{}]"),
        network_of('["ReLU"]'),
        network_of('[{"name": "Swish"}]'),
        network_of('[{"name": "ReLU", "slope": 1}]'),
        network_of('[{"name": "LeakyReLU", "slope": "steep"}]'),
        network_of('[{"name": "ReLU"}, {"name": "ReLU"}]'),
        npz(activations='[{"name": "ReLU"}]', W0=np.ones((1, 1)), b0=np.ones(2)),
        npz(activations='[{"name": "ReLU"}]', W0=np.full((1, 1), np.nan), b0=np.ones(1)),
    ],
)
def test_a_file_that_holds_no_network(tmp_path, write):
    with open(tmp_path / "a", "wb") as file:
        write(file)
    message = f"^{re.escape(str(tmp_path / 'a'))} holds no network that can be loaded: "
    with pytest.raises(ValueError, match=message):
        load(tmp_path / "a")


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        save(small(), tmp_path / "none" / "a")


def test_relu_is_loaded_as_relu(tmp_path):
    save(Network([[[1.0]]], [[0.0]], [ReLU()]), tmp_path / "a")
    assert load(tmp_path / "a").activations == [ReLU()]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_safetensors_hold_the_same_network_bit_by_bit(tmp_path, dtype):
    pytest.importorskip("safetensors", reason="the format needs the package safetensors")
    network = Network.initialize(3, [(4, Tanh()), (2, Softmax())], seed=1, dtype=dtype)
    network.weights[0] = np.asfortranarray(network.weights[0])
    save(network, tmp_path / "a.safetensors")
    assert_same(load(tmp_path / "a.safetensors"), network)
    assert os.listdir(tmp_path) == ["a.safetensors"]

    from safetensors.numpy import load_file

    assert set(load_file(tmp_path / "a.safetensors")) == {"W0", "W1", "b0", "b1"}
    (tmp_path / "b.safetensors").write_bytes(b"no tensors at all")
    with pytest.raises(ValueError, match=r"b\.safetensors holds no network that can be loaded"):
        load(tmp_path / "b.safetensors")
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "c.safetensors")


def test_a_damaged_stream_of_a_compressed_file_holds_no_network(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", activations="[]", W0=np.zeros((50, 50)))
    whole = bytearray((tmp_path / "a.npz").read_bytes())
    whole[60:70] = b"\xff" * 10
    (tmp_path / "a.npz").write_bytes(whole)
    with pytest.raises(ValueError, match="holds no network that can be loaded"):
        load(tmp_path / "a.npz")
