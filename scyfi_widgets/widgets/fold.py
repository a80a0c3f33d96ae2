"""A part that is closed at first and costs nothing until a person opens it."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from .live import Live
from .pane import LivePane


class Fold(widgets.VBox):
    """A button that opens a pane; a closed pane is not drawn.

    Parameters
    ----------
    live : Live
        That of the pane.
    title : str
    build : callable
        Returns the pane; called when it is opened for the first time.

    Attributes
    ----------
    pane : LivePane or None
        None until it was opened.
    """

    def __init__(self, live: Live, title: str, build: Callable[[], LivePane]):
        self._live, self._build = live, build
        self.pane: LivePane | None = None
        self._button = widgets.ToggleButton(
            description=title, icon="caret-right", layout={"width": "auto"}
        )
        self._button.observe(self._on_button, "value")
        super().__init__([self._button], layout={"width": "100%"})
        self._button.add_class("sw-fold")

    @property
    def opened(self) -> bool:
        """Whether the pane is shown; assign to open or close it."""
        return self._button.value

    @opened.setter
    def opened(self, opened: bool) -> None:
        self._button.value = opened

    def _on_button(self, change) -> None:
        self._button.icon = "caret-down" if change.new else "caret-right"
        with self._live.in_callback():
            if not change.new:
                self._live.leave(self.pane)
                self.pane.layout.display = "none"
            elif self.pane is None:
                self.pane = self._build()
                self.children = (self._button, self.pane)
            else:
                self.pane.layout.display = None
                self._live.join(self.pane)
