"""The cycles over the epochs: a bifurcation diagram whose axis is training time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

import ipywidgets as widgets
import numpy as np

from ...bifurcations.events import NAMES
from ...training import RunBifurcations, TrainingRun
from ..diagram.branch_curves import Coordinate
from ..diagram.choice import checked_coordinate, coordinate_options
from ..diagram.event_text import LINES
from ..html_parts import set_html
from ..palette import EVENT_MARKERS, order_colour
from .cycles_marks import CyclesMarks
from .cycles_picture import CyclesPicture, Limits, compose_cycles
from .epoch_pane import EpochPane
from .event_words import cycle_name
from .replay_live import ReplayLive, ReplayScene, same_things

WAITING = "the cycles of all epochs are drawn here once the bifurcations are known"


class CyclesPane(EpochPane):
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

    def __init__(
        self,
        subject: TrainingRun | ReplayLive,
        *,
        coordinate: Coordinate = 0,
        height: str = "280px",
        **settings,
    ):
        super().__init__(subject, **settings)
        self.picture: CyclesPicture | None = None
        self._coordinate = checked_coordinate(self.model.M, coordinate)
        self._limits: Limits | None = None  # the window's height; None where it is fitted
        self._marks = CyclesMarks(height, self._go, self._zoom_into)
        self._choice = widgets.Dropdown(
            options=coordinate_options(self.model.M),
            value=self._coordinate,
            description="y",
            layout={"width": "98px"},
            style={"description_width": "14px"},
        )
        self._choice.observe(lambda change: self._on_choice("coordinate", change.new), "value")
        self._show_controls(self._choice)

    # Choices ------------------------------------------------------------------------------------

    @property
    def coordinate(self) -> Coordinate:
        """What is drawn upwards: a unit's index, or ``"norm"``."""
        return self._coordinate

    @coordinate.setter
    def coordinate(self, coordinate: Coordinate) -> None:
        self._choose(_coordinate=checked_coordinate(self.model.M, coordinate), _limits=None)

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
        super().share_axes(other)

    def _set_window(self, window: Limits | None) -> None:
        self._choose(_window=window, _limits=None)

    def _set_box(self, epochs: Limits, limits: Limits) -> None:
        self._choose(_window=epochs, _limits=limits)

    def _show_choices(self) -> None:
        self._choice.value = self._coordinate

    # Computing, on the worker -------------------------------------------------------------------

    def pictures(self, scene: ReplayScene) -> Iterator[tuple[CyclesPicture | None, int]]:
        """Yield the picture of the run, and the present epoch."""
        others = [pane.live.bifurcations for pane in self._beside]
        of = (scene.bifurcations, self._window, self._limits, self._coordinate, *others)
        picture, known = self._composed or (None, None)
        if scene.bifurcations is None:
            picture = None
        elif not same_things(of, known):
            picture = self._compose(scene.bifurcations, [found for found in others if found])
            self._composed = picture, of
        yield picture, scene.epoch

    def _compose(self, found: RunBifurcations, others: Sequence[RunBifurcations]) -> CyclesPicture:
        epochs, limits = self._window, self._limits
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

    def draw(self, picture: tuple[CyclesPicture | None, int]) -> None:
        """Set all marks whose data changed."""
        curves, epoch = picture
        if curves is None:
            set_html(self._legend, f'<div class="sw-legend">{WAITING}</div>')
        else:
            if curves is not self.picture:
                self.picture = curves
                set_html(self._legend, legend_html(curves))
            self._marks.draw(curves, self._coordinate, epoch)
        self.set_fresh()


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
