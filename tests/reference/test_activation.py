"""The laws that every activation obeys."""

from __future__ import annotations

import json

import numpy as np
import pytest

from reference import (
    Activation,
    Product,
    RandomizedLeakyReLU,
    ScalarActivation,
    Threshold,
    VectorActivation,
)

from .cases import ACTIVATIONS, differences, draw, exactly

every_activation = pytest.mark.parametrize("f", ACTIVATIONS, ids=repr)


def all_but(cls):
    others = [f for f in ACTIVATIONS if not isinstance(f, cls)]
    return pytest.mark.parametrize("f", others, ids=repr)


@all_but(Threshold)  # a secant stands in for its derivative: see test_piecewise.py
def test_the_jacobian_is_the_derivative_of_forward(f):
    z = draw(f, 4)
    J = f.jacobian(z, f.forward(z))
    np.testing.assert_allclose(J, differences(f.forward, z), rtol=1e-9, atol=1e-11)


@every_activation
def test_vjp_is_dy_times_jacobian(f):
    z = draw(f, 3, 2, 4)
    y = f.forward(z)
    dy = np.random.default_rng(1).normal(size=y.shape)
    dy_J = np.einsum("tsi,tsij->tsj", dy, f.jacobian(z, y))
    np.testing.assert_allclose(f.vjp(z, y, dy), dy_J, rtol=1e-13, atol=1e-14)


@every_activation
def test_a_row_is_mapped_by_itself(f):
    z = draw(f, 3, 2, 4)
    y = f.forward(z)
    dy = np.random.default_rng(1).normal(size=y.shape)
    J, dz = f.jacobian(z, y), f.vjp(z, y, dy)
    for t in np.ndindex(3, 2):
        np.testing.assert_allclose(y[t], f.forward(z[t]), rtol=1e-15)
        np.testing.assert_allclose(J[t], f.jacobian(z[t], y[t]), rtol=1e-15)
        np.testing.assert_allclose(dz[t], f.vjp(z[t], y[t], dy[t]), rtol=1e-14, atol=1e-15)


@every_activation
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("lead", [(), (3,), (2, 3), (0,)])
def test_shapes_and_dtype(f, dtype, lead):
    n, m = 4, f.output_width(4)
    z = draw(f, *lead, n, dtype=dtype)
    y = f.forward(z)
    results = [
        (y, (m,)),
        (f.training_forward(z), (m,)),
        (f.jacobian(z, y), (m, n)),
        (f.vjp(z, y, np.ones_like(y)), (n,)),
    ]
    if isinstance(f, ScalarActivation):
        results.append((f.derivative(z, y), (n,)))
    for array, shape in results:
        assert (array.shape, array.dtype) == ((*lead, *shape), dtype)


@every_activation
def test_float32_agrees_with_float64_to_its_precision(f):
    z = draw(f, 5, 4, dtype=np.float32)
    wide = z.astype(np.float64)
    y, wide_y = f.forward(z), f.forward(wide)
    np.testing.assert_allclose(y, wide_y, rtol=2e-6, atol=1e-6)
    np.testing.assert_allclose(f.jacobian(z, y), f.jacobian(wide, wide_y), rtol=5e-6, atol=1e-6)


@every_activation
def test_arguments_are_left_alone_and_results_are_fresh(f):
    z = draw(f, 3, 4)
    y = f.forward(z)
    dy = np.random.default_rng(1).normal(size=y.shape)
    for argument in (z, y, dy):
        argument.flags.writeable = False  # so that a write to it raises
    results = [f.forward(z), f.training_forward(z), f.jacobian(z, y), f.vjp(z, y, dy)]
    if isinstance(f, ScalarActivation):
        results.append(f.derivative(z, y))
    for result in results:
        assert result.flags.writeable
        assert not any(np.shares_memory(result, argument) for argument in (z, y, dy))


@every_activation
def test_parameters_go_through_json(f):
    again = type(f)(**json.loads(json.dumps(f.parameters())))
    assert again == f
    assert again.parameters() == f.parameters()


@all_but(RandomizedLeakyReLU)  # see test_piecewise.py
def test_training_draws_nothing_unless_the_activation_is_random(f):
    z = draw(f, 3, 4)
    np.testing.assert_array_equal(f.training_forward(z), f.forward(z))


@pytest.mark.parametrize("n", [1, 4])
def test_scalar_activations_keep_every_width(n):
    for f in ACTIVATIONS:
        if isinstance(f, ScalarActivation):
            assert f.output_width(n) == n
            z = draw(f, n)
            y = f.forward(z)
            np.testing.assert_array_equal(f.jacobian(z, y), np.diag(f.derivative(z, y)))


@every_activation
def test_the_domain_is_the_real_line_but_for_powers(f):
    powers = isinstance(f, Product) and f.exponents is not None and f.exponents[0][0] == 0.5
    assert f.domain == ((0.0 if powers else -np.inf), np.inf)


class Cube(ScalarActivation):
    """A user's activation, in two methods."""

    def forward(self, z):
        return z**3

    def derivative(self, z, y):
        return 3 * z**2


class RunningProduct(VectorActivation):
    """A user's vector activation, in three methods: y_i = exp(z_1 + ... + z_i)."""

    def output_width(self, n):
        return n

    def forward(self, z):
        return np.exp(z.cumsum(axis=-1))

    def jacobian(self, z, y):
        return y[..., :, None] * np.tri(z.shape[-1])


def test_a_users_activation_inherits_the_rest():
    z = np.array([[2.0, -1.0, 0.0]])
    f = Cube()
    assert f.domain == (-np.inf, np.inf)
    np.testing.assert_array_equal(f.training_forward(z), [[8, -1, 0]])
    np.testing.assert_array_equal(f.jacobian(z, f.forward(z)), [np.diag([12, 3, 0])])
    np.testing.assert_array_equal(f.vjp(z, f.forward(z), np.array([[1.0, -2, 5]])), [[12, -6, 0]])
    g = RunningProduct()
    z = np.log([[2.0, 3.0, 5.0]])
    dz = g.vjp(z, g.forward(z), np.array([[1.0, 10, 100]]))
    np.testing.assert_allclose(dz, [[2 + 60 + 3000, 60 + 3000, 3000]])


class SquareRoot(ScalarActivation):
    """Its slope at 0 is infinite."""

    def forward(self, z):
        return np.sqrt(z)

    def derivative(self, z, y):
        return np.divide(0.5, y, out=np.full_like(y, np.inf), where=y > 0)


def test_an_infinite_slope_does_not_spoil_the_zeros_beside_it():
    z = np.array([0.0, 4.0])
    J = SquareRoot().jacobian(z, SquareRoot().forward(z))
    np.testing.assert_array_equal(J, [[np.inf, 0], [0, 0.25]])


def test_only_a_dataclass_knows_its_parameters():
    with pytest.raises(TypeError, match=exactly("Cube must be a dataclass or define parameters()")):
        Cube().parameters()


def test_an_activation_without_its_methods_is_abstract():
    for abstract in (Activation, ScalarActivation, VectorActivation):
        with pytest.raises(TypeError, match="abstract"):
            abstract()
