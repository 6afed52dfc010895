"""Every property of the conformance report, in the order of the lecture."""

from ..property import Property
from .activations import ACTIVATION_PROPERTIES
from .affine import AFFINE_PROPERTIES
from .descent import DESCENT_PROPERTIES
from .divergences import DIVERGENCE_PROPERTIES
from .kinks import KINK_PROPERTIES
from .networks import NETWORK_PROPERTIES
from .other_ways import OTHER_WAYS
from .polls import POLL_PROPERTIES

PROPERTIES: tuple[Property, ...] = tuple(
    sorted(
        (
            *ACTIVATION_PROPERTIES,
            *AFFINE_PROPERTIES,
            *DESCENT_PROPERTIES,
            *DIVERGENCE_PROPERTIES,
            *KINK_PROPERTIES,
            *NETWORK_PROPERTIES,
            *OTHER_WAYS,
            *POLL_PROPERTIES,
        ),
        key=lambda p: p.part,
    )
)
