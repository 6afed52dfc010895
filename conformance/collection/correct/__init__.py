"""Correct activations: each must be found to conform, whichever convention it follows."""

from ..entry import Entry
from .gates import GATES
from .intervals import INTERVALS
from .kinks import KINKS
from .linear import LINEAR
from .normalisations import NORMALISATIONS
from .products import PRODUCTS
from .scalar import SCALAR
from .softmaxes import SOFTMAXES
from .ties import TIES

CORRECT: tuple[Entry, ...] = (
    *SCALAR,
    *INTERVALS,
    *KINKS,
    *TIES,
    *SOFTMAXES,
    *NORMALISATIONS,
    *GATES,
    *PRODUCTS,
    *LINEAR,
)
