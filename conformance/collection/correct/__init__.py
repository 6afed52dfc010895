"""Correct activations: each must be found to conform, whichever convention it follows."""

from ..entry import Entry
from .algebra import ALGEBRA
from .algebraic import ALGEBRAIC
from .attention import ATTENTION
from .bounds import BOUNDS
from .gates import GATES
from .intervals import INTERVALS
from .kinks import KINKS
from .linear import LINEAR
from .normalisations import NORMALISATIONS
from .norms import NORMS
from .products import PRODUCTS
from .scalar import SCALAR
from .softmaxes import SOFTMAXES
from .sorting import SORTING
from .ties import TIES

CORRECT: tuple[Entry, ...] = (
    *SCALAR,
    *ALGEBRAIC,
    *INTERVALS,
    *KINKS,
    *BOUNDS,
    *TIES,
    *SORTING,
    *SOFTMAXES,
    *ATTENTION,
    *NORMALISATIONS,
    *NORMS,
    *GATES,
    *PRODUCTS,
    *ALGEBRA,
    *LINEAR,
)
