"""z = W y + b, and its Jacobians from their definition."""

from __future__ import annotations

import numpy as np
import pytest

from reference import Affine

from .cases import differences

RANDOM = np.random.default_rng(0)
W, b = RANDOM.normal(size=(3, 2)), RANDOM.normal(size=3)
y, dz = RANDOM.normal(size=(5, 2)), RANDOM.normal(size=(5, 3))


def test_forward_at_literal_values():
    affine = Affine(np.array([[1.0, 2], [3, 4], [5, 6]]), np.array([10.0, 20, 30]))
    np.testing.assert_array_equal(affine.forward(np.array([1.0, -1])), [9, 19, 29])
    np.testing.assert_array_equal(affine.forward(np.array([[1.0, -1], [0, 2]]))[1], [14, 28, 42])


def test_the_jacobians_are_the_derivatives_of_forward():
    affine = Affine(W, b)
    by_y = differences(affine.forward, y[0])
    by_b = differences(lambda b: Affine(W, b).forward(y[0]), b)
    by_W = differences(lambda W: Affine(W, b).forward(y[0]), W)
    assert by_W.shape == (3, 3, 2)
    np.testing.assert_allclose(affine.jacobian_y(), by_y, atol=1e-11)
    np.testing.assert_allclose(affine.jacobian_b(), by_b, atol=1e-11)
    np.testing.assert_allclose(affine.jacobian_W(y[0]), by_W, atol=1e-11)


def test_vjp_is_the_cotangent_times_the_jacobians_added_over_the_rows():
    affine = Affine(W, b)
    dW, db, dy = affine.vjp(y, dz)
    by_row = [np.einsum("i,ikj->kj", dz[t], affine.jacobian_W(y[t])) for t in range(5)]
    np.testing.assert_allclose(dW, np.sum(by_row, axis=0), rtol=1e-13)
    np.testing.assert_allclose(db, (dz @ affine.jacobian_b()).sum(axis=0), rtol=1e-13)
    np.testing.assert_allclose(dy, dz @ affine.jacobian_y(), rtol=1e-13)


def test_for_one_instance_the_derivative_by_W_is_y_times_D_z():
    """The lecture's D_W = y D_z has W's transposed shape."""
    dW, db, dy = Affine(W, b).vjp(y[:1], dz[:1])
    np.testing.assert_allclose(dW.T, y[:1].T @ dz[:1], rtol=1e-15)
    np.testing.assert_array_equal(db, dz[0])
    np.testing.assert_allclose(dy, dz[:1] @ W, rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept(dtype):
    affine = Affine(W.astype(dtype), b.astype(dtype))
    results = [affine.forward(y.astype(dtype)), *affine.vjp(y.astype(dtype), dz.astype(dtype))]
    results += [affine.jacobian_y(), affine.jacobian_b(), affine.jacobian_W(y[0].astype(dtype))]
    assert all(result.dtype == dtype for result in results)
