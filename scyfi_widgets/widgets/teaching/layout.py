"""What the figures of a lecture share: their sliders, a figure with words beside it, cycles."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets

from ...cycles import CycleSet, find_cycles
from ...models import Model
from ..live import Live
from ..pane import Panel
from ..scene import Scene, first_nodes
from ..weights import WeightPanel
from .family import Family, FamilySliders
from .weight_row import WeightRow

MOST_WEIGHTS = 12  # of a network whose sliders stand above its figure, unless a person says so


Sliders = bool | Sequence[str] | None


def weights_above(subject: Model | Live | Family, live: Live, wanted: Sliders) -> tuple[Panel, ...]:
    """Return the sliders that stand above a figure, or nothing.

    Parameters
    ----------
    subject : Model, Live or function
        What the figure was made of.
    live : Live
        That of the figure.
    wanted : bool or sequence of str, optional
        All weights, none, or those with these names. By default a small network has all, so that
        its figure is one line of code, and the `Live` of another pane none: the sliders are there.
        A function that makes networks has sliders for its parameters.
    """
    if wanted in (None, True) and not isinstance(subject, (Model, Live)):
        return (FamilySliders(live, subject),)
    if wanted is None:
        size = sum(array.size for array in live.model.parameters.values())
        wanted = not isinstance(subject, Live) and size <= MOST_WEIGHTS
    if isinstance(wanted, str):
        wanted = [wanted]
    if isinstance(wanted, bool):
        return (WeightPanel(live),) if wanted else ()
    return (WeightRow(live, wanted),) if wanted else ()


def beside(figure: widgets.Widget, side: list[widgets.Widget], width: str) -> widgets.HBox:
    """Return a figure of about a `width` with controls and words beside it, or below in a column.

    A narrow page breaks the row.
    """
    figure.layout.width = "auto"
    figure.layout.flex = f"1 1 {width}"
    words = widgets.VBox(
        side, layout={"flex": "1 1 280px", "min_width": "0", "align_items": "flex-start"}
    )
    words.add_class("sw-side")
    return widgets.HBox(
        [figure, words], layout={"flex_flow": "row wrap", "align_items": "flex-start"}
    )


def cycles_up_to(scene: Scene, order: int) -> CycleSet:
    """Return the cycles of a scene up to an order, which may be above the scene's own."""
    if scene.max_order >= order:
        return scene.cycles
    return find_cycles(
        scene.model,
        order,
        seed=scene.seed,
        time_limit=scene.time_limit,
        node_limit=first_nodes(scene.model, order),
        cancel=scene.cancel,
    )
