"""A divergence and its activation in one: the explicit path, where that is finite, and beyond."""

from __future__ import annotations

import numpy as np
import pytest

from reference import (
    BinaryKLDivergence,
    FusedDivergence,
    KLDivergence,
    ReLU,
    Sigmoid,
    SigmoidBinaryKL,
    Softmax,
    SoftmaxKL,
    SquaredError,
    fuse,
)

from .cases import differences

PAIRS = [(Softmax(), KLDivergence()), (Sigmoid(), BinaryKLDivergence())]
every_pair = pytest.mark.parametrize(("f", "divergence"), PAIRS, ids=str)


def test_what_is_fused():
    assert fuse(Softmax(), KLDivergence()) == SoftmaxKL()
    assert fuse(Sigmoid(), BinaryKLDivergence()) == SigmoidBinaryKL()
    for f in (Softmax(), Sigmoid(), ReLU()):
        assert fuse(f, SquaredError()) is None
    assert fuse(Sigmoid(), KLDivergence()) is None
    assert fuse(Softmax(), BinaryKLDivergence()) is None
    with pytest.raises(TypeError, match="abstract"):
        FusedDivergence()


def targets(shape):
    """Soft ones, and one-hot ones."""
    random = np.random.default_rng(1)
    yield random.dirichlet(np.ones(shape[-1]), shape[:-1])
    yield np.eye(shape[-1])[random.integers(0, shape[-1], shape[:-1])]


@every_pair
@pytest.mark.parametrize("scale", [0.1, 1, 10])
def test_the_fused_pair_is_the_explicit_path(f, divergence, scale):
    z = scale * np.random.default_rng(0).normal(size=(2, 5, 4))
    for d in targets(z.shape):
        y = f.forward(z)
        dz = f.vjp(z, y, divergence.derivative(y, d))
        fused = fuse(f, divergence)
        np.testing.assert_allclose(fused.value(z, d), divergence.value(y, d), rtol=1e-6)
        np.testing.assert_allclose(fused.derivative(z, d), dz, rtol=1e-9, atol=1e-11)


@every_pair
def test_the_derivative_is_that_of_the_value(f, divergence):
    fused, z = fuse(f, divergence), np.random.default_rng(0).normal(size=4)
    for d in targets(z.shape):
        expected = differences(lambda z, d=d: fused.value(z, d), z)
        np.testing.assert_allclose(fused.derivative(z, d), expected, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("fused", "z", "d", "value", "derivative"),
    [
        (SoftmaxKL(), [1e4, -1e4], [1, 0], 0, [0, 0]),
        (SoftmaxKL(), [1e4, -1e4], [0, 1], 2e4, [1, -1]),
        (SoftmaxKL(), [1e4, 1e4], [0.5, 0.5], 0, [0, 0]),
        (SoftmaxKL(), [-1e4, -1e4], [1, 0], np.log(2), [-0.5, 0.5]),
        (SigmoidBinaryKL(), [1e4, -1e4], [1, 0], 0, [0, 0]),
        (SigmoidBinaryKL(), [1e4, -1e4], [0, 1], 2e4, [1, -1]),
        (SigmoidBinaryKL(), [1e4, -1e4], [0.5, 0.25], 0.75e4, [0.5, -0.25]),
    ],
    ids=str,
)
def test_finite_for_every_logit(fused, z, d, value, derivative, dtype):
    z, d = np.array(z, dtype), np.array(d, dtype)
    np.testing.assert_allclose(fused.value(z, d), value, rtol=1e-6)
    np.testing.assert_allclose(fused.derivative(z, d), derivative, rtol=1e-6)
    assert fused.value(z, d).dtype == fused.derivative(z, d).dtype == dtype


@every_pair
def test_rows_by_themselves(f, divergence):
    """Also where one lies so far below another that all its exponentials underflow."""
    fused, z = fuse(f, divergence), np.array([[1e4, 9e3], [-1e4, -9e3], [1, 2]])
    d = np.array([[0.25, 0.75], [1, 0], [0.5, 0.5]])
    values, derivatives = fused.value(z, d), fused.derivative(z, d)
    for t in range(3):
        np.testing.assert_allclose(values[t], fused.value(z[t], d[t]), rtol=1e-15)
        np.testing.assert_allclose(derivatives[t], fused.derivative(z[t], d[t]), rtol=1e-15)


def test_every_digit_in_the_tails():
    """At z = 40 the sigmoid rounds to 1, and y - d to 0; the true derivative is -e^-40."""
    z, tiny = np.array([40.0]), 4.248354255291589e-18
    one, zero = np.array([1.0]), np.array([0.0])
    np.testing.assert_allclose(SigmoidBinaryKL().value(z, one), tiny, rtol=1e-15)
    np.testing.assert_allclose(SigmoidBinaryKL().derivative(z, one), [-tiny], rtol=1e-15)
    np.testing.assert_allclose(SigmoidBinaryKL().value(-z, zero), tiny, rtol=1e-15)
    np.testing.assert_allclose(SigmoidBinaryKL().derivative(-z, zero), [tiny], rtol=1e-15)
    logits, d = np.array([40.0, 0.0]), np.array([1.0, 0.0])
    np.testing.assert_allclose(SoftmaxKL().derivative(logits, d)[1], tiny, rtol=1e-15)


def test_a_target_that_sums_to_1_but_for_rounding_keeps_its_sum():
    """sum_j dz_j = 0 for whatever sum d has, as on the explicit path."""
    z, d = np.array([0.3, -1.0, 2.0]), np.array([0.2, 0.3, 0.5 + 4e-7])
    y = Softmax().forward(z)
    dz = Softmax().vjp(z, y, KLDivergence().derivative(y, d))
    np.testing.assert_allclose(SoftmaxKL().derivative(z, d), dz, rtol=1e-14)
