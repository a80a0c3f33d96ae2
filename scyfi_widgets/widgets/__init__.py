"""What the person touches: sliders, state space, table, explorer, and the live loop behind them."""

from .cycle_table import CycleTable
from .diagram.bifurcation_diagram import BifurcationDiagram
from .explorer import Explorer
from .live import Live
from .plane.bifurcation_plane import BifurcationPlane
from .state_space import StateSpace
from .weights import WeightPanel

__all__ = [
    "BifurcationDiagram",
    "BifurcationPlane",
    "CycleTable",
    "Explorer",
    "Live",
    "StateSpace",
    "WeightPanel",
]
