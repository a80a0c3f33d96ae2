"""Piecewise-linear recurrent networks, understood by hand.

``import scyfi_widgets as sw`` brings the public names and loads nothing until one is used: the
numeric layers work in a plain script, and the widget stack comes in only with a widget.
"""

from __future__ import annotations

from importlib import import_module

__version__ = "0.1.0"

_HOME = {
    "PLRNN": "models",
    "ShallowPLRNN": "models",
    "ClippedShallowPLRNN": "models",
    "DendriticPLRNN": "models",
    "AlmostLinearRNN": "models",
    "Model": "models",
    "find_cycles": "cycles",
    "Cycle": "cycles",
    "CycleSet": "cycles",
    "Continuum": "cycles",
    "verify": "cycles",
    "orbit_diagram": "dynamics",
    "lyapunov_spectrum": "dynamics",
    "bifurcation_diagram": "bifurcations",
    "bifurcation_plane": "bifurcations",
    "state_space_divergence": "dynamics",
    "state_space_divergence_mixture": "dynamics",
    "power_spectrum_distance": "dynamics",
    "train": "training",
    "TrainingRun": "training",
    "TimeSeries": "training",
    "Observation": "training",
    "FreeRunning": "training",
    "SparseTeacherForcing": "training",
    "GeneralizedTeacherForcing": "training",
    "AnnealedAlpha": "training",
    "AdaptiveAlpha": "training",
    "SGD": "training",
    "Adam": "training",
    "RAdam": "training",
    "ExponentialRate": "training",
    "CosineRate": "training",
    "StepRate": "training",
    "loss_and_gradient": "training",
    "random_model": "training",
    "find_loss_jumps": "training",
    "bifurcations_along": "training",
    "RunBifurcations": "training",
    "jump_association": "training",
    "loss_landscape": "training",
    "gradient_lens": "training",
    "load_model": "files",
    "save_model": "files",
    "load_run": "files",
    "load_series": "files",
    "load_cycles": "files",
    "save_cycles": "files",
    "Explorer": "widgets",
    "export_html": "export",
    "export_figure": "export",
    "StateSpace": "widgets",
    "BifurcationDiagram": "widgets",
    "Direction": "widgets",
    "BifurcationPlane": "widgets",
    "TrainingReplay": "widgets",
    "compare": "widgets",
    "LossPane": "widgets",
    "Crossing": "widgets",
    "CyclesPane": "widgets",
    "EigenvalueCircle": "widgets",
    "EigenvaluePane": "widgets",
    "ForcedOrbit": "widgets",
    "GradientAtBifurcation": "widgets",
    "PathPane": "widgets",
    "SearchSteps": "widgets",
    "Cobweb": "widgets",
    "WeightPanel": "widgets",
    "CycleTable": "widgets",
}
_SUBPACKAGES = (
    "models",
    "cycles",
    "bifurcations",
    "dynamics",
    "training",
    "systems",
    "files",
    "widgets",
    "export",
    "server",
)

__all__ = ["__version__", *_HOME, "systems"]


def __getattr__(name: str):
    if name in _HOME:
        value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    if name in _SUBPACKAGES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
