"""What orbits do: where they end up over a parameter, and how fast their differences grow."""

from .compile import compile_dynamics
from .diagram import OrbitDiagram
from .lyapunov import lyapunov_spectrum
from .sweep import orbit_diagram, orbit_diagrams

__all__ = [
    "OrbitDiagram",
    "compile_dynamics",
    "lyapunov_spectrum",
    "orbit_diagram",
    "orbit_diagrams",
]
