"""Which fixed points and cycles a network has, and the proof that there are no others."""

from .continuum import Continuum
from .cycle import Cycle
from .cycle_set import CycleSet
from .find import find_cycles
from .proof.certificate import Certificate
from .proof.verify import Verification, verify

__all__ = [
    "Certificate",
    "Continuum",
    "Cycle",
    "CycleSet",
    "Verification",
    "find_cycles",
    "verify",
]
