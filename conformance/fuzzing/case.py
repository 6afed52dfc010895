"""A case of the fuzzer: pre-activations z with cotangents dy, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from reference.checks import Array

from ..cases import literal


@final
@dataclass(frozen=True)
class FuzzCase:
    """z (..., n) and dy (..., m), of one dtype; regime: the sort of numbers that z is made of."""

    z: Array
    dy: Array
    regime: str

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64."""
        return self.z.dtype

    @property
    def width(self) -> int:
        """n."""
        return int(self.z.shape[-1])

    def __repr__(self) -> str:
        return literal(self)
