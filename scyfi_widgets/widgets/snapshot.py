"""A button that saves the picture of its pane, as it is on screen, as a PNG file."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets as tr


class Snapshot(anywidget.AnyWidget):
    """A button with which the browser saves the figures and the legend of the pane around it.

    Neither the kernel nor Matplotlib is asked: the file has the colours of the theme, on the
    theme's background, and two pixels or more for each on screen.

    Parameters
    ----------
    name : str
        What the figure is called, such as ``"state space"``.

    Attributes
    ----------
    file_name : str
        Such as ``"state-space.png"``.
    """

    # Text and not a path: of a path, anywidget tells every widget for ever, which keeps them alive.
    _esm = Path(__file__).with_name("snapshot.js").read_text("utf-8")

    file_name = tr.Unicode().tag(sync=True)

    def __init__(self, name: str):
        super().__init__(file_name=name.replace(" ", "-") + ".png", layout={"width": "auto"})
