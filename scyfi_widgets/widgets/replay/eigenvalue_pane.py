"""The eigenvalues of the cycles on the unit circle, with the trail of those before."""

from __future__ import annotations

from collections.abc import Iterator

import bqplot
import ipywidgets as widgets
import numpy as np

from ...cycles.cycle_set import format_number
from ...training import RunBifurcations, TrainingRun
from ..html_parts import set_html
from ..marks import new_figure, set_mark
from ..palette import INK_COLOUR, ORBIT_COLOUR, ORDER_COLOURS
from ..pane import LivePane
from ..picture import EMPTY
from ..ticks import round_ticks
from .eigenvalue_picture import AGES, TRAIL, EigenvaluePicture, compose_eigenvalues
from .event_words import cycle_name
from .replay_live import ReplayLive, ReplayScene, as_replay, continues

MOST_KEPT = 2000  # epochs whose eigenvalues are kept for the trail
ROUND = 1.06  # width over height of a figure that, without its margins, is about square
CIRCLE = np.stack([f(np.linspace(0.0, 2.0 * np.pi, 181)) for f in (np.cos, np.sin)])


class EigenvaluePane(LivePane):
    """The eigenvalues, once around, of every cycle of the epoch.

    Filled: of cycles that attract, with a fading trail of the epochs before. Hollow: of the others.
    On the circle a cycle loses its stability: at +1 in a degenerate transcritical bifurcation, at
    -1 in a degenerate flip, elsewhere in a centre. Colour: order.

    Parameters
    ----------
    subject : TrainingRun or ReplayLive
    height : str
        CSS height of the figure.
    **settings
        Settings of a `ReplayLive`.

    Attributes
    ----------
    picture : EigenvaluePicture or None
        What is drawn, as arrays.
    """

    def __init__(self, subject: TrainingRun | ReplayLive, *, height: str = "380px", **settings):
        super().__init__(as_replay(subject, **settings))
        self.picture: EigenvaluePicture | None = None
        self._past: dict[int, np.ndarray] = {}
        self._past_of: TrainingRun | None = None
        self._build_figure(height)
        self._legend = widgets.HTML()
        self._show(self.figure, self._legend)

    # Computing, on the worker -------------------------------------------------------------------

    def pictures(self, scene: ReplayScene) -> Iterator[EigenvaluePicture]:
        """Yield the picture of the cycles of the epoch."""
        for number, (cycles, _) in enumerate(scene.growing_cycles()):
            if number:
                continue  # what a proof still finds does not attract a slider's attention here
            past = self._past_for(scene)
            stable = [c.eigenvalues[np.isfinite(c.eigenvalues)] for c in cycles.stable]
            kept = {**self._past, scene.epoch: np.concatenate([np.empty(0, complex), *stable])}
            while len(kept) > MOST_KEPT:
                del kept[next(iter(kept))]
            self._past = kept  # replaced and not changed: another worker may read it
            yield compose_eigenvalues(cycles, past, scene.epoch)

    def _past_for(self, scene: ReplayScene) -> dict[int, np.ndarray]:
        """Return what attracted before: what is known exactly, and what was drawn after that."""
        if scene.run is not self._past_of:
            if not continues(scene.run, self._past_of):
                self._past = {}
            self._past_of = scene.run
        found = scene.bifurcations
        if found is None:
            return self._past
        drawn = {e: values for e, values in self._past.items() if e > found.known_up_to}
        return {**past_of(found, scene.epoch), **drawn}

    # Drawing ------------------------------------------------------------------------------------

    def draw(self, picture: EigenvaluePicture) -> None:
        """Set all marks whose data changed."""
        self.picture = picture
        size = picture.size
        for axis in self._axes:
            scale = axis.scale
            if scale.max != size:
                with scale.hold_sync():
                    scale.min, scale.max = -size, size
                axis.tick_values = round_ticks(-size, size)
        set_mark(self._trail, picture.trail)
        for scatter, (points, colours, _) in (
            (self._others, picture.others),
            (self._attracting, picture.attracting),
        ):
            set_mark(scatter, points, color=colours)
        set_html(self._legend, legend_html(picture))
        self.set_fresh()

    def _build_figure(self, height: str) -> None:
        x, y = (bqplot.LinearScale(min=-1.15, max=1.15) for _ in "xy")
        colour = bqplot.OrdinalColorScale(
            colors=list(ORDER_COLOURS), domain=list(range(len(ORDER_COLOURS)))
        )
        plane = {"x": x, "y": y}

        def line(points, colour, width, **settings):
            return bqplot.Lines(
                x=points[0],
                y=points[1],
                scales=plane,
                stroke_width=width,
                interactions={},
                **{"colors": [colour], **settings},
            )

        circle = line(CIRCLE, INK_COLOUR, 1.2, opacities=[0.8])
        far = 10.0
        cross = np.array([[-far, far, np.nan, 0.0, 0.0], [0.0, 0.0, np.nan, -far, far]])
        axes = line(cross, ORBIT_COLOUR, 0.8, opacities=[0.5], line_style="dashed")
        self._trail = line(
            (EMPTY, EMPTY),
            ORBIT_COLOUR,
            4.0,
            colors=[ORBIT_COLOUR] * AGES,
            opacities=list(np.linspace(0.15, 0.75, AGES)),
        )

        def scatter(filled: bool, size: int) -> bqplot.Scatter:
            mark = bqplot.Scatter(
                x=EMPTY,
                y=EMPTY,
                color=EMPTY,
                scales={**plane, "color": colour},
                marker="circle" if filled else "diamond",
                fill=filled,
                default_size=size,
                stroke_width=1.8,
                tooltip=widgets.HTML(),
            )
            mark.on_hover(lambda _, event: self._describe(mark, event))
            return mark

        self._others, self._attracting = scatter(False, 44), scatter(True, 64)
        marks = [axes, circle, self._trail, self._others, self._attracting]
        self.figure, self._axes = new_figure(marks, x, y, height)
        self.figure.min_aspect_ratio = self.figure.max_aspect_ratio = ROUND
        for axis, label in zip(self._axes, ("Re λ", "Im λ"), strict=True):
            axis.label = label

    def _describe(self, mark: bqplot.Scatter, hover: dict) -> None:
        if self.picture is None:
            return
        shown = self.picture.attracting if mark is self._attracting else self.picture.others
        index = hover.get("data", {}).get("index", -1)
        if 0 <= index < len(shown[2]):
            cycle = shown[2][index]
            values = ", ".join(format_number(value) for value in cycle.eigenvalues[:4])
            mark.tooltip.value = f"<b>{cycle.stability} {cycle_name(cycle.order)}</b><br>λ {values}"


def past_of(found: RunBifurcations, epoch: int) -> dict[int, np.ndarray]:
    """Return the eigenvalues of what attracted in the networks before an epoch."""
    record = found.cycles
    place = int(np.searchsorted(found.epochs, epoch))
    past = {}
    for before in found.epochs[max(0, place - TRAIL) : place]:
        rows = record.rows_at(before)
        past[int(before)] = record.eigenvalues[rows[record.stable[rows]]].ravel()
    return past


def legend_html(picture: EigenvaluePicture) -> str:
    """Return the legend: what is filled and hollow, and the largest modulus of what attracts."""
    items = ["● attracting", "◇ others", "grey: the epochs before"]
    values = picture.attracting[0]
    if values.shape[1]:
        items.append(f"largest |λ| of what attracts {np.hypot(*values).max():.4g}")
    else:
        items.append("no cycle attracts")
    if picture.outside:
        items.append(f"{picture.outside} eigenvalues lie outside this window")
    return f'<div class="sw-legend">{"".join(f"<span>{item}</span>" for item in items)}</div>'
