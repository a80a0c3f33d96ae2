"""How networks learn: forcing, exact gradients, recorded runs, loss jumps and bifurcations."""

from .along import CycleRecord, RunBifurcations, RunBranch, RunEvent, bifurcations_along
from .association import JumpAssociation, jump_association
from .compile import compile_training
from .forcing import (
    AdaptiveAlpha,
    AnnealedAlpha,
    Forcing,
    FreeRunning,
    GeneralizedTeacherForcing,
    SparseTeacherForcing,
)
from .initial import random_model
from .jumps import LossJump, LossJumps, find_loss_jumps
from .landscape.landscape import LossLandscape, loss_landscape, refined_landscapes
from .lens.cycle_gradients import cycle_gradient
from .lens.lens import GradientLens, gradient_lens
from .loss import loss_and_gradient
from .observation import Observation
from .optimizers import SGD, Adam, Optimizer, RAdam
from .run import TrainingRun
from .schedules import CosineRate, ExponentialRate, Schedule, StepRate
from .series import TimeSeries
from .train import train
from .trainer import Trainer

__all__ = [
    "SGD",
    "Adam",
    "AdaptiveAlpha",
    "AnnealedAlpha",
    "CosineRate",
    "CycleRecord",
    "ExponentialRate",
    "Forcing",
    "FreeRunning",
    "GeneralizedTeacherForcing",
    "GradientLens",
    "JumpAssociation",
    "LossJump",
    "LossJumps",
    "LossLandscape",
    "Observation",
    "Optimizer",
    "RAdam",
    "RunBifurcations",
    "RunBranch",
    "RunEvent",
    "Schedule",
    "SparseTeacherForcing",
    "StepRate",
    "TimeSeries",
    "Trainer",
    "TrainingRun",
    "bifurcations_along",
    "compile_training",
    "cycle_gradient",
    "find_loss_jumps",
    "gradient_lens",
    "jump_association",
    "loss_and_gradient",
    "loss_landscape",
    "random_model",
    "refined_landscapes",
    "train",
]
