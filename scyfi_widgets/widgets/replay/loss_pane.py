"""The loss and the gradient norm over the epochs, with the jumps and the bifurcations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html import escape

import ipywidgets as widgets

from ...bifurcations.events import NAMES
from ...training import TrainingRun, find_loss_jumps
from ..html_parts import set_html
from ..palette import EVENT_COLOURS, EVENT_MARKERS, ORBIT_COLOUR, START_COLOUR
from .epoch_pane import EpochPane
from .loss_marks import LOSS_COLOUR, LossMarks
from .loss_picture import LossPicture, compose_loss, frame_of
from .replay_live import ReplayLive, ReplayScene, same_things

JUMPS = {"down": "▼", "up": "▲"}


class LossPane(EpochPane):
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
        Settings of a `ReplayLive`; of a run, ``jumps`` are those that `find_loss_jumps` finds.

    Attributes
    ----------
    picture : LossPicture or None
        What is drawn, as arrays.
    """

    def __init__(
        self,
        subject: TrainingRun | ReplayLive,
        *,
        log: bool = True,
        persistence: bool = False,
        height: str = "280px",
        **settings,
    ):
        if isinstance(subject, TrainingRun) and "jumps" not in settings:
            settings["jumps"] = tuple(find_loss_jumps(subject.loss))
        super().__init__(subject, **settings)
        self.picture: LossPicture | None = None
        self._log, self._persistence = bool(log), bool(persistence)
        self._marks = LossMarks(height, self._go, self._zoom_into)
        self._log_toggle = self._toggle("log", "Logarithmic axis of the loss", "56px")
        self._persistence_toggle = self._toggle(
            "persistence",
            "Show border collisions in which a cycle only gets another word",
            "100px",
        )
        self._show_controls(self._log_toggle, self._persistence_toggle)

    # Choices ------------------------------------------------------------------------------------

    @property
    def log(self) -> bool:
        """Whether the axis of the loss is logarithmic."""
        return self._log

    @log.setter
    def log(self, on: bool) -> None:
        self._choose(_log=bool(on))

    @property
    def persistence(self) -> bool:
        """Whether border collisions are shown in which a cycle only gets another word."""
        return self._persistence

    @persistence.setter
    def persistence(self, on: bool) -> None:
        self._choose(_persistence=bool(on))

    def _show_choices(self) -> None:
        self._log_toggle.value, self._persistence_toggle.value = self._log, self._persistence

    def _toggle(self, name: str, tooltip: str, width: str) -> widgets.ToggleButton:
        button = widgets.ToggleButton(
            description=name, value=getattr(self, name), tooltip=tooltip, layout={"width": width}
        )
        button.observe(lambda change: self._on_choice(name, change.new), "value")
        return button

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
