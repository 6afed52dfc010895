"""What a table of differences overlooks, seen by the slopes on the two sides of z, next to it.

At a kink the central difference is the mean of both sides whatever the step, and a table whose
steps are all longer than the way to the next kink agrees on what is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from ...compare import Float64Array
from .slopes import EPS, SMALLEST, Forward, Slopes, moved, room, steps, values

#: The step to both sides, in terms of max(|z|, step).
STEP = 2.0**-20

#: A longer one, in terms of the largest entry, in which less is lost to rounding.
BROAD = 2.0**-14

#: Slopes that differ by more than this on the two sides are those of a kink.
LARGE_KINK = 1e-4

#: And so are those that differ by more than this however small the step.
SMALL_KINK = 1e-8

#: Where more entries than this tie, the axes may show a small part of the kink alone.
FEW_TIED = 3

#: At a kink they differ as much where the step is so many times smaller.
NEARER = 16.0

#: At a step of y, as of a rounding, they differ NEARER times as much instead; half of that tells.
STEP_OF_Y = NEARER / 2

#: A slope that still changes by this share of its last change, where the step is so many times
#: smaller, settles nowhere: it grows without bound.
UNSETTLED, MUCH_NEARER = 0.25, 2.0**8


def doubted(forward: Forward, z: Float64Array, domain: tuple[float, float], best: Slopes) -> Slopes:
    """The same estimate, with an error that reaches to all slopes next to the rows z (N, n)."""
    h = steps(z, domain, STEP)
    whole = np.abs(z).max(axis=1, keepdims=True)
    # Beside a large entry a small one may have a kink that only a step of the row's size shows.
    wide = np.maximum(h, STEP * np.minimum(whole, room(z, domain)))
    # Where all entries are tiny, only their proportions may count.
    tiny = np.where(whole > 0, np.minimum(np.maximum(STEP * whole, SMALLEST), h), h)
    sizes = [*_approach(h), *_approach(wide), _nearer(h, MUCH_NEARER**2)]
    sizes += [tiny, _nearer(tiny, NEARER)]
    sides = _sides(forward, z, np.stack(sizes))
    at_h, at_wide, (next_to, at_tiny, nearer) = sides[:3], sides[3:6], sides[6:]
    error = best.error
    for doubt in (
        _at_a_kink(at_h, best),
        _at_a_small_kink(at_h, best),
        _at_a_small_kink(at_wide, best),
        _beside_a_kink(at_h, best),
        _steeper(at_tiny, nearer, best),
        np.where((tiny < h)[:, None, :], _otherwise(at_tiny, best), 0),
        _unbounded(at_h[0], at_h[2], next_to),
    ):
        error = np.fmax(error, doubt)
    best = Slopes(best.estimate, error)
    if z.shape[1] == 1:
        return best
    broad = np.maximum(h, BROAD * np.minimum(whole, room(z, domain)))
    return _aslant(forward, z, broad, _aslant(forward, z, h, best))


@final
@dataclass(frozen=True)
class _Sides:
    """The slopes on both sides of each entry, and by how much rounding may part them: (N, m, n)."""

    left: Float64Array
    right: Float64Array
    noise: Float64Array

    @property
    def jump(self) -> Float64Array:
        """How far apart the two slopes are."""
        return np.abs(self.right - self.left)

    @property
    def steepness(self) -> Float64Array:
        """The steeper of the two."""
        return np.maximum(np.abs(self.left), np.abs(self.right))

    def off(self, best: Slopes) -> Float64Array:
        """How far either is from the estimate."""
        return np.maximum(np.abs(self.left - best.estimate), np.abs(self.right - best.estimate))

    def middle_off(self, best: Slopes) -> Float64Array:
        """How far their mean is from the estimate, at most."""
        return np.abs((self.left + self.right) / 2 - best.estimate) + self.noise

    def stay(self, near: _Sides) -> NDArray[np.bool_]:
        """Whether nearer by they jump as much, as at a kink: what is only steep becomes smooth."""
        return near.jump + near.noise > self.jump / 2


def _sides(forward: Forward, z: Float64Array, h: Float64Array) -> list[_Sides]:
    """At the rows z (N, n), for each of the steps h (K, N, n)."""
    y, width = values(forward, z)[:, None, :], h[..., None]
    above, below = values(forward, np.stack([moved(z, h), moved(z, -h)]))
    arrays = ((y - below) / width, (above - y) / width, 8 * EPS * np.abs(y) / width)
    left_right_noise = (np.swapaxes(a, -1, -2) for a in arrays)
    return [_Sides(*each) for each in zip(*left_right_noise, strict=True)]


def _approach(h: Float64Array) -> list[Float64Array]:
    """The step itself, one a little nearer and one much nearer."""
    return [_nearer(h, times) for times in (1.0, NEARER, MUCH_NEARER)]


def _nearer(h: Float64Array, times: float) -> Float64Array:
    """A step so many times smaller, but not too small to be taken."""
    return np.minimum(np.maximum(h / times, SMALLEST), h)


def _at_a_kink(approach: list[_Sides], best: Slopes) -> Float64Array:
    """How far the slopes on both sides are from the estimate, 0 where they are alike.

    Beside a kink in several columns they need not lie between those along the axes; and an output
    may bend a little where another one has its kink.
    """
    far, near, much_nearer = approach
    kink = far.jump > LARGE_KINK * (1 + np.abs(best.estimate)) + far.noise
    # One that lies a little off is lost to the nearest step.
    kink &= far.stay(near) | far.stay(much_nearer)
    off, n = far.off(best), kink.shape[2]
    if n > 1:
        off = np.maximum(off, n**2 * np.where(kink, off, 0).max(axis=2, keepdims=True))
        kink = np.asarray(kink.any(axis=(1, 2), keepdims=True))
    return np.where(kink, off + far.noise, 0)


def _at_a_small_kink(approach: list[_Sides], best: Slopes) -> Float64Array:
    """The same where the slopes are small, or their jump is; and where the kink is a little off.

    What jumps more and more, the nearer, is no kink but a step of y, steep if one looks closely.
    """
    far, near, much_nearer = approach
    size = np.abs(far.left) + np.abs(far.right)
    kink = (far.jump > LARGE_KINK * size + far.noise) & far.stay(near)
    no_step = near.jump < STEP_OF_Y * far.jump + near.noise
    left = np.abs(_at_no_step(far.right - far.left, near.right - near.left))
    # More of a jump is left at no step at all than rounding explains: that of a smooth function
    # shrinks with the step.
    faint = left > SMALL_KINK * size + _at_no_step(-far.noise, near.noise)
    here = much_nearer.jump + much_nearer.noise > left / 2
    at_near = near.off(best) + near.noise
    doubts = (
        np.where(kink, far.off(best) + far.noise, 0),
        np.where(faint, np.where(here, at_near, much_nearer.middle_off(best)), 0),
    )
    return np.where(no_step, np.maximum(*doubts), 0)


def _beside_a_kink(approach: list[_Sides], best: Slopes) -> Float64Array:
    """How far the mean of both sides is from the estimate, if beyond rounding at two steps."""
    far, _, near = approach
    from_far, from_near = (
        np.abs((sides.left + sides.right) / 2 - best.estimate) for sides in (far, near)
    )
    near_by = from_near + near.noise
    seen = np.minimum(from_far - far.noise, near_by) > best.error
    return np.where(seen, np.minimum(from_far + far.noise, near_by), 0)


def _steeper(sides: _Sides, nearer: _Sides, best: Slopes) -> Float64Array:
    """How far the slopes are from the estimate, where it has overlooked how steep they are.

    Beside an extremum they are flat again nearer by.
    """
    known = 2 * (np.abs(best.estimate) + best.error)
    stays = nearer.steepness + nearer.noise > sides.steepness / 2
    return np.where(stays & (sides.steepness > known + sides.noise), sides.off(best), 0)


def _otherwise(sides: _Sides, best: Slopes) -> Float64Array:
    """How far the slopes are from the estimate, where that is far."""
    off = sides.off(best)
    return np.where(off > LARGE_KINK * (1 + np.abs(best.estimate)) + sides.noise, off, 0)


def _unbounded(far: _Sides, near: _Sides, next_to: _Sides) -> Float64Array:
    """Infinite where the slope on a side grows as the step shrinks, as a square root's at 0."""
    grows = np.zeros(far.left.shape, dtype=bool)
    for a, b, c in (
        (far.left, near.left, next_to.left),
        (far.right, near.right, next_to.right),
    ):
        clear = np.abs(b - a) > LARGE_KINK * (1 + np.abs(a)) + far.noise + near.noise
        clear &= np.abs(c - b) > UNSETTLED * np.abs(b - a) + near.noise + next_to.noise
        grows |= clear & (np.abs(c) > np.abs(b))
    return np.where(grows, np.inf, 0.0)


