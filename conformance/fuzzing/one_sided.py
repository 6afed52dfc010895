"""What a table of differences overlooks, seen by the slopes on the two sides of z, next to it.

At a kink the central difference is the mean of both sides whatever the step, and a table whose
steps are all longer than the way to the next kink agrees on what is wrong.
"""

from __future__ import annotations

import numpy as np

from ..compare import Float64Array
from .slopes import EPS, SMALLEST, Forward, Slopes, moved, room, steps, values

#: The step to both sides, in terms of max(|z|, step).
STEP = 2.0**-20

#: Slopes that differ by more than this on the two sides are those of a kink.
KINK = 1e-4

#: At a kink they differ as much where the step is so many times smaller.
NEARER = 16.0

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
    error = best.error
    for doubt in (
        _at_a_kink(forward, z, h, best),
        _at_a_small_kink(forward, z, h, best),
        _at_a_small_kink(forward, z, wide, best),
        _beside_a_kink(forward, z, h, best),
        _steeper(forward, z, tiny, best),
        _unbounded(forward, z, h),
    ):
        error = np.fmax(error, doubt)
    best = Slopes(best.estimate, error)
    return _aslant(forward, z, h, best) if z.shape[1] > 1 else best


def _at_a_kink(forward: Forward, z: Float64Array, h: Float64Array, best: Slopes) -> Float64Array:
    """How far the slopes on both sides are from the estimate, 0 where they are alike.

    Beside a kink in several columns they need not lie between those along the axes; and an output
    may bend a little where another one has its kink.
    """
    left, right, noise = _sides(forward, z, h)
    jump = np.abs(right - left)
    off = np.maximum(np.abs(left - best.estimate), np.abs(right - best.estimate))
    kink = jump > KINK * (1 + np.abs(best.estimate)) + noise
    # What is only steep at this step is smooth at a smaller one.
    left, right, rough = _sides(forward, z, _nearer(h, MUCH_NEARER))
    kink &= np.abs(right - left) + rough > jump / 2
    if z.shape[1] > 1:
        off = np.maximum(off, z.shape[1] ** 2 * np.where(kink, off, 0).max(axis=2, keepdims=True))
        kink = np.asarray(kink.any(axis=(1, 2), keepdims=True))
    return np.where(kink, off, 0)


def _at_a_small_kink(
    forward: Forward, z: Float64Array, h: Float64Array, best: Slopes
) -> Float64Array:
    """The same where the slopes are small; at a kink they stay as they are at a smaller step."""
    left, right, noise = _sides(forward, z, h)
    jump, size = np.abs(right - left), np.abs(left) + np.abs(right)
    off = np.maximum(np.abs(left - best.estimate), np.abs(right - best.estimate))
    kink = jump > KINK * size + noise
    for times in (NEARER, MUCH_NEARER):
        left, right, rough = _sides(forward, z, _nearer(h, times))
        kink &= np.abs(right - left) + rough > jump / 2
    return np.where(kink, off, 0)


def _beside_a_kink(
    forward: Forward, z: Float64Array, h: Float64Array, best: Slopes
) -> Float64Array:
    """How far the mean of both sides is from the estimate, beyond rounding, at two steps."""
    left, right, noise = _sides(forward, z, h)
    far = np.abs((left + right) / 2 - best.estimate) - noise
    left, right, noise = _sides(forward, z, _nearer(h, MUCH_NEARER))
    return np.minimum(far, np.abs((left + right) / 2 - best.estimate) + noise)


def _steeper(forward: Forward, z: Float64Array, h: Float64Array, best: Slopes) -> Float64Array:
    """The slopes themselves, where they are so steep that the estimate has overlooked them."""
    left, right, noise = _sides(forward, z, h)
    steep = np.maximum(np.abs(left), np.abs(right))
    return np.where(steep > 2 * (np.abs(best.estimate) + best.error) + noise, steep, 0)


def _unbounded(forward: Forward, z: Float64Array, h: Float64Array) -> Float64Array:
    """Infinite where the slope on a side grows as the step shrinks, as a square root's at 0."""
    far, near, next_to = (_sides(forward, z, _nearer(h, MUCH_NEARER**k)) for k in range(3))
    grows = np.zeros(far[0].shape, dtype=bool)
    for side in (0, 1):
        first, second = near[side] - far[side], next_to[side] - near[side]
        clear = np.abs(first) > KINK * (1 + np.abs(far[side])) + far[2] + near[2]
        clear &= np.abs(second) > UNSETTLED * np.abs(first) + near[2] + next_to[2]
        grows |= clear & (np.abs(next_to[side]) > np.abs(near[side]))
    return np.where(grows, np.inf, 0.0)


def _nearer(h: Float64Array, times: float) -> Float64Array:
    """A step so many times smaller, but not too small to be taken."""
    return np.minimum(np.maximum(h / times, SMALLEST), h)


def _sides(
    forward: Forward, z: Float64Array, h: Float64Array
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """The slopes on both sides of each entry, and by how much rounding may part them: (N, m, n)."""
    y, width = values(forward, z)[:, None, :], h[..., None]
    right = (values(forward, moved(z, h)) - y) / width
    left = (y - values(forward, moved(z, -h))) / width
    noise = 8 * EPS * np.abs(y) / width
    left, right, noise = (np.swapaxes(a, -1, -2) for a in (left, right, noise))
    return left, right, noise


def _aslant(forward: Forward, z: Float64Array, h: Float64Array, along: Slopes) -> Slopes:
    """The same estimate, with what it does not explain where all entries move at once as an error.

    No single entry changes the median of three that tie: there is a kink, and no axis shows it.
    """
    n, least = z.shape[1], h.min(axis=1, keepdims=True)
    nearer = _nearer(least, MUCH_NEARER)
    ramp, y = np.arange(1.0, n + 1) / n, values(forward, z)
    size = np.abs(along.estimate).sum(axis=-1)
    error = along.error
    for d in (ramp, -ramp, ramp[::-1], -ramp[::-1], np.cos(n * ramp * np.pi), np.ones(n)):
        apart, near = (
            np.abs((values(forward, z + step * d) - y) / step - along.estimate @ d)
            for step in (least, nearer)
        )
        apart = apart - error @ np.abs(d)
        noise, rough = (8 * EPS * (1 + np.abs(y)) / step for step in (least, nearer))
        kink = (apart > KINK * (1 + size) + noise) & (near + rough > apart / 2)
        off = n * n * apart[..., None]
        error = np.where(kink[..., None], np.maximum(error, off), error)
    return Slopes(along.estimate, error)
