"""Each manner broken alone, in a target whose numbers are right, is found and named."""

import contextlib
import io

import numpy as np
import pytest

from .targets import Tanh, wrong


class ChangesZ(Tanh):
    words = "forward must leave its arguments alone, but changes z"

    def forward(self, z):
        y = np.tanh(z)
        z += 1
        return y


class ChangesY(Tanh):
    words = "derivative must leave its arguments alone, but changes y"

    def derivative(self, z, y):
        slopes = 1 - y * y
        y -= 1
        return slopes


class ChangesDy(Tanh):
    words = "vjp must leave its arguments alone, but changes dy"

    def vjp(self, z, y, dy):
        dz = dy * (1 - y * y)
        dy -= 1
        return dz


class ReturnsAView(Tanh):
    words = "vjp must return a fresh array, but returns a view of dy"

    def vjp(self, z, y, dy):
        dz = dy[...]
        dz *= 1
        return dz


class ReturnsOneArray(Tanh):
    words = "forward must return a fresh array at every call"

    def __init__(self):
        self.arrays = {}

    def forward(self, z):
        y = self.arrays.setdefault((z.shape, z.dtype), np.empty_like(z))
        return np.tanh(z, out=y)


class UsesTheLastForward(Tanh):
    words = "derivative must not depend on what was computed before"

    def forward(self, z):
        self.y = np.tanh(z)
        return self.y.copy()

    def derivative(self, z, y):
        return 1 - self.y**2 if self.y.shape == z.shape else super().derivative(z, y)


class CachesByShape(Tanh):
    words = "forward must look at the numbers"

    def __init__(self):
        self.cache = {}

    def forward(self, z):
        if (z.shape, z.dtype) not in self.cache:
            self.cache = {(z.shape, z.dtype): np.tanh(z)}
        return self.cache[z.shape, z.dtype].copy()


class CachesById(Tanh):
    words = "forward must look at the numbers, not at which array holds them"

    def __init__(self):
        self.z, self.y = None, None

    def forward(self, z):
        if self.z is not z:
            self.z, self.y = z, np.tanh(z)
        return self.y.copy()


class CachesByBuffer(CachesById):
    def forward(self, z):
        if self.z is None or self.z.shape != z.shape or not np.shares_memory(self.z, z):
            self.z, self.y = z, np.tanh(z)
        return self.y.copy()


class IsNoisy(Tanh):
    words = "derivative must be deterministic"

    def derivative(self, z, y):
        return (1 - y * y) * (1 + 1e-3 * np.random.default_rng().random(z.shape)).astype(z.dtype)


class DependsOnItsBatch(Tanh):
    words = "derivative must treat each row on its own"

    def derivative(self, z, y):
        slopes = 1 - y * y
        if z.ndim > 1:
            slopes[-1] *= slopes[0].mean() < 0.5
        return slopes


class MixesRows(Tanh):
    words = "vjp must treat each row on its own"

    def vjp(self, z, y, dy):
        dz = dy * (1 - y * y)
        return dz if z.ndim == 1 else dz - dz.mean(axis=0) + dz.mean(axis=0)[::-1]


class ClipsTheCotangent(Tanh):
    words = "vjp must be linear in dy, but is not for dy times"

    def vjp(self, z, y, dy):
        return np.clip(dy, -1e4, 1e4) * (1 - y * y)


class DropsSmallCotangents(Tanh):
    words = "vjp must be linear in dy, but is not for dy times"

    def vjp(self, z, y, dy):
        return np.where(np.abs(dy) < 1e-6, 0, dy) * (1 - y * y)


class TakesTheSizeOfTheCotangent(Tanh):
    words = "vjp must be linear in dy, but is not for dy times -1"

    def vjp(self, z, y, dy):
        return np.where((dy < 0).all(axis=-1, keepdims=True), -dy, dy) * (1 - y * y)


class WorksInPlaceAndRestores(Tanh):
    words = "forward must leave its arguments alone: forward raises ValueError"

    def forward(self, z):
        np.negative(z, out=z)
        y = -np.tanh(z)
        np.negative(z, out=z)
        return y


class ForgetsTheStrides(Tanh):
    words = "forward must give the same for arrays that are not contiguous"

    def forward(self, z):
        return np.tanh(z.ravel(order="K").reshape(z.shape))


class ForgetsTheSignOfAStride(Tanh):
    words = "forward must give the same for arrays that are not contiguous"

    def forward(self, z):
        return np.tanh(z[..., ::-1] if z.strides and z.strides[-1] < 0 else z)


TARGETS = [
    value
    for value in vars().copy().values()
    if isinstance(value, type) and issubclass(value, Tanh) and value is not Tanh
]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.__name__)
def test_broken_alone_it_is_found_and_named(target):
    v = wrong(target, "manners")
    assert v.outcome == "disagrees"
    assert target.words in v.explanation.message
    assert shown_by(v.explanation.reproducer), v.explanation.reproducer


def shown_by(script):
    """Whether the script runs, and either shows two unlike results or raises in the call itself."""
    names = {}
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            exec(script, names)
        except ValueError as error:
            return "read-only" in str(error)
    return np.shape(names["got"]) != np.shape(names["expected"]) or not np.array_equal(
        names["got"], names["expected"]
    )


class OfAnotherShape(Tanh):
    words = "derivative must have shape"

    def derivative(self, z, y):
        return (1 - y * y)[..., :1]


class OfAnotherDtype(Tanh):
    words = "derivative must keep dtype float32, got float64"

    def derivative(self, z, y):
        return 1 - y.astype(np.float64) ** 2


class NoArray(Tanh):
    words = "vjp must return an array, got None"

    def vjp(self, z, y, dy):
        return None


@pytest.mark.parametrize("target", [OfAnotherShape, OfAnotherDtype, NoArray])
def test_structure_comes_before_manners_and_numbers(target):
    v = wrong(target, "structure")
    assert target.words in v.explanation.message
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(v.explanation.reproducer, {})
    assert printed.getvalue()
