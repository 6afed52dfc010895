"""Leading axes, manners, and the agreement of reverse with forward mode."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import oracle

SOFTMAX = oracle.activation({"name": "Softmax"})


@pytest.mark.parametrize("leading", [(), (1,), (9,), (2, 3), (0,)])
def test_any_leading_axes_are_the_single_instances_side_by_side(leading):
    z = np.random.default_rng(0).normal(size=(*leading, 3))
    dy = np.random.default_rng(1).normal(size=(*leading, 3))
    y, J, dz = oracle.value(SOFTMAX, z), oracle.jacobian(SOFTMAX, z), oracle.vjp(SOFTMAX, z, dy)
    assert (y.shape, J.shape, dz.shape) == ((*leading, 3), (*leading, 3, 3), (*leading, 3))
    for i in np.ndindex(leading):
        assert_allclose(y[i], np.exp(z[i]) / np.exp(z[i]).sum(), rtol=1e-14)
        assert_allclose(J[i], np.diag(y[i]) - np.outer(y[i], y[i]), rtol=1e-13)
        assert_allclose(dz[i], dy[i] @ J[i], rtol=1e-12)


def test_results_are_fresh_float64_arrays_and_arguments_are_left_alone():
    z = np.arange(24, dtype=np.float32).reshape(8, 3)
    dy = np.ones((8, 3), dtype=np.float32)
    z.flags.writeable = dy.flags.writeable = False
    for function, arguments in [
        (oracle.value, (z,)),
        (oracle.jacobian, (z,)),
        (oracle.vjp, (z, dy)),
    ]:
        first = function(SOFTMAX, *arguments)
        again = first.copy()
        assert first.dtype == np.float64
        first[:] = 7
        assert_array_equal(function(SOFTMAX, *arguments), again)
    assert_array_equal(z.ravel(), np.arange(24))


def test_up_to_8_instances_share_one_compilation():
    traces = []

    def f(z):
        traces.append(z.shape)
        return z**2

    for rows in range(1, 9):
        assert_array_equal(oracle.value(f, np.ones((rows, 2))), np.ones((rows, 2)))
    assert len(traces) == 1


def test_leading_axes_that_differ_are_an_error():
    with pytest.raises(ValueError, match=r"leading axes, got shapes \[\(2, 3\), \(3,\)\]"):
        oracle.vjp(SOFTMAX, np.ones((2, 3)), np.ones(3))


def twice(z, *, reverse):
    """2 z, as the solution y of y / 2 = z, with a rule of its own for reverse mode."""
    return jax.lax.custom_linear_solve(
        lambda y: y / 2, z, lambda _, b: 2 * b, lambda _, b: reverse * b
    )


def test_a_wrong_rule_of_one_mode_is_a_disagreement():
    z = np.array([[1.0, 5.0]])
    assert_array_equal(oracle.jacobian(lambda z: twice(z, reverse=2), z), [2 * np.eye(2)])
    with pytest.raises(oracle.OracleDisagreement) as caught:
        oracle.jacobian(lambda z: twice(z, reverse=2 + 1e-6), z)
    assert_array_equal(caught.value.z, z[0])
    assert_array_equal(caught.value.reverse, (2 + 1e-6) * np.eye(2))
    assert_array_equal(caught.value.forward, 2 * np.eye(2))
    assert "differ by 1e-06, tolerance 1.14e-13" in str(caught.value)


def test_the_disagreement_is_reported_at_the_instance_where_it_is():
    def f(z):
        return jnp.where(z > 2, twice(z, reverse=3), 2 * z)

    with pytest.raises(oracle.OracleDisagreement, match="differ by 1,") as caught:
        oracle.jacobian(f, [[[0.0, 1.0], [1.0, 1.0]], [[1.0, 2.0], [2.0, 3.0]]])
    assert_array_equal(caught.value.z, [2, 3])


def test_a_nan_in_one_mode_only_is_a_disagreement():
    def f(z):  # the branch not taken is infinite: the classic trap of reverse mode
        return jnp.where(z > 0, jnp.sqrt(z), 0.0)

    with pytest.raises(oracle.OracleDisagreement, match="differ by nan"):
        oracle.jacobian(f, [0.0])


def test_a_custom_vjp_is_refused_for_it_hides_the_function_from_forward_mode():
    @jax.custom_vjp
    def f(z):
        return z**2

    f.defvjp(lambda z: (z**2, z), lambda z, dy: (3 * z * dy,))
    assert_array_equal(oracle.vjp(f, [1.0], [1.0]), [3])  # a wrong rule, seen by nobody
    with pytest.raises(TypeError, match="custom_vjp"):
        oracle.jacobian(f, [1.0])


def test_terms_that_cancel_are_no_disagreement():
    # 1e6 / 3 (z - 1)^3 multiplied out, close to its triple root
    cube = {
        "name": "Polynomial",
        "exponents": [[3], [2], [1], [0]],
        "coefficients": [[1e6 / 3, -1e6, 1e6, -1e6 / 3]],
    }
    z = 1 + np.linspace(-1e-7, 1e-7, 64)[:, None]
    J = oracle.jacobian(oracle.activation(cube), z)
    assert_allclose(J[:, :, 0], 1e6 * (z - 1) ** 2, atol=1e-9)
