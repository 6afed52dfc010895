"""A kink, wherever it is, is found to two adjacent floats; what is merely steep is none."""

import numpy as np
import pytest

from conformance.fuzzing.search.kink_search import between_rows, on_a_line

EVERYWHERE = (-np.inf, np.inf)


def bent(kink):
    """The slope of max(z - kink, 0)."""
    return lambda z: (z > kink) * 1.0


@pytest.mark.parametrize("kink", [6.0, 0.7, 1 / 3, -2.5, 1e-3, 100.1])
def test_a_kink_is_found_with_the_floats_beside_it(kink):
    found = on_a_line(bent(kink), EVERYWHERE)[:, 0]
    for z in (kink, np.nextafter(kink, -np.inf), np.nextafter(kink, np.inf)):
        assert z in found


def test_a_kink_at_0_is_found_with_what_is_next_to_nothing_beside_it():
    found = on_a_line(bent(0.0), EVERYWHERE)[:, 0]
    assert 0 in found
    assert found[found > 0].min() < 1e-30


def test_two_kinks_in_a_bounded_domain():
    def triangle(z):
        return np.where(z < 0.25, 1.0, np.where(z < 0.75, 0.0, -1.0))

    found = on_a_line(triangle, (0.0, 1.0))[:, 0]
    assert {0.25, 0.75} <= set(found)
    assert ((found > 0) & (found < 1)).all()


def test_the_kinks_of_a_norm_that_is_clipped_lie_on_a_circle():
    radius = 1.7

    def probe(z):
        norm = np.linalg.norm(z, axis=1, keepdims=True)
        along = z / np.maximum(norm, 1e-300)
        outside = norm > radius
        radial = np.einsum("ki,kj->kij", along, along).reshape(len(z), 4)
        J = np.where(outside, radius / np.maximum(norm, radius) * (np.eye(2).ravel() - radial), 0)
        return np.concatenate([J, outside], axis=1)

    found = between_rows(probe, 2, EVERYWHERE)
    off = np.linalg.norm(found, axis=1) - radius
    ulps = 4 * np.spacing(radius)
    assert ((off > 0) & (off < ulps)).sum() >= 4
    assert ((off <= 0) & (off > -ulps)).sum() >= 4


SMOOTH = {
    "tanh(50 z)": lambda z: (np.tanh(50 * z), 50 * (1 - np.tanh(50 * z) ** 2)),
    "sin": lambda z: (np.sin(z), np.cos(z)),
    "z^3": lambda z: (z**3, 3 * z**2),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_a_smooth_function_has_no_kink_however_steep(name):
    def probe(z):
        return np.concatenate(SMOOTH[name](z), axis=1)

    assert not len(on_a_line(probe, EVERYWHERE))
