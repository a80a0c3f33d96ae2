"""The table of cycles."""

from __future__ import annotations

from collections.abc import Iterator

import ipywidgets as widgets
import pandas as pd

from ..cycles import CycleSet
from ..cycles.cycle_set import format_number
from ..models import Model
from .live import Live
from .palette import STABILITY_MARKERS, order_colour
from .pane import LivePane
from .scene import Scene

MOST_ROWS = 40


class CycleTable(LivePane):
    """The cycles of a network, one a row, with what is proved about the set.

    Parameters
    ----------
    subject : Model or Live
    **settings
        Settings of a `Live`: ``max_order``, ``seed``, ``start``, ``orbit_steps``, ``time_limit``.
    """

    def __init__(self, subject: Model | Live, **settings):
        super().__init__(subject, **settings)
        self._table = widgets.HTML()
        self._table.add_class("sw-table")
        self._show(self._table)

    def pictures(self, scene: Scene) -> Iterator[str]:
        """Yield the table as HTML."""
        yield table_html(scene.cycles)

    def draw(self, picture: str) -> None:
        """Show the table."""
        if self._table.value != picture:
            self._table.value = picture
        self.set_fresh()


def table_html(cycles: CycleSet) -> str:
    """Return the first rows of the table as HTML."""
    shown = cycles[:MOST_ROWS]
    table = pd.DataFrame(
        {
            "cycle": [_signed_name(cycle) for cycle in shown],
            "stability": [cycle.stability for cycle in shown],
            "max |λ|": [f"{cycle.spectral_radius:.4g}" for cycle in shown],
            "leading λ": [format_number(cycle.eigenvalues[0], 3) for cycle in shown],
        }
    )
    body = table.to_html(index=False, border=0, escape=False)
    rest = len(cycles) - len(shown)
    return body + (f"<p>… and {rest} more in <code>.cycles</code></p>" if rest else "")


def _signed_name(cycle) -> str:
    sign = STABILITY_MARKERS[cycle.stability][2]
    return f'<span style="color:{order_colour(cycle.order)}">{sign}</span> {cycle.name}'
