"""Where differences of the forward are the only witness: at kinks, at jumps, in every shape."""

import numpy as np
import pytest

from conformance import fuzz

from .targets import EXAMPLES, Max, Tanh, with_


def alone(target, outcome):
    """The verdict without an oracle, which must be this."""
    v = fuzz(target, max_examples=EXAMPLES)
    assert v.outcome == outcome, str(v)
    return v


def maximum(weigh):
    """A maximum that JAX cannot run; ``weigh`` makes its slopes from which entries tie for it."""
    return with_(
        Max,
        forward=lambda self, z: np.sort(z, axis=-1)[..., -1:],
        jacobian=lambda self, z, y: weigh((z == y).astype(z.dtype))[..., None, :],
    )


def count(tied):
    return tied.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize(
    "weigh",
    [
        lambda tied: tied,
        lambda tied: tied / count(tied) ** 2,
        lambda tied: np.where(count(tied) > 1, -tied, tied),
        lambda tied: np.where(count(tied) > 2, 2 * tied / count(tied), tied / count(tied)),
    ],
    ids=["all of the tied", "too little", "its sign", "three that tie"],
)
def test_slopes_at_a_tie_that_no_piece_has(weigh):
    v = alone(maximum(weigh), "disagrees")
    assert v.explanation.check == "jacobian"


@pytest.mark.parametrize(
    "weigh",
    [
        lambda tied: tied / count(tied),
        lambda tied: tied * (np.cumsum(tied, axis=-1) == 1),
        lambda tied: tied * (np.cumsum(tied, axis=-1) == count(tied)),
    ],
    ids=["evenly", "first", "last"],
)
def test_every_convention_at_a_tie(weigh):
    alone(maximum(weigh), "conforms")


def sparsemax(z):
    """The projection onto the simplex (A. Martins and R. Astudillo 2016)."""
    falling = -np.sort(-z, axis=-1)
    sums, k = np.cumsum(falling, axis=-1), np.arange(1, z.shape[-1] + 1)
    support = (1 + k * falling > sums).sum(axis=-1, keepdims=True)
    threshold = (np.take_along_axis(sums, support - 1, axis=-1) - 1) / support
    return np.maximum(z - threshold, 0).astype(z.dtype)


def sparsemax_jacobian(z, y):
    inside = (y > 0).astype(z.dtype)
    mean = inside[..., None] * (inside / inside.sum(axis=-1, keepdims=True))[..., None, :]
    return inside[..., None] * np.eye(z.shape[-1], dtype=z.dtype) - mean


def test_where_pieces_meet_that_no_axis_leads_to():
    alone((sparsemax, sparsemax_jacobian), "conforms")


def _root(z):
    return np.sqrt(np.maximum(z, 0))


def _slope_of_root(z, y):
    return np.where(z > 0, 0.5 / np.sqrt(np.where(z > 0, z, 1)), 0).astype(z.dtype)


@pytest.mark.parametrize(
    ("forward", "derivative"),
    [
        (_root, _slope_of_root),
        (np.cbrt, lambda z: 1 / (3 * np.cbrt(z) ** 2)),
        (lambda z: np.sign(z) * np.sqrt(np.abs(z)), lambda z: 0.5 / np.sqrt(np.abs(z))),
    ],
    ids=["relu's root", "cbrt", "signed root"],
)
def test_where_the_slope_has_no_bound_nobody_is_accused(forward, derivative):
    v = fuzz((forward, derivative))
    assert v.outcome == "conforms", str(v)


def test_but_elsewhere_it_is_judged():
    assert not fuzz((_root, lambda z, y: 2 * _slope_of_root(z, y)), max_examples=EXAMPLES).conforms


def test_where_differences_have_no_number_nobody_is_accused():
    def forward(self, z):
        return z * np.log(z)

    def derivative(self, z, y):
        return np.log(z) + 1

    alone(with_(Tanh, forward=forward, derivative=derivative, domain=(0.0, np.inf)), "conforms")


SIGNED_SQUARE = {"forward": lambda self, z: z * np.abs(z)}


@pytest.mark.parametrize("share", [1, 1.001])
def test_beside_a_jump_of_the_curvature(share):
    def derivative(self, z, y):
        return 2 * z.dtype.type(share) * np.abs(z)

    outcome = "conforms" if share == 1 else "disagrees"
    alone(with_(Tanh, derivative=derivative, **SIGNED_SQUARE), outcome)


def test_a_slope_that_is_lost_at_one_number_alone():
    def forward(self, z):
        return np.sign(z) * np.maximum(np.abs(z) - z.dtype.type(0.7), 0)

    def derivative(self, z, y):
        return y / (z - np.copysign(z.dtype.type(0.7), z))

    v = alone(with_(Tanh, forward=forward, derivative=derivative), "disagrees")
    assert v.explanation.check == "finite"


def test_a_forward_that_loses_an_axis_or_refuses_a_size():
    v = alone(with_(Tanh, forward=lambda self, z: np.tanh(z).squeeze()), "disagrees")
    assert v.explanation.check == "structure"

    def small(self, z):
        if len(z) > 50:
            raise ValueError("too many rows")
        return np.tanh(z)

    v = alone(with_(Tanh, forward=small), "error")
    assert "forward raises ValueError: too many rows" in v.explanation.message


