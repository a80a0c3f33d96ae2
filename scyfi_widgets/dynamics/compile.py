"""Compile or load the kernels of this package."""

from __future__ import annotations

from ..models import PLRNN
from .lyapunov import lyapunov_spectrum
from .sweep import orbit_diagram


def compile_dynamics() -> None:
    """Compile or load every kernel of this package, by using it on the smallest network."""
    model = PLRNN(A=[0.5], W=[[-2.0]], h=[0.1])
    orbit_diagram(model, "h[0]", (0.1, 0.2), values=2, transient=0, kept=1, starts=1).image()
    lyapunov_spectrum(model, steps=1, transient=0)
