"""Kinks take the lecture's slope, a step takes a secant, random slopes are found again."""

from __future__ import annotations

import numpy as np
import pytest

from reference import LeakyReLU, RandomizedLeakyReLU, ReLU, Threshold

from .cases import exactly

Z = np.array([-2.0, -0.5, -0.0, 0.0, 0.5, 3.0])


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (ReLU(), 0),
        (LeakyReLU(), 0.01),
        (LeakyReLU(slope=0.25), 0.25),
        (LeakyReLU(slope=-1), -1),
        (RandomizedLeakyReLU(), (1 / 8 + 1 / 3) / 2),
        (RandomizedLeakyReLU(low=0.2, high=0.6, seed=7), 0.4),
    ],
    ids=str,
)
def test_the_relu_family(f, slope):
    """f(z) = z and f'(z) = 1 for z >= 0, the kink at 0 included; slope z and slope below."""
    y = f.forward(Z)
    np.testing.assert_allclose(y, [-2 * slope, -slope / 2, 0, 0, 0.5, 3], rtol=1e-15)
    np.testing.assert_allclose(f.derivative(Z, y), [slope, slope, 1, 1, 1, 1], rtol=1e-15)


@pytest.mark.parametrize("f", [LeakyReLU(slope=-2), RandomizedLeakyReLU(low=-2, high=-1)], ids=str)
def test_a_zero_keeps_its_sign(f):
    """f(z) = z for z >= 0, both zeros included, even where the slope below is negative."""
    z = np.array([-0.0, 0.0])
    for y in f.forward(z), f.training_forward(z):
        np.testing.assert_array_equal(np.signbit(y), [True, False])


def test_the_slopes_of_the_randomized_leaky_relu_are_drawn_anew_from_low_to_high():
    f = RandomizedLeakyReLU(low=0.2, high=0.6, seed=1)
    z = -np.ones(10_000)
    first, second = -f.training_forward(z), -f.training_forward(z)
    for slopes in (first, second):
        assert slopes.min() >= 0.2
        assert slopes.max() < 0.6
        assert abs(slopes.mean() - 0.4) < 0.005
        assert abs(slopes.var() - 0.4**2 / 12) < 0.0005
        assert len(np.unique(slopes)) == slopes.size
    assert (first != second).all()
    np.testing.assert_array_equal(f.training_forward(np.array([0.0, 2])), [0, 2])


def test_the_seed_fixes_the_slopes():
    def slopes(seed):
        return RandomizedLeakyReLU(seed=seed).training_forward(-np.ones(8))

    np.testing.assert_array_equal(slopes(5), slopes(5))
    assert (slopes(5) != slopes(6)).all()
    assert RandomizedLeakyReLU().parameters() == {"low": 1 / 8, "high": 1 / 3, "seed": 0}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_slope_that_was_drawn_is_y_over_z(dtype):
    f = RandomizedLeakyReLU(low=0.2, high=0.6, seed=1)
    drawn = RandomizedLeakyReLU(low=0.2, high=0.6, seed=1)
    slopes = -drawn.training_forward(-np.ones((2, 300), dtype))
    z = np.random.default_rng(0).normal(0, 100, (2, 300)).astype(dtype)
    y = f.training_forward(z)
    expected = np.where(z >= 0, 1, slopes)
    np.testing.assert_allclose(f.derivative(z, y), expected, rtol=2 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(y[z >= 0], z[z >= 0])


@pytest.mark.parametrize("multiple", range(1, 8))
def test_of_a_subnormal_y_the_slope_is_the_mean(multiple):
    """slope * z rounds to a multiple of the smallest subnormal, and y / z may be 0 or 1."""
    f = RandomizedLeakyReLU(low=0.25, high=0.75, seed=1)
    z = np.full(50, -multiple * np.finfo(float).smallest_subnormal)
    np.testing.assert_array_equal(f.derivative(z, f.training_forward(z)), 0.5)


def test_low_and_high_may_be_equal():
    f = RandomizedLeakyReLU(low=0.5, high=0.5)
    np.testing.assert_array_equal(f.training_forward(Z), LeakyReLU(slope=0.5).forward(Z))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("width", [0.5, 1.0, 2.0])
def test_the_derivative_of_the_threshold_is_the_slope_of_its_secant(width, dtype):
    """The ends are exact in binary: at -w/2 the secant's right end is 0, where f is 1."""
    f = Threshold(width=width)
    w = dtype(width)
    z = np.array([-3, -1, -0.5, -0.25, -0.125, 0, 0.125, 0.25, 0.5, 1, 3], dtype)
    z = np.concatenate([np.nextafter(z, dtype(-9)), z, np.nextafter(z, dtype(9))])
    z = z[np.abs(z) > np.finfo(dtype).tiny]  # a smaller z is lost in z + w/2
    secant = (f.forward(z + w / 2) - f.forward(z - w / 2)) / w
    inside = np.abs(np.abs(z) - w / 2) > 4 * np.finfo(dtype).eps
    np.testing.assert_array_equal(f.derivative(z, f.forward(z))[inside], secant[inside])
    ends = np.array([-width / 2, width / 2], dtype)
    np.testing.assert_array_equal(f.derivative(ends, f.forward(ends)), [1 / width, 0])


def test_the_threshold_is_a_step():
    np.testing.assert_array_equal(Threshold().forward(Z), [0, 0, 1, 1, 1, 1])
    np.testing.assert_array_equal(Threshold().derivative(Z, Z >= 0), [0, 1, 1, 1, 0, 0])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: LeakyReLU(slope=np.inf), "slope must be finite, got inf"),
        (lambda: RandomizedLeakyReLU(low=np.nan), "low must be finite, got nan"),
        (lambda: RandomizedLeakyReLU(high=np.inf), "high must be finite, got inf"),
        (
            lambda: RandomizedLeakyReLU(low=0.5, high=0.25),
            "low must not exceed high, got low=0.5, high=0.25",
        ),
        (lambda: Threshold(width=0), "width must be positive and finite, got 0"),
        (lambda: Threshold(width=-1), "width must be positive and finite, got -1"),
        (lambda: Threshold(width=np.inf), "width must be positive and finite, got inf"),
        (lambda: Threshold(width=np.nan), "width must be positive and finite, got nan"),
    ],
)
def test_bad_parameters(build, message):
    with pytest.raises(ValueError, match=exactly(message)):
        build()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: LeakyReLU("a"), TypeError, "slope must be a real number, got 'a'"),
        (lambda: LeakyReLU(1j), TypeError, "slope must be a real number, got 1j"),
        (lambda: Threshold(None), TypeError, "width must be a real number, got None"),
        (lambda: RandomizedLeakyReLU(seed=-1), ValueError, "seed must be at least 0, got -1"),
    ],
)
def test_parameters_of_the_wrong_kind(make, error, message):
    with pytest.raises(error, match="^" + message):
        make()
