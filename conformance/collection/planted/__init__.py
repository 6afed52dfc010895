"""Planted bugs: each must be found to be wrong."""

from ..entry import Entry
from .gates import GATES
from .layouts import LAYOUTS
from .log_softmax import LOG_SOFTMAX
from .maxima import MAXIMA
from .normalisations import NORMALISATIONS
from .norms import NORMS
from .order_statistics import ORDER_STATISTICS
from .polynomials import POLYNOMIALS
from .probabilities import PROBABILITIES
from .products import PRODUCTS
from .rectifier_formulas import RECTIFIER_FORMULAS
from .scalar_boundaries import SCALAR_BOUNDARIES
from .scalar_bounds import SCALAR_BOUNDS
from .scalar_formulas import SCALAR_FORMULAS
from .scalar_numerics import SCALAR_NUMERICS
from .scalar_precision import SCALAR_PRECISION
from .scalar_rows import SCALAR_ROWS
from .scalar_state import SCALAR_STATE
from .scalar_structure import SCALAR_STRUCTURE
from .softmax import SOFTMAX
from .vector_batches import VECTOR_BATCHES
from .vector_state import VECTOR_STATE
from .vector_structure import VECTOR_STRUCTURE

_SCALAR = (
    *SCALAR_FORMULAS,
    *RECTIFIER_FORMULAS,
    *SCALAR_BOUNDARIES,
    *SCALAR_BOUNDS,
    *SCALAR_NUMERICS,
    *SCALAR_PRECISION,
    *SCALAR_ROWS,
    *SCALAR_STRUCTURE,
    *SCALAR_STATE,
)

_VECTOR = (
    *SOFTMAX,
    *LOG_SOFTMAX,
    *PROBABILITIES,
    *MAXIMA,
    *ORDER_STATISTICS,
    *NORMALISATIONS,
    *NORMS,
    *GATES,
    *PRODUCTS,
    *POLYNOMIALS,
    *LAYOUTS,
    *VECTOR_BATCHES,
    *VECTOR_STRUCTURE,
    *VECTOR_STATE,
)

PLANTED: tuple[Entry, ...] = (*_SCALAR, *_VECTOR)
