"""The products of a training step in place: the same as those of ``Affine``."""

import sys

import numpy as np
import pytest

from reference.affine import Affine
from reference.training_layer import NumPyLayer, training_layer

SHAPES = [(1, 1, 1), (1, 4, 3), (5, 1, 3), (5, 4, 1), (6, 4, 3)]  # of T, D and C


@pytest.mark.parametrize("kind", [NumPyLayer, training_layer])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("T", "D", "C"), SHAPES)
def test_in_place_as_in_new_arrays(kind, dtype, T, D, C):
    random = np.random.default_rng(T + D + C)
    W, b, y, dz = (random.normal(size=s).astype(dtype) for s in ((D, C), (D,), (T, C), (T, D)))
    affine, layer = Affine(W, b), kind(W, b)
    z, dy = np.full((T, D), np.nan, dtype), np.full((T, C), np.nan, dtype)
    dW, db, expected_dy = affine.vjp(y, dz)
    for rows in (slice(T), slice(1)):  # the last batch of an epoch may be smaller
        layer.forward(y[rows], z[rows])
        layer.vjp_y(dz[rows], dy[rows])
    layer.descend(y, dz)
    near = {"rtol": 0, "atol": 16 * np.finfo(dtype).eps}
    np.testing.assert_allclose(z, affine.forward(y), **near)
    np.testing.assert_allclose(dy, expected_dy, **near)
    np.testing.assert_allclose(layer.W, W - dW, **near)
    np.testing.assert_allclose(layer.b, b - db, **near)
    assert layer.W.dtype == layer.b.dtype == dtype
    assert not np.shares_memory(layer.W, W)


def test_with_scipy_the_products_are_scipys_and_without_it_numpys(monkeypatch):
    W, b = np.ones((2, 3)), np.zeros(2)
    monkeypatch.setitem(sys.modules, "reference.blas_layer", None)
    assert type(training_layer(W, b)) is NumPyLayer
    monkeypatch.undo()
    pytest.importorskip("scipy")
    assert type(training_layer(W, b)).__name__ == "BlasLayer"
