"""Which fixed points and cycles a network has."""

from .cycle import Cycle
from .cycle_set import CycleSet
from .find import find_cycles

__all__ = ["Cycle", "CycleSet", "find_cycles"]
