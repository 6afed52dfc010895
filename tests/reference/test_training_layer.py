"""The products of a training step in place: the same as those of ``Affine``."""

import sys

import numpy as np
import pytest

from reference import KLDivergence, Network, ReLU, Softmax, Trainer
from reference.affine import Affine
from reference.training_layer import NumPyLayer, fastest

SHAPES = [(1, 1, 1), (1, 4, 3), (5, 1, 3), (5, 4, 1), (6, 4, 3), (300, 4, 3)]  # of T, D and C


@pytest.fixture(params=["NumPy", "fastest"])
def kind(request):
    return NumPyLayer if request.param == "NumPy" else fastest()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("T", "D", "C"), SHAPES)
def test_in_place_as_in_new_arrays(kind, dtype, T, D, C):
    random = np.random.default_rng(T + D + C)
    W, b, y, dz = (random.normal(size=s).astype(dtype) for s in ((D, C), (D,), (T, C), (T, D)))
    z, dy = np.full((T, D), np.nan, dtype), np.full((T, C), np.nan, dtype)
    for rows in (slice(T), slice((T + 1) // 2)):  # the last batch of an epoch may be smaller
        layer = kind(W, b, T)
        dW, db, expected_dy = Affine(W, b).vjp(y[rows], dz[rows])
        layer.forward(y[rows], z[rows])
        layer.vjp_y(dz[rows], dy[rows])
        layer.descend(y[rows], dz[rows])
        near = {"rtol": 0, "atol": (16 + T) * np.finfo(dtype).eps}
        np.testing.assert_allclose(z[rows], Affine(W, b).forward(y[rows]), **near)
        np.testing.assert_allclose(dy[rows], expected_dy, **near)
        np.testing.assert_allclose(layer.W, W - dW, **near)
        np.testing.assert_allclose(layer.b, b - db, **near)
        assert layer.W.dtype == layer.b.dtype == dtype
        assert not np.shares_memory(layer.W, W)


@pytest.mark.parametrize("T", [100, 256, 1000, 60_000])
def test_a_change_is_added_up_before_it_is_rounded_to_the_parameters(kind, T):
    """Each row's share is far below an ulp of W and b, and all together are 84."""
    one = np.ones((2, 3), np.float32)
    layer = kind(one, one[:, 0], T)
    layer.descend(np.ones((T, 3), np.float32), np.full((T, 2), 1e-5 / T, np.float32))
    np.testing.assert_allclose(1 - layer.W, 1e-5, atol=2e-7)
    np.testing.assert_allclose(1 - layer.b, 1e-5, atol=2e-7)


@pytest.mark.parametrize("error", [ModuleNotFoundError, ImportError, AttributeError])
def test_without_a_scipy_that_fits_numpy_makes_the_products(monkeypatch, error):
    class Broken:
        def __getattr__(self, name):
            raise error(name)

    monkeypatch.delitem(sys.modules, "reference.blas_layer", raising=False)
    monkeypatch.setitem(sys.modules, "scipy", Broken())
    monkeypatch.setitem(sys.modules, "scipy.linalg", Broken())
    fastest.cache_clear()
    assert fastest() is NumPyLayer
    fastest.cache_clear()


def test_with_scipy_its_blas_does():
    pytest.importorskip("scipy")
    assert fastest().__name__ == "BlasLayer"


@pytest.mark.parametrize("dtype", [np.float64, ">f4", int])
def test_parameters_of_another_dtype_are_trained_in_the_networks(dtype):
    layers = [(4, ReLU()), (2, Softmax())]
    losses = []
    for given in (np.float32, dtype):
        network = Network.initialize(3, layers, seed=1, dtype=np.float32)
        network.weights[0] = np.array([[1, 0, 2], [0, 1, 0], [2, 1, 0], [1, 1, 1]], given)
        network.biases[1] = np.array([1, 0], given)
        x, d = np.eye(3), np.eye(2)[[0, 1, 1]]
        losses.append(Trainer(network, KLDivergence(), 0.5, max_epochs=20).fit(x, d).loss)
        assert network.weights[0].dtype == network.biases[1].dtype == np.float32
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)
