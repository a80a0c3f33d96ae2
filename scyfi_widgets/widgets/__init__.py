"""What the person touches: sliders, state space, table, explorer, and the live loop behind them."""

from .cycle_table import CycleTable
from .diagram.bifurcation_diagram import BifurcationDiagram
from .diagram.direction import Direction
from .explorer import Explorer
from .live import Live
from .plane.bifurcation_plane import BifurcationPlane
from .replay.compare import Comparison, compare
from .replay.cycles_pane import CyclesPane
from .replay.eigenvalue_pane import EigenvaluePane
from .replay.loss_pane import LossPane
from .replay.path_pane import PathPane
from .replay.replay import TrainingReplay
from .replay.replay_live import ReplayLive
from .state_space import StateSpace
from .teaching.cobweb import Cobweb
from .teaching.crossing import Crossing
from .teaching.eigenvalue_circle import EigenvalueCircle
from .teaching.forced_orbit import ForcedOrbit
from .teaching.gradient_at_bifurcation import GradientAtBifurcation
from .teaching.search_steps import SearchSteps
from .weights import WeightPanel

__all__ = [
    "BifurcationDiagram",
    "BifurcationPlane",
    "Cobweb",
    "Comparison",
    "Crossing",
    "CycleTable",
    "CyclesPane",
    "Direction",
    "EigenvalueCircle",
    "EigenvaluePane",
    "Explorer",
    "ForcedOrbit",
    "GradientAtBifurcation",
    "Live",
    "LossPane",
    "PathPane",
    "ReplayLive",
    "SearchSteps",
    "StateSpace",
    "TrainingReplay",
    "WeightPanel",
    "compare",
]
