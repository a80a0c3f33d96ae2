"""The figures that a widget shows, each with its name, its drawing and its legend."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import bqplot
import ipywidgets as widgets

from ...widgets.diagram.bifurcation_diagram import BifurcationDiagram
from ...widgets.pane import Panel
from ...widgets.replay.compare import Comparison
from ...widgets.replay.epoch_pane import EpochPane
from ...widgets.replay.exploration import Exploration

WIDE = BifurcationDiagram, EpochPane


@dataclass(frozen=True, eq=False)
class PrintedPane:
    """A figure of a widget.

    Attributes
    ----------
    name : str
        Such as ``"state space"``.
    panel : Panel
        To which it belongs.
    figure : bqplot.Figure
    title : str
        What stands above it; of a comparison the run's name.
    legend_below : bool
        Whether the panel's legend stands below this figure.
    """

    name: str
    panel: Panel
    figure: bqplot.Figure
    title: str = ""
    legend_below: bool = True

    @property
    def wide(self) -> bool:
        """Whether it is drawn over the whole width where there is room for several."""
        return isinstance(self.panel, WIDE)

    @property
    def legend(self) -> str:
        """The legend's HTML, or an empty text."""
        legend = getattr(self.panel, "_legend", None)
        shown = self.legend_below and isinstance(legend, widgets.HTML)
        return legend.value if shown else ""


def panes_of(root: widgets.Widget) -> tuple[PrintedPane, ...]:
    """Return the figures that a widget shows now, narrow ones first.

    Raises
    ------
    TypeError
        If it has none.
    ValueError
        If it was closed.
    """
    found = tuple(_panes_in(root))
    if not found:
        raise TypeError(
            "subject must be a figure such as an Explorer, a StateSpace or a TrainingReplay, a box "
            f"with some, or data with a method plot(ax), got {type(root).__name__}"
        )
    for pane in found:
        if pane.panel.comm is None:
            raise ValueError("subject was closed: make it anew")
    if not isinstance(root, Comparison):  # whose rows belong together
        found = tuple(sorted(found, key=lambda pane: pane.wide))
    # A legend of several figures stands below the last of them.
    last = {pane.panel: pane.figure for pane in found}
    return tuple(replace(pane, legend_below=last[pane.panel] is pane.figure) for pane in found)


def chosen_panes(
    panes: tuple[PrintedPane, ...], names: str | Iterable[str] | None
) -> tuple[PrintedPane, ...]:
    """Return the panes with some names, in their order; all if there are no names.

    Raises
    ------
    ValueError
        If there is no such pane, none is named, or one is named twice.
    """
    if names is None:
        return panes
    wanted = (names,) if isinstance(names, str) else tuple(names)
    known = tuple(dict.fromkeys(pane.name for pane in panes))
    if not wanted or len(set(wanted)) < len(wanted) or not set(wanted) <= set(known):
        shown = ", ".join(map(repr, known))
        raise ValueError(f"panes must be some of {shown}, each once, got {wanted!r}")
    return tuple(pane for name in wanted for pane in panes if pane.name == name)


def wait_for(root: widgets.Widget, timeout: float | None) -> bool:
    """Wait for the finest pictures; return whether they are there.

    Raises
    ------
    TimeoutError
        If a pane has not even a first picture.
    RuntimeError
        If a pane shows an error.
    ValueError
        If a training goes on.
    """
    end = None if timeout is None else time.monotonic() + timeout
    finest = True
    for panel in _panels_in(root):
        training = getattr(panel, "training", None)
        if training is not None and training.running:
            raise ValueError("the training goes on: stop it first")
        left = None if end is None else max(0.0, end - time.monotonic())
        finest = _finest(panel, left) and finest
        if not panel.live.wait(0.0):
            raise TimeoutError(f"{_spoken(panel)} has no picture after {timeout:g} s")
        if "sw-failed" in panel._dom_classes:
            raise RuntimeError(f"{_spoken(panel)} could not be drawn: {panel.message}")
    return finest


def _finest(panel: Panel, timeout: float | None) -> bool:
    """Wait for the finest picture; a replay's is there once its bifurcations are known."""
    wait = panel.wait if hasattr(panel, "wait") else panel.live.wait
    return wait(timeout, finest=True)


def _spoken(panel: Panel) -> str:
    return f"the {panel.figure_name}"


def _panes_in(root: widgets.Widget, panel: Panel | None = None) -> Iterator[PrintedPane]:
    if isinstance(root, Comparison):
        for name, pair in root.panes.items():
            for pane, title in zip(pair, root.labels, strict=True):
                yield PrintedPane(name, pane, pane.figure, title)
    elif isinstance(root, bqplot.Figure):
        if panel is not None and root.axes:  # a map of weights has none: it is a control
            yield PrintedPane(panel.figure_name, panel, root)
    elif not _hidden(root):
        inside = root if isinstance(root, Panel) else panel
        for child in getattr(root, "children", ()):
            yield from _panes_in(child, inside)


def _panels_in(root: widgets.Widget) -> Iterator[Panel]:
    if isinstance(root, Panel):
        yield root
    if isinstance(root, Comparison):
        for replay in root.replays:
            yield from _panels_in(replay)
    elif not _hidden(root):
        for child in getattr(root, "children", ()):
            yield from _panels_in(child)


def _hidden(widget: widgets.Widget) -> bool:
    """Whether nothing of it is seen, or it belongs to another figure."""
    return isinstance(widget, Exploration) or (
        isinstance(widget, widgets.DOMWidget) and widget.layout.display == "none"
    )
