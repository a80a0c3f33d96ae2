"""The loss and the gradient norm over the epochs, with the jumps and the bifurcations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html import escape

import ipywidgets as widgets

from ...bifurcations.events import NAMES
from ...models.validation import interval
from ...training import TrainingRun
from ..html_parts import set_html
from ..palette import EVENT_COLOURS, EVENT_MARKERS, ORBIT_COLOUR, START_COLOUR
from ..pane import LivePane
from .loss_marks import LOSS_COLOUR, LossMarks
from .loss_picture import Limits, LossPicture, compose_loss, frame_of
from .replay_live import ReplayLive, ReplayScene, as_replay, same_things

JUMPS = {"down": "▼", "up": "▲"}


class LossPane(LivePane):
    """The loss of a training and its gradient norm, with every jump and every bifurcation.

    The triangles above are the loss jumps; the rows of ticks below are the bifurcations, a row and
    a colour a type. A click goes to that epoch; a box, with *Zoom*, shows its epochs alone.

    Parameters
    ----------
    subject : TrainingRun or ReplayLive
    log : bool
        Whether the axis of the loss is logarithmic; that of the gradient norm always is.
    persistence : bool
        Whether border collisions are shown in which a cycle only gets another word.
    height : str
        CSS height of the figure.
    **settings
        Settings of a `ReplayLive`.

    Attributes
    ----------
    picture : LossPicture or None
        What is drawn, as arrays.
    """

    _marks: LossMarks | None = None  # until it is built

    def __init__(
        self,
        subject: TrainingRun | ReplayLive,
        *,
        log: bool = True,
        persistence: bool = False,
        height: str = "280px",
        **settings,
    ):
        super().__init__(as_replay(subject, **settings))
        self.picture: LossPicture | None = None
        self._composed: tuple | None = None  # the last picture, and what it is of
        self._log, self._persistence = bool(log), bool(persistence)
        self._window: Limits | None = None
        self._beside: tuple[LossPane, ...] = ()
        self._build_controls()
        self._marks = LossMarks(height, self._go, lambda x, _y: self._zoom_into(x))
        self.figure = self._marks.figure
        self._legend = widgets.HTML()
        self._show(self._controls, self.figure, self._legend)

    # Choices ------------------------------------------------------------------------------------

    @property
    def log(self) -> bool:
        """Whether the axis of the loss is logarithmic."""
        return self._log

    @log.setter
    def log(self, on: bool) -> None:
        for pane in (self, *self._beside):
            pane._log = bool(on)
            pane._log_toggle.value = pane._log
            pane.live.refresh()

    @property
    def persistence(self) -> bool:
        """Whether border collisions are shown in which a cycle only gets another word."""
        return self._persistence

    @persistence.setter
    def persistence(self, on: bool) -> None:
        for pane in (self, *self._beside):
            pane._persistence = bool(on)
            pane._persistence_toggle.value = pane._persistence
            pane.live.refresh()

    @property
    def epochs(self) -> Limits:
        """The epochs that are shown; assign to zoom, `reset` to go back."""
        panes = (self, *self._beside)
        return self._window or (0.0, float(max(1, *(pane.live.run.epochs for pane in panes))))

    @epochs.setter
    def epochs(self, epochs: Limits) -> None:
        self._set_window(interval("epochs", epochs))

    def reset(self) -> None:
        """Show all epochs."""
        self._set_window(None)

    def _set_window(self, window: Limits | None) -> None:
        for pane in (self, *self._beside):
            pane._window = window
            pane.live.refresh()

    def share_axes(self, other: LossPane) -> None:
        """Draw this pane and another one, of another run, in the same axes from now on."""
        self._beside, other._beside = (*self._beside, other), (*other._beside, self)
        other._set_window(self._window)

    # Computing, on the worker -------------------------------------------------------------------

    def pictures(self, scene: ReplayScene) -> Iterator[tuple[LossPicture, int, float]]:
        """Yield the picture of the run, and where the present epoch is."""
        window, log, persistence = self._window, self._log, self._persistence
        own = (scene.run, scene.bifurcations)
        others = [(pane.live.run, pane.live.bifurcations) for pane in self._beside]
        of = (*own, scene.jumps, window, log, persistence, *(part for o in others for part in o))
        picture, known = self._composed or (None, None)
        if not same_things(of, known):
            types = EVENT_MARKERS if persistence else None
            frame = frame_of([own, *others], window, log, types)
            picture = compose_loss(own[0], scene.jumps, own[1], types=types, frame=frame)
            self._composed = picture, of
        yield picture, scene.epoch, picture.loss_height(scene.run, scene.epoch)

    # Drawing ------------------------------------------------------------------------------------

    def draw(self, picture: tuple[LossPicture, int, float]) -> None:
        """Set all marks whose data changed."""
        curves, epoch, height = picture
        if curves is not self.picture:
            self.picture = curves
            set_html(self._legend, legend_html(curves))
        self._marks.draw(curves, epoch, height)
        self.set_fresh()

    def _close_own(self) -> None:
        if self._marks is not None:
            self._marks.close()
        super()._close_own()

    # What the person does -----------------------------------------------------------------------

    def _build_controls(self) -> None:
        def toggle(name: str, value: bool, tooltip: str, width: str) -> widgets.ToggleButton:
            return widgets.ToggleButton(
                description=name, value=value, tooltip=tooltip, layout={"width": width}
            )

        self._log_toggle = toggle("log", self._log, "Logarithmic axis of the loss", "56px")
        self._persistence_toggle = toggle(
            "persistence",
            self._persistence,
            "Show border collisions in which a cycle only gets another word",
            "100px",
        )
        self._zoom = toggle("Zoom", False, "Draw a box: its epochs are shown alone", "64px")
        reset = widgets.Button(
            description="Reset", tooltip="Show all epochs", layout={"width": "64px"}
        )
        for name, button in (("log", self._log_toggle), ("persistence", self._persistence_toggle)):
            button.observe(lambda change, name=name: self._on_toggle(name, change.new), "value")
        self._zoom.observe(lambda change: self._marks.set_zooming(change.new), "value")
        reset.on_click(lambda _: self._in_callback(self.reset))
        self._controls = widgets.HBox(
            [self._log_toggle, self._persistence_toggle, self._zoom, reset],
            layout={"flex_flow": "row wrap"},
        )
        self._controls.add_class("sw-toolbar")

    def _on_toggle(self, name: str, value: bool) -> None:
        if value != getattr(self, name):
            self._in_callback(lambda: setattr(self, name, value))

    def _go(self, epoch: float) -> None:
        self._in_callback(lambda: self.live.go_to(epoch))

    def _zoom_into(self, epochs: Limits) -> None:
        self._zoom.value = False
        self._in_callback(lambda: setattr(self, "epochs", epochs))


def legend_html(picture: LossPicture) -> str:
    """Return the legend: both curves, the jumps, and the types of events with their numbers."""
    items = [
        f'<span style="color:{LOSS_COLOUR}">━</span> loss',
        f'<span style="color:{ORBIT_COLOUR}">━</span> gradient norm',
    ]
    if picture.jumps[1]:
        ways = Counter(jump.direction for jump in picture.jumps[1])
        items += [
            f'<span style="color:{START_COLOUR}">{JUMPS[way]}</span>&nbsp;{count} '
            f"{'jump' if count == 1 else 'jumps'} {way}"
            for way, count in sorted(ways.items())
        ]
    for name, ticks in picture.ticks.items():
        count = (ticks.shape[1] + 1) // 3
        items.append(
            f'<span style="color:{EVENT_COLOURS[name]}">{EVENT_MARKERS[name][2]}</span>'
            f"&nbsp;{count} {escape(NAMES[name])}"
        )
    if picture.unmarked:
        items.append(f"{picture.unmarked} of them with a tick alone")
    return f'<div class="sw-legend">{"".join(f"<span>{item}</span>" for item in items)}</div>'
