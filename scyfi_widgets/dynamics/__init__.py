"""What orbits do: where they end up, how fast they part, and how alike two of them are."""

from .compile import compile_dynamics
from .diagram import OrbitDiagram
from .lyapunov import lyapunov_spectrum
from .measures import (
    power_spectrum_distance,
    state_space_divergence,
    state_space_divergence_mixture,
)
from .sweep import orbit_diagram, orbit_diagrams

__all__ = [
    "OrbitDiagram",
    "compile_dynamics",
    "lyapunov_spectrum",
    "orbit_diagram",
    "orbit_diagrams",
    "power_spectrum_distance",
    "state_space_divergence",
    "state_space_divergence_mixture",
]
