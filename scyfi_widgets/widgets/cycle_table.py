"""The table of cycles."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import ipywidgets as widgets

from ..cycles import Continuum, Cycle, CycleSet
from ..cycles.cycle_set import format_number
from ..models import Model
from .legend import doubt_text, modulus_text
from .live import Live
from .palette import CONTINUUM_SIGN, STABILITY_MARKERS, order_colour
from .pane import LivePane
from .scene import Scene

MOST_ROWS = 40
HEADINGS = ("cycle", "stability", "max |λ|", "leading λ")


class CycleTable(LivePane):
    """The cycles of a network, one a row, and the continua of cycles if there are any.

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
        """Yield the table as HTML, anew as the proof goes on."""
        for cycles, _ in scene.growing_cycles():
            yield table_html(cycles)

    def draw(self, picture: str) -> None:
        """Show the table."""
        if self._table.value != picture:
            self._table.value = picture
        self.set_fresh()


def table_html(cycles: CycleSet) -> str:
    """Return the first rows of the table as HTML: continua before the cycles of their order."""
    entries = sorted((*cycles.continua, *cycles), key=lambda entry: entry.order)
    shown = entries[:MOST_ROWS]
    head = "".join(f"<th>{text}</th>" for text in HEADINGS)
    body = "".join(
        _cycle_row(entry) if isinstance(entry, Cycle) else _continuum_row(entry) for entry in shown
    )
    rest = len(entries) - len(shown)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" + (
        f"<p>… and {rest} more in <code>.cycles</code></p>" if rest else ""
    )


def _cycle_row(cycle: Cycle) -> str:
    sign = STABILITY_MARKERS[cycle.stability][2]
    doubt = doubt_text(cycle)
    cells = (
        f"{_coloured(sign, cycle.order)} {cycle.name}",
        cycle.stability + (f"<br><small>{doubt}</small>" if doubt else ""),
        modulus_text(cycle, 4),
        format_number(cycle.eigenvalues[0], 3),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _continuum_row(continuum: Continuum) -> str:
    sign = _coloured(CONTINUUM_SIGN, continuum.order)
    return f'<tr><td colspan="{len(HEADINGS)}">{sign} {escape(continuum.description)}</td></tr>'


def _coloured(sign: str, order: int) -> str:
    return f'<span style="color:{order_colour(order)}">{sign}</span>'
