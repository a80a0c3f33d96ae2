"""Which fixed points and cycles a network has, and the proof that there are no others."""

from .certificate import Certificate
from .continuum import Continuum
from .cycle import Cycle
from .cycle_set import CycleSet
from .find import find_cycles
from .verify import Verification, verify

__all__ = [
    "Certificate",
    "Continuum",
    "Cycle",
    "CycleSet",
    "Verification",
    "find_cycles",
    "verify",
]
