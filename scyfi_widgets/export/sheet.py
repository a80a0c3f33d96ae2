"""What stands on an exported page: the widget's boxes, texts and figures, without its controls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import bqplot
import ipywidgets as widgets

from ..models import Model
from ..widgets.pane import Panel
from ..widgets.png import halved_png, is_shaded, smaller_png
from ..widgets.replay.exploration import Exploration
from ..widgets.replay.training_controls import TrainingControls
from ..widgets.weights import WeightPanel
from .drawing import Axis, Curves, Drawing, Mark, Raster, Signs, Texts
from .network import network_html
from .packing import Slot, bytes_slot, points_slot, text_slot
from .quantise import curve_points, dot_points, is_dotted, sign_points
from .reading import read_figure

# Of the moment, and not of the page: the pane is not drawn yet, or could not be.
STATES = "sw-stale", "sw-failed"
MANY = 40  # frames, beyond which the orbits below a diagram have half the resolution and shades


@dataclass
class Sheet:
    """The fixed part of a page, and the slots whose contents go by the frame.

    Attributes
    ----------
    tree : dict
        Boxes, texts and figures, with the numbers of their slots.
    slots : list of Slot
    many : bool
        Whether there will be so many frames that the shades of orbits must be small.
    """

    tree: dict = field(default_factory=dict)
    slots: list[Slot] = field(default_factory=list)
    many: bool = False
    _readers: list[Callable[[Model], None]] = field(default_factory=list)

    def take(self, model: Model) -> None:
        """Add what the widget shows now as one more frame."""
        for read in self._readers:
            read(model)

    def new_slot(self, slot: Slot) -> int:
        """Add a slot; return its number."""
        self.slots.append(slot)
        return len(self.slots) - 1

    def add_text(self, text: Callable[[Model], str]) -> int:
        """Add a slot for a text; return its number."""
        slot = text_slot()
        self._readers.append(lambda model: slot.add(text(model)))
        return self.new_slot(slot)


def sheet_of(root: widgets.Widget, moving: tuple[str, ...], frames: int) -> Sheet:
    """Return the sheet of a widget whose weights `moving` have sliders; no frame is taken yet."""
    sheet = Sheet(many=frames > MANY)
    sheet.tree = _node(root, sheet, moving, "") or {"kind": "box", "children": []}
    return sheet


def _node(widget: widgets.Widget, sheet: Sheet, moving: tuple[str, ...], title: str) -> dict | None:
    if widget.layout.display == "none" or isinstance(widget, (Exploration, TrainingControls)):
        return None
    if isinstance(widget, WeightPanel):
        return _network(sheet, moving)
    if isinstance(widget, bqplot.Figure):
        return _figure(widget, sheet, title)
    if isinstance(widget, widgets.HTML):
        slot = sheet.add_text(lambda _: "" if _hidden(widget) else widget.value)
        return {"kind": "html", "slot": slot, "class": _classes(widget)}
    if isinstance(widget, widgets.Box):
        return _box(widget, sheet, moving, title)
    return None  # a control: what it chose is seen


def _box(widget: widgets.Box, sheet: Sheet, moving: tuple[str, ...], title: str) -> dict | None:
    panel = isinstance(widget, Panel)
    title = widget.figure_name.capitalize() if panel else title
    children = [_node(child, sheet, moving, title) for child in widget.children]
    children = [child for child in children if child is not None]
    if not children:
        return None
    node = {"kind": "box", "children": children, "class": _classes(widget)}
    if isinstance(widget, widgets.HBox):
        node["row"] = True
    if widget.layout.flex:
        node["flex"] = widget.layout.flex
    if panel:
        node["title"] = title
        # The message above a pane is hidden at first, and may come in a later frame.
        children.insert(0, _message(widget, sheet))
    return node


def _message(panel: Panel, sheet: Sheet) -> dict:
    slot = sheet.add_text(lambda _: panel._message.value)
    return {"kind": "html", "slot": slot, "class": ""}


def _network(sheet: Sheet, moving: tuple[str, ...]) -> dict:
    slot = sheet.add_text(lambda model: network_html(model, moving))
    return {"kind": "html", "slot": slot, "class": "sw-network"}


def _figure(figure: bqplot.Figure, sheet: Sheet, title: str) -> dict:
    first = read_figure(figure)
    axes = sheet.new_slot(text_slot())
    slots = [
        (
            sheet.new_slot(text_slot()),
            sheet.new_slot(bytes_slot() if isinstance(mark, Raster) else points_slot()),
        )
        for mark in first.marks
    ]

    def read(_model: Model) -> None:
        drawing = read_figure(figure)
        sheet.slots[axes].add(_axes(drawing))
        for mark, (style, data) in zip(drawing.marks, slots, strict=True):
            described, content = _described(mark, drawing, sheet.many)
            sheet.slots[style].add(described)
            sheet.slots[data].add(content)

    sheet._readers.append(read)
    return {
        "kind": "figure",
        "axes": axes,
        "marks": [{"style": style, "data": data} for style, data in slots],
        "height": first.height,
        "ratio": first.ratio,
        "beside": first.beside is not None,
        "class": _classes(figure),
        "title": title,
    }


def _axes(drawing: Drawing) -> dict:
    axes = {"x": drawing.x, "y": drawing.y, "beside": drawing.beside}
    return {name: _axis(axis) for name, axis in axes.items() if axis is not None}


def _axis(axis: Axis) -> dict:
    low, high = axis.limits
    places = [round(float((tick - low) / (high - low)), 5) for tick in axis.ticks]
    return {
        "label": axis.label,
        "limits": [low, high],
        "ticks": [list(pair) for pair in zip(places, axis.texts, strict=True)],
    }


def _described(mark: Mark, drawing: Drawing, many: bool) -> tuple[dict, object]:
    """Return how a mark looks, as JSON, and where it is, as what its slot takes."""
    across = drawing.x.limits
    match mark:
        case Curves():
            up = drawing.beside.limits if mark.beside else drawing.y.limits
            dotted = all(map(is_dotted, mark.points))
            quantise = dot_points if dotted else curve_points
            rows = [quantise(points, across, up) for points in mark.points]
            style = {
                "kind": "dots" if dotted else "curves",
                "lengths": [len(row) for row in rows],
                "colours": list(mark.colours),
                "opacities": [round(float(opacity), 3) for opacity in mark.opacities],
                "width": mark.width,
                "style": mark.style,
            }
            return style, rows
        case Signs():
            points, kept = sign_points(mark.points, across, drawing.y.limits)
            colours = [mark.colours[i] for i in kept]
            names = list(dict.fromkeys(colours))
            style = {
                "kind": "signs",
                "colours": names,
                "owners": [names.index(colour) for colour in colours] if len(names) > 1 else [],
                "marker": mark.marker,
                "filled": mark.filled,
                "edge": mark.edge,
                "width": mark.edge_width,
                "area": mark.area,
                "opacity": mark.opacity,
                "words": [mark.words[i] for i in kept] if mark.words else [],
            }
            return style, [points]
        case Texts():
            points, kept = sign_points(mark.points, across, drawing.y.limits)
            texts = [mark.texts[i] for i in kept]
            style = {"kind": "texts", "texts": texts, "colour": mark.colour, "size": mark.size}
            return style, [points]
        case Raster():
            edges = [_place(end, across) for end in mark.x]
            edges += [_place(end, drawing.y.limits) for end in mark.y]
            png = halved_png(mark.png) if many and is_shaded(mark.png) else mark.png
            return {"kind": "raster", "edges": edges, "smooth": mark.smooth}, smaller_png(png)
    raise TypeError(f"a {type(mark).__name__} has no place on a page")


def _place(value: float, limits: tuple[float, float]) -> float:
    low, high = limits
    return round((value - low) / (high - low), 6)


def _hidden(widget: widgets.Widget) -> bool:
    return widget.layout.display == "none"


def _classes(widget: widgets.Widget) -> str:
    return " ".join(name for name in widget._dom_classes if name not in STATES)