def _aslant(forward: Forward, z: Float64Array, h: Float64Array, along: Slopes) -> Slopes:
    """The same estimate, with what it does not explain where all entries move at once as an error.

    No single entry changes the median of three that tie: there is a kink, and no axis shows it.
    """
    n, least = z.shape[1], h.min(axis=1, keepdims=True)
    step = np.stack(_approach(least))[:, None]
    ramp, y = np.arange(1.0, n + 1) / n, values(forward, z)
    ways = np.array([ramp, -ramp, ramp[::-1], -ramp[::-1], np.cos(n * ramp * np.pi), np.ones(n)])
    size = np.abs(along.estimate).sum(axis=-1)
    slopes = (values(forward, z + step * ways[:, None, :]) - y) / step
    noise, noise_near, noise_nearer = (8 * EPS * (1 + np.abs(y)) / step)[:, 0]
    error = along.error
    for k, way in enumerate(ways):
        far, near, much_nearer = slopes[:, k] - along.estimate @ way
        explained = along.error @ np.abs(way) if n <= FEW_TIED else 0.0
        apart = np.abs(far) - explained
        kink = apart > LARGE_KINK * (1 + size) + noise
        left = np.abs(_at_no_step(far, near)) - explained
        faint = left > SMALL_KINK * (1 + size) + _at_no_step(-noise, noise_near)
        off = np.maximum(np.where(kink, apart, 0), np.where(faint, left, 0))
        off = np.where(np.abs(much_nearer) + noise_nearer > off / 2, n * n * off, 0)
        error = np.maximum(error, off[..., None])
    return Slopes(along.estimate, error)


def _at_no_step(far: Float64Array, near: Float64Array) -> Float64Array:
    """What is left at no step at all of what is linear in the step, and NEARER times smaller."""
    return (NEARER * near - far) / (NEARER - 1)
