"""Reads bqplot marks back from the browser: the model's traits, and what was drawn.

A mark is named by a Python expression for it in the kernel, like ``"explorer.space.orbit"``. What
was drawn is read from the SVG and turned into data coordinates by the scales that drew it, so it
is evidence that a redraw took place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .notebook import Notebook

_STATE = """
async ({id, names}) => {
  const model = await window.scyfi.widgetModel(id);
  const plain = value => {
    if (ArrayBuffer.isView(value)) return Array.from(value);
    if (Array.isArray(value)) return value.map(plain);
    if (value && typeof value === 'object' && value.name && typeof value.get === 'function') {
      return 'IPY_MODEL_' + value.model_id;
    }
    return value === undefined ? null : value;
  };
  return Object.fromEntries(names.map(name => [name, plain(model.get(name))]));
}
"""

_POINTS = """
ids => Promise.all(ids.map(async id => {
  const view = await window.scyfi.widgetView(id);
  if (!view) return null;
  const {x, y} = view.scales;
  const shown = element => element.style.display !== 'none' && element.style.opacity !== '0';
  return Array.from(view.el.querySelectorAll('g.object_grp')).filter(shown).map(group => {
    const match = /translate\\(([-\\d.e]+)[ ,]+([-\\d.e]+)\\)/.exec(
      group.getAttribute('transform') || '');
    return match && [x.scale.invert(+match[1]), y.scale.invert(+match[2])];
  }).filter(Boolean);
}))
"""

_LINES = """
async ({id}) => {
  const view = await window.scyfi.widgetView(id);
  if (!view) return null;
  const {x, y} = view.scales;
  return Array.from(view.el.querySelectorAll('path.line')).map(path => {
    const pieces = [];
    const commands = (path.getAttribute('d') || '').matchAll(/([MLZ])([^MLZ]*)/g);
    for (const [, command, numbers] of commands) {
      if (command === 'Z') continue;
      const [px, py] = numbers.split(',').map(Number);
      if (command === 'M') pieces.push([]);
      pieces[pieces.length - 1].push([x.scale.invert(px), y.scale.invert(py)]);
    }
    return pieces;
  });
}
"""

_PLACE = """
async ({id, x, y}) => {
  const view = await window.scyfi.widgetView(id);
  if (!view) return null;
  view.parent.el.scrollIntoView({block: 'center'});
  const area = view.parent.bg_events.node().getBoundingClientRect();
  return [area.left + view.scales.x.scale(x), area.top + view.scales.y.scale(y)];
}
"""


def front_end_state(notebook: Notebook, widget: str, *names: str) -> dict[str, Any]:
    """Traits of a widget as the browser has them; arrays come as flat lists."""
    model_id = notebook.evaluate(f"({widget}).model_id")
    return notebook.page.evaluate(_STATE, {"id": model_id, "names": list(names)})


def drawn_points(notebook: Notebook, scatter: str) -> list[list[float]] | None:
    """Positions ``[x, y]`` of a Scatter's visible points in the SVG; None if it is not drawn."""
    return drawn_points_of_all(notebook, [scatter])[0]


def drawn_points_of_all(
    notebook: Notebook, scatters: Sequence[str]
) -> list[list[list[float]] | None]:
    """What `drawn_points` returns, of several marks at one moment."""
    ids = notebook.evaluate(f"[mark.model_id for mark in ({', '.join(scatters)},)]")
    return notebook.page.evaluate(_POINTS, ids)


def drawn_lines(notebook: Notebook, lines: str) -> list[list[list[list[float]]]] | None:
    """Curves of a Lines mark in the SVG, each a list of unbroken pieces of ``[x, y]``.

    Only straight interpolation is understood. NaN in the data breaks a curve into pieces. None if
    the mark is not drawn.
    """
    model_id = notebook.evaluate(f"({lines}).model_id")
    return notebook.page.evaluate(_LINES, {"id": model_id})


def place_in_page(notebook: Notebook, mark: str, x: float, y: float) -> tuple[float, float]:
    """Where in the page a figure shows the data point `x`, `y` of one of its marks.

    The figure is scrolled into view, so that the mouse can be sent there.
    """
    model_id = notebook.evaluate(f"({mark}).model_id")
    place = notebook.page.evaluate(_PLACE, {"id": model_id, "x": x, "y": y})
    assert place is not None, f"{mark} is not drawn"
    return place[0], place[1]


def click_at(notebook: Notebook, mark: str, x: float, y: float) -> None:
    """Click with the mouse at the data point `x`, `y` of the mark's figure."""
    notebook.page.mouse.click(*place_in_page(notebook, mark, x, y))
