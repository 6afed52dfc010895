"""Maxima: vector activations whose subgradient picks the input that won.

Of inputs that tie, the first wins; any convex combination of the tied would be as valid.
Source: 11-785 F24 lecture 5, slides 115-118.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from .activation import VectorActivation
from .checks import Array, Indices, whole_number


@final
@dataclass(frozen=True)
class Max(VectorActivation):
    """y = max_j z_j, one output; dy/dz_j = 1 for j = argmax, else 0."""

    def output_width(self, n: int) -> int:
        """1, whatever the width of z."""
        return 1

    def forward(self, z: Array) -> Array:
        """(..., n) -> (..., 1)."""
        return z.max(axis=-1, keepdims=True)

    def jacobian(self, z: Array, y: Array) -> Array:
        """One row that is 1 at the first argmax: (..., 1, n)."""
        winner = z.argmax(axis=-1, keepdims=True)
        return _one_hot(winner, z)

    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        """dy goes to the winner, in O(n)."""
        dz = np.zeros_like(z)
        np.put_along_axis(dz, z.argmax(axis=-1, keepdims=True), dy, axis=-1)
        return dz


@final
@dataclass(frozen=True)
class GroupMax(VectorActivation):
    """y_i = max of z_j over j in groups[i], as in pooling; groups may overlap.

    dy_i/dz_j = 1 for the j in groups[i] that wins, else 0: of a tie, the first in the order listed.
    An input that wins in several groups receives the sum of their cotangents.
    """

    groups: Sequence[Sequence[int]]

    def __post_init__(self) -> None:
        groups = tuple(
            tuple(whole_number(j, f"groups[{i}]", at_least=0) for j in group)
            for i, group in enumerate(self.groups)
        )
        if not groups or not all(groups):
            raise ValueError(f"groups must be non-empty lists of indices, got {self.groups!r}")
        object.__setattr__(self, "groups", groups)

    def output_width(self, n: int) -> int:
        """One output per group; ValueError where a group names an input beyond n."""
        needed = 1 + max(max(group) for group in self.groups)
        if n < needed:
            raise ValueError(f"GroupMax with index {needed - 1} needs z of width {needed}, got {n}")
        return len(self.groups)

    def forward(self, z: Array) -> Array:
        """(..., n) -> (..., number of groups)."""
        return np.take_along_axis(z, self._winners(z), axis=-1)

    def jacobian(self, z: Array, y: Array) -> Array:
        """Each row is 1 at its group's winner: (..., m, n)."""
        return _one_hot(self._winners(z), z)

    def vjp(self, z: Array, y: Array, dy: Array) -> Array:
        """Each dy_i is added to its winner, in O(n + m)."""
        winners = self._winners(z)
        dz = np.zeros_like(z)
        for i in range(len(self.groups)):
            winner = winners[..., i : i + 1]
            received = np.take_along_axis(dz, winner, axis=-1) + dy[..., i : i + 1]
            np.put_along_axis(dz, winner, received, axis=-1)
        return dz

    def _winners(self, z: Array) -> Indices:
        """The index j of the input that wins in each group: (..., m)."""
        self.output_width(z.shape[-1])
        return np.stack(
            [np.take(group, z[..., group].argmax(axis=-1)) for group in self.groups], axis=-1
        )


def _one_hot(winners: Indices, z: Array) -> Array:
    """Rows that are 1 at the index in ``winners`` (..., m), of the width of z: (..., m, n)."""
    return (winners[..., None] == np.arange(z.shape[-1])).astype(z.dtype)
