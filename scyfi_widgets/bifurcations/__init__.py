"""How cycles change along lines and in planes of parameter space: branches and exact events."""

from .branches import Branch
from .diagram import Diagram
from .events import Event
from .line import Line
from .line_diagram import bifurcation_diagram
from .planes.plane import Plane, bifurcation_plane

__all__ = [
    "Branch",
    "Diagram",
    "Event",
    "Line",
    "Plane",
    "bifurcation_diagram",
    "bifurcation_plane",
]
