"""The weights, laid out as the matrices they are."""

from __future__ import annotations

import math
from functools import partial

import bqplot
import ipywidgets as widgets
import numpy as np
from bqplot.traits import array_serialization
from traittypes import Array

from ..models import Model
from ..models.names import format_name
from .live import Live
from .pane import Panel, close_tree
from .weight_slider import WeightSlider

MOST_SLIDERS = 24  # weights up to which each one has a slider; beyond, a map of each matrix
NEGATIVE, ZERO, POSITIVE = "#2166AC", "#F7F7F7", "#B2182B"


class WeightPanel(Panel):
    """Sliders for the weights of a network.

    A small network has a slider for every entry, in the places of the matrices. A larger one has a
    map of every matrix: a click on an entry opens its slider.

    Parameters
    ----------
    subject : Model or Live
    limits : dict of array name to (low, high), optional
        Ends of the sliders; by default symmetric and wide enough for twice what is there.
    **settings
        Settings of a `Live`.

    Attributes
    ----------
    sliders : dict of str to WeightSlider
        By the weight's name, those that are open.
    """

    def __init__(
        self,
        subject: Model | Live,
        limits: dict[str, tuple[float, float]] | None = None,
        **settings,
    ):
        super().__init__(subject, **settings)
        self._given_limits = dict(limits or {})
        self.sliders: dict[str, WeightSlider] = {}
        self._maps: dict[str, MatrixMap] = {}
        self._equation = widgets.HTML()
        self._equation.add_class("sw-equation")
        self._body = widgets.Box(layout={"flex_flow": "row wrap", "align_items": "flex-start"})
        self._opened = widgets.VBox(layout={"flex": "1 1 240px"})
        both = widgets.HBox([self._body, self._opened], layout={"flex_flow": "row wrap"})
        self._show(self._equation, both)
        self._build(self.model)
        self._watch(self._follow, "model")

    # Opening and closing sliders ----------------------------------------------------------------

    @property
    def opened(self) -> tuple[str, ...]:
        """The names of the weights that have a slider now."""
        return tuple(self.sliders)

    def open_slider(self, name: str) -> None:
        """Open the slider of a weight.

        Raises
        ------
        KeyError
            If there is no such weight.
        """
        value = self.model[name]
        if not isinstance(value, float):
            raise KeyError(f"{name!r} is a whole array; name one entry, such as {name}[0]")
        name = "".join(name.split())
        if name in self.sliders:
            return
        slider = self._slider(name, value)
        shut = widgets.Button(icon="times", tooltip=f"Close {name}", layout={"width": "34px"})
        shut.on_click(lambda _: self.close_slider(name))
        row = widgets.HBox([slider, shut], layout={"align_items": "flex-end"})
        row.add_class("sw-row")
        self._opened.children = (*self._opened.children, row)

    def close_slider(self, name: str) -> None:
        """Close the slider of a weight that was opened from a map; the weight keeps its value."""
        slider = self.sliders.get(name)
        for row in self._opened.children:
            if slider is not None and row.children[0] is slider:
                del self.sliders[name]
                self._opened.children = tuple(r for r in self._opened.children if r is not row)
                close_tree(row)

    # Building -----------------------------------------------------------------------------------

    def _build(self, model: Model) -> None:
        old = (*self._body.children, *self._opened.children)
        self.sliders, self._maps = {}, {}
        self._structure = _structure(model)
        self._limits = {
            name: self._given_limits.get(name, default_limits(array))
            for name, array in model.parameters.items()
        }
        self._equation.value = model.equation
        small = sum(array.size for array in model.parameters.values()) <= MOST_SLIDERS
        block = self._slider_block if small else self._map_block
        self._opened.children = ()
        self._body.children = tuple(block(*item) for item in model.parameters.items())
        for widget in old:
            close_tree(widget)
        if not small:
            self.open_slider(largest_weight(model))

    def _slider_block(self, array_name: str, array: np.ndarray) -> widgets.Widget:
        rows = np.atleast_2d(array.T).T
        cells = [
            self._slider(format_name(array_name, index), float(array[index]))
            for index in np.ndindex(array.shape)
        ]
        grid = widgets.GridBox(
            cells, layout={"grid_template_columns": f"repeat({rows.shape[1]}, auto)"}
        )
        grid.add_class("sw-array")
        return widgets.VBox([_array_title(array_name, array), grid], layout={"margin": "0 6px 0 0"})

    def _slider(self, name: str, value: float) -> WeightSlider:
        slider = WeightSlider(name, value, self._limits[name.split("[")[0]])
        slider.observe(partial(self._on_slider, name), "value")
        self.sliders[name] = slider
        return slider

    def _map_block(self, array_name: str, array: np.ndarray) -> widgets.Widget:
        rows = _map_rows(array)
        largest = float(np.abs(array).max()) or 1.0
        colour = bqplot.ColorScale(
            min=-largest, max=largest, mid=0.0, colors=[NEGATIVE, ZERO, POSITIVE]
        )
        heat = MatrixMap(
            color=rows,
            scales={"color": colour},
            stroke="transparent",
        )
        heat.on_element_click(partial(self._on_cell, array_name))
        self._maps[array_name] = heat
        cell = max(9, min(24, 240 // max(rows.shape)))
        margin = {"top": 2, "bottom": 2, "left": 2, "right": 2}
        figure = bqplot.Figure(
            marks=[heat],
            fig_margin=margin,
            padding_x=0.0,
            padding_y=0.0,
            display_toolbar=False,
            layout={
                "width": f"{max(rows.shape[1] * cell, 20) + 4}px",
                "height": f"{rows.shape[0] * cell + 4}px",
            },
        )
        figure.add_class("sw-figure")
        figure.add_class(f"sw-map-{array_name}")
        return widgets.VBox(
            [_array_title(array_name, array), figure], layout={"margin": "0 6px 0 0"}
        )

    # What the person does, and what others do ---------------------------------------------------

    def _on_slider(self, name: str, change) -> None:
        if self.sliders.get(name) is not change.owner or self.model[name] == change.new:
            return
        try:
            with self.live.in_callback():
                self.live.move({name: change.new}, gesture=None if change.owner.typed else name)
            self.say("")
        except (TypeError, ValueError) as error:
            self.say(str(error))

    def _on_cell(self, array_name: str, _mark, event) -> None:
        place = (int(event["data"]["row"]), int(event["data"]["column"]))
        self.open_slider(format_name(array_name, place[: self.model[array_name].ndim]))

    def _follow(self, _change) -> None:
        model = self.model  # not the change's: another thread may have set a newer one meanwhile
        if _structure(model) != self._structure:
            self._build(model)
            return
        for name, slider in tuple(self.sliders.items()):
            value = model[name]
            if slider.value != value:
                slider.value = value
        for name, heat in self._maps.items():
            rows = _map_rows(model.parameters[name])
            if not np.array_equal(rows, heat.color):
                heat.color = rows


class MatrixMap(bqplot.GridHeatMap):
    """A heat map that takes a single column as it is; bqplot's own squeezes it to nothing."""

    color = Array(None, allow_none=True).tag(
        sync=True, scaled=True, rtype="Color", atype="bqplot.ColorAxis", **array_serialization
    )


def _structure(model: Model) -> tuple:
    shapes = tuple((name, array.shape) for name, array in model.parameters.items())
    return type(model), shapes, tuple(model.options.items())


def _map_rows(array: np.ndarray) -> np.ndarray:
    """Return what a map draws, (rows, columns): a vector is one column."""
    return array if array.ndim == 2 else array[:, None]


def default_limits(array: np.ndarray) -> tuple[float, float]:
    """Return symmetric ends at 1, 2 or 5 times a power of ten, at least twice the largest entry."""
    wanted = max(1.0, 2.0 * min(float(np.abs(array).max()), 1e300))
    power = 10.0 ** math.floor(math.log10(wanted))
    end = next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= wanted)
    return -end, end


def largest_weight(model: Model) -> str:
    """Return the name of the largest entry of the first matrix: the slider that is open first."""
    name, array = next(
        (item for item in model.parameters.items() if item[1].ndim == 2),
        next(iter(model.parameters.items())),
    )
    index = np.unravel_index(np.abs(array).argmax(), array.shape)
    return format_name(name, tuple(int(i) for i in index))


def _array_title(name: str, array: np.ndarray) -> widgets.HTML:
    size = "×".join(map(str, array.shape))
    title = widgets.HTML(f'{name} <span class="sw-name">{size}</span>')
    title.add_class("sw-array-name")
    return title