def test_a_forward_that_treats_a_place_of_its_own():
    def forward(self, z):
        return np.where((np.arange(z.shape[-1]) < 4) | (z < 8), np.tanh(z), z)

    v = alone(with_(Tanh, forward=forward), "disagrees")
    assert v.explanation.message == "forward must make the same of a number in every place of a row"


class Centred:
    """A layer norm whose floor is so low that it turns within 1e-6."""

    def output_width(self, n):
        return n

    def forward(self, z):
        c = z - z.mean(axis=-1, keepdims=True)
        return c / np.maximum(self._size(c), z.dtype.type(1e-6))

    def vjp(self, z, y, dy):
        c = z - z.mean(axis=-1, keepdims=True)
        size, floor = self._size(c), z.dtype.type(1e-6)
        along = np.where(size > floor, y * (dy * y).sum(axis=-1, keepdims=True), 0)
        g = (dy - along) / np.maximum(size, floor)
        return (g - g.mean(axis=-1, keepdims=True)).astype(z.dtype)

    @staticmethod
    def _size(c):
        return np.sqrt((c * c).sum(axis=-1, keepdims=True))


def test_what_is_steep_is_no_kink():
    v = fuzz(Centred, max_examples=EXAMPLES)
    assert v.conforms, str(v)


def in_float32(forward):
    return lambda self, z: forward(z.astype(np.float32)).astype(z.dtype)


def test_of_a_forward_in_float32_not_the_derivative_is_accused():
    v = alone(with_(Tanh, forward=in_float32(np.tanh)), "disagrees")
    assert v.explanation.message.startswith("forward must compute in float64")


def test_a_forward_that_gives_numbers_of_a_grid_computes_in_float64():
    class Rounded:
        def forward(self, z):
            return np.round(z * 16) / 16

        def derivative(self, z, y):
            return np.zeros_like(z)

    v = fuzz(Rounded, max_examples=EXAMPLES)
    assert v.conforms, str(v)


@pytest.mark.parametrize(
    ("slope", "outcome"),
    [(0.1, "conforms"), (-0.9, "conforms"), (0.2, "disagrees"), (-1.2, "disagrees")],
)
def test_at_a_kink_no_slope_beyond_those_on_its_sides(slope, outcome):
    def pinball(z):
        return np.maximum(z.dtype.type(0.1) * z, z.dtype.type(-0.9) * z)

    def derivative(z, y):
        return np.where(z > 0, 0.1, np.where(z < 0, -0.9, slope)).astype(z.dtype)

    alone((pinball, derivative), outcome)


def test_a_pole_is_not_taken_for_a_slope_that_differences_know():
    alone((np.reciprocal, lambda z, y: -y * y), "conforms")


@pytest.mark.parametrize(("slope", "outcome"), [(0, "conforms"), (3, "disagrees")])
def test_a_kink_next_to_an_edge_of_the_domain(slope, outcome):
    """clip(z, -c, c)^3 on (-1, 1): no step away from the edge may pass over the kink at c."""

    class Clipped:
        domain = (-1.0, 1.0)
        c = 1 - 1e-6

        def forward(self, z):
            return np.clip(z, -self.c, self.c) ** 3

        def derivative(self, z, y):
            c = z.dtype.type(self.c)
            return np.where(np.abs(z) < c, 3 * z * z, slope)

    alone(Clipped, outcome)


def test_a_domain_without_a_number_of_any_grid():
    class Narrow(Tanh):
        domain = (300.0, 300.2)

        def forward(self, z):
            return z * z

        def derivative(self, z, y):
            return 2 * z

    alone(Narrow, "conforms")


@pytest.mark.parametrize("n", [2, 5])
@pytest.mark.parametrize(
    ("share", "outcome"),
    [(0, "conforms"), (0.5, "conforms"), (1.5, "disagrees"), (-1, "disagrees")],
)
def test_a_kink_along_one_axis_of_a_wide_row(n, share, outcome):
    """p min(x, 3) and the rest: by x anything from 0 to p at x = 3."""

    class Clipped:
        def output_width(self, width):
            if width != n:
                raise ValueError(f"n must be {n}, got {width}")
            return 1

        def forward(self, z):
            x, p = z[..., 0], z[..., 1]
            return (p * np.where(x < 3, x, 3) + z[..., 2:].sum(axis=-1))[..., None]

        def jacobian(self, z, y):
            x, p, slopes = z[..., 0], z[..., 1], np.ones_like(z)
            slopes[..., 0] = np.where(x == 3, share * p, np.where(x < 3, p, 0))
            slopes[..., 1] = np.where(x < 3, x, 3)
            return slopes[..., None, :]

    alone(Clipped(), outcome)


def test_a_row_of_zeros_is_a_kink_too():
    """The largest |z|, whose slopes at 0 are all 1: together more than a norm of 1 allows."""

    def slopes(self, z, y):
        tied = np.sign(z) * (np.abs(z) == y)
        most = np.maximum(np.abs(tied).sum(axis=-1, keepdims=True), 1)
        return np.where(y == 0, 1, tied / most)[..., None, :].astype(z.dtype)

    norm = with_(Max, forward=lambda self, z: np.sort(np.abs(z))[..., -1:], jacobian=slopes)
    v = fuzz(norm)
    assert v.outcome == "disagrees", str(v)
    assert v.explanation.counterexample.startswith("z = array([0.")
