"""Smooth scalar activations: closed forms, and every digit in the tails."""

from __future__ import annotations

import numpy as np
import pytest

from reference import Identity, Sigmoid, Softplus, Tanh

SMOOTH = [Identity(), Sigmoid(), Tanh(), Softplus()]
SIGMOID_2, SIGMOID_3 = 0.8807970779778824, 0.9525741268224333
TINY = 4.248354255291589e-18  # e^-40, and 1 + TINY rounds to 1


@pytest.mark.parametrize(
    ("f", "z", "y", "slope"),
    [
        (Identity(), -2, -2, 1),
        (Identity(), 40, 40, 1),
        (Sigmoid(), 0, 1 / 2, 1 / 4),
        (Sigmoid(), 0.5, 0.6224593312018546, 0.2350037122015945),
        (Sigmoid(), -2, 0.11920292202211756, 0.10499358540350652),
        (Sigmoid(), 3, SIGMOID_3, 0.04517665973091213),
        (Sigmoid(), 40, 1, TINY),
        (Sigmoid(), -40, TINY, TINY),
        (Sigmoid(), -700, 9.85967654375977e-305, 9.85967654375977e-305),
        (Tanh(), 0, 0, 1),
        (Tanh(), 0.5, 0.46211715726000974, 0.7864477329659274),
        (Tanh(), -2, -0.9640275800758169, 0.07065082485316447),
        (Tanh(), 20, 1, 1.6993417021166355e-17),
        (Tanh(), -300, -1, 1.0601586212017243e-260),
        (Softplus(), 0, np.log(2), 1 / 2),
        (Softplus(), -2, 0.1269280110429725, 1 - SIGMOID_2),
        (Softplus(), 3, 3.048587351573742, SIGMOID_3),
        (Softplus(), 40, 40, 1),
        (Softplus(), -40, TINY, TINY),
    ],
    ids=str,
)
def test_closed_forms(f, z, y, slope):
    z = np.array([z], dtype=np.float64)
    np.testing.assert_allclose(f.forward(z), [y], rtol=1e-15)
    np.testing.assert_allclose(f.derivative(z, f.forward(z)), [slope], rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("f", "y", "slope"),
    [
        (Identity(), [-1e4, 1e4], [1, 1]),
        (Sigmoid(), [0, 1], [0, 0]),
        (Tanh(), [-1, 1], [0, 0]),
        (Softplus(), [0, 1e4], [0, 1]),
    ],
    ids=str,
)
def test_far_out_nothing_overflows(f, y, slope, dtype):
    """NumPy's warnings are errors here."""
    z = np.array([-1e4, 1e4], dtype=dtype)
    np.testing.assert_array_equal(f.forward(z), y)
    np.testing.assert_array_equal(f.derivative(z, f.forward(z)), slope)


@pytest.mark.parametrize("f", SMOOTH, ids=str)
def test_forward_never_falls_and_the_slope_is_positive(f):
    z = np.linspace(-700, 700, 5001)
    assert (np.diff(f.forward(z)) >= 0).all()
    slopes = f.derivative(z, f.forward(z))
    assert (slopes[np.abs(z) < 350] > 0).all()
    assert (slopes <= 1).all()
