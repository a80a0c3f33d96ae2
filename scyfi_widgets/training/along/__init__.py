"""Bifurcations along a training: what happens to all cycles from epoch to epoch."""

from .bifurcations_along import bifurcations_along
from .cache import StepCache
from .cycle_record import CycleRecord, RunBranch
from .run_bifurcations import RunBifurcations
from .run_event import RunEvent

__all__ = [
    "CycleRecord",
    "RunBifurcations",
    "RunBranch",
    "RunEvent",
    "StepCache",
    "bifurcations_along",
]
