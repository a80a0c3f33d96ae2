"""The cycles over the epochs: a bifurcation diagram whose axis is training time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

import ipywidgets as widgets
import numpy as np

from ...bifurcations.events import NAMES
from ...models.validation import interval
from ...training import RunBifurcations, TrainingRun
from ..diagram.branch_curves import Coordinate
from ..diagram.choice import checked_coordinate
from ..diagram.event_text import LINES
from ..html_parts import set_html
from ..palette import EVENT_MARKERS, order_colour
from ..pane import LivePane
from .cycles_marks import CyclesMarks
from .cycles_picture import CyclesPicture, Limits, compose_cycles
from .event_words import cycle_name
from .replay_live import ReplayLive, ReplayScene, as_replay, same_things

WAITING = "the cycles of all epochs are drawn here once the bifurcations are known"


class CyclesPane(LivePane):
    """Every cycle of every epoch, and every bifurcation between them.

    Solid: stable. Dashed: unstable. Hue: order, tone: which cycle of that order. The signs are the
    events. A click goes to that epoch; a box, with *Zoom*, is shown alone.

    Parameters
    ----------
    subject : TrainingRun or ReplayLive
        The bifurcations are those of the ReplayLive: alone, give ``bifurcations=``.
    coordinate : int or "norm"
        What is drawn upwards: one component of the states, or their length.
    height : str
        CSS height of the figure.
    **settings
        Settings of a `ReplayLive`.

    Attributes
    ----------
    picture : CyclesPicture or None
        What is drawn, as arrays.
    """

    _marks: CyclesMarks | None = None  # until it is built

    def __init__(
        self,
        subject: TrainingRun | ReplayLive,
        *,
        coordinate: Coordinate = 0,
        height: str = "280px",
        **settings,
    ):
        super().__init__(as_replay(subject, **settings))
        self.picture: CyclesPicture | None = None
        self._shown: tuple | None = None  # what the picture is of
        self._coordinate = checked_coordinate(self.model.M, coordinate)
        self._window: tuple[Limits, Limits | None] | None = None
        self._beside: tuple[CyclesPane, ...] = ()
        self._build_controls()
        self._marks = CyclesMarks(height, self._go, self._zoom_into)
        self.figure = self._marks.figure
        self._legend = widgets.HTML()
        self._show(self._controls, self.figure, self._legend)

    # Choices ------------------------------------------------------------------------------------

    @property
    def coordinate(self) -> Coordinate:
        """What is drawn upwards: a unit's index, or ``"norm"``."""
        return self._coordinate

    @coordinate.setter
    def coordinate(self, coordinate: Coordinate) -> None:
        coordinate = checked_coordinate(self.model.M, coordinate)
        for pane in (self, *self._beside):
            pane._coordinate = coordinate
            pane._choice.value = coordinate
            pane._window = None if pane._window is None else (pane._window[0], None)
            pane.live.refresh()

    @property
    def epochs(self) -> Limits:
        """The epochs that are shown; assign to zoom, `reset` to go back."""
        panes = (self, *self._beside)
        whole = (0.0, float(max(1, *(pane.live.run.epochs for pane in panes))))
        return whole if self._window is None else self._window[0]

    @epochs.setter
    def epochs(self, epochs: Limits) -> None:
        self._set_window((interval("epochs", epochs), None))

    def reset(self) -> None:
        """Show all epochs, and fit the window's height."""
        self._set_window(None)

    def _set_window(self, window: tuple[Limits, Limits | None] | None) -> None:
        for pane in (self, *self._beside):
            pane._window = window
            pane.live.refresh()

    def share_axes(self, other: CyclesPane) -> None:
        """Draw this pane and another one, of another run, in the same axes from now on.

        Raises
        ------
        ValueError
            If the networks differ in size, so that there are no same axes.
        """
        if self.model.M != other.model.M:
            raise ValueError(
                f"the networks must have equally many units, got {self.model.M} and {other.model.M}"
            )
        self._beside, other._beside = (*self._beside, other), (*other._beside, self)
        other._set_window(self._window)

    # Computing, on the worker -------------------------------------------------------------------

    def pictures(self, scene: ReplayScene) -> Iterator[tuple[CyclesPicture | None, tuple, int]]:
        """Yield the picture of the run, what it is of, and the present epoch."""
        window, coordinate = self._window, self._coordinate
        others = [pane.live.bifurcations for pane in self._beside]
        of = (scene.bifurcations, window, coordinate, *others)
        picture = self.picture
        if scene.bifurcations is None:
            picture = None
        elif not same_things(of, self._shown):
            picture = self._compose(scene.bifurcations, [found for found in others if found])
        yield picture, of, scene.epoch

    def _compose(self, found: RunBifurcations, others: Sequence[RunBifurcations]) -> CyclesPicture:
        epochs, limits = self._window or (None, None)
        if self._beside:
            epochs = self.epochs
        picture = compose_cycles(found, self._coordinate, epochs, limits)
        if limits is not None or not others:
            return picture
        pictures = [picture, *(compose_cycles(o, self._coordinate, epochs) for o in others)]
        low, high = np.array([p.limits for p in pictures]).T
        joint = float(low.min()), float(high.max())
        if joint == picture.limits:
            return picture
        return compose_cycles(found, self._coordinate, epochs, joint)

    # Drawing ------------------------------------------------------------------------------------

    def draw(self, picture: tuple[CyclesPicture | None, tuple, int]) -> None:
        """Set all marks whose data changed."""
        curves, of, epoch = picture
        if curves is None:
            set_html(self._legend, f'<div class="sw-legend">{WAITING}</div>')
            self.set_fresh()
            return
        if curves is not self.picture:
            self.picture, self._shown = curves, of
            set_html(self._legend, legend_html(curves))
        self._marks.draw(curves, self._coordinate, epoch)
        self.set_fresh()

    def _close_own(self) -> None:
        if self._marks is not None:
            self._marks.close()
        super()._close_own()

    # What the person does -----------------------------------------------------------------------

    def _build_controls(self) -> None:
        self._choice = widgets.Dropdown(
            options=[*((f"z[{i}]", i) for i in range(self.model.M)), ("|z|", "norm")],
            value=self._coordinate,
            description="y",
            layout={"width": "98px"},
            style={"description_width": "14px"},
        )
        self._choice.observe(self._on_choice, "value")
        self._zoom = widgets.ToggleButton(
            description="Zoom", tooltip="Draw a box: it is shown alone", layout={"width": "64px"}
        )
        self._zoom.observe(lambda change: self._marks.set_zooming(change.new), "value")
        reset = widgets.Button(
            description="Reset", tooltip="Show all epochs", layout={"width": "64px"}
        )
        reset.on_click(lambda _: self._in_callback(self.reset))
        self._controls = widgets.HBox(
            [self._choice, self._zoom, reset], layout={"flex_flow": "row wrap"}
        )
        self._controls.add_class("sw-toolbar")

    def _on_choice(self, change) -> None:
        if change.new != self._coordinate:
            self._in_callback(lambda: setattr(self, "coordinate", change.new))

    def _go(self, epoch: float) -> None:
        self._in_callback(lambda: self.live.go_to(epoch))

    def _zoom_into(self, epochs: Limits, limits: Limits) -> None:
        self._zoom.value = False

        self._in_callback(lambda: self._set_window((epochs, limits)))


def legend_html(picture: CyclesPicture) -> str:
    """Return the legend: orders with numbers of branches, lines, and the types of events."""
    items = [
        f'<span style="color:{order_colour(order)}">■</span>&nbsp;{count} {cycle_name(order)}'
        + "s" * (count > 1)
        for order, count in sorted(picture.orders.items())
    ]
    items += LINES
    for name, (points, events) in picture.signs.items():
        if points.shape[1]:
            count = len(set(map(id, events)))
            sign = f'<span class="sw-ink">{EVENT_MARKERS[name][2]}</span>'
            items.append(f"{sign}&nbsp;{count} {escape(NAMES[name])}")
    if picture.unmarked:
        items.append(f"{picture.unmarked} more events without a sign")
    return f'<div class="sw-legend">{"".join(f"<span>{item}</span>" for item in items)}</div>'
