"""How networks learn: forcing, exact gradients, recorded runs, loss jumps and bifurcations."""

from .along.bifurcations_along import bifurcations_along
from .along.run_bifurcations import RunBifurcations
from .along.run_event import RunEvent
from .jumps import LossJump, LossJumps, find_loss_jumps
from .observation import Observation
from .run import TrainingRun
from .series import TimeSeries

__all__ = [
    "LossJump",
    "LossJumps",
    "Observation",
    "RunBifurcations",
    "RunEvent",
    "TimeSeries",
    "TrainingRun",
    "bifurcations_along",
    "find_loss_jumps",
]
