"""The eigenvalues of the cycles on the unit circle, with the trail of those before."""

from __future__ import annotations

from collections.abc import Iterator

import ipywidgets as widgets
import numpy as np

from ...training import RunBifurcations, TrainingRun
from ..html_parts import set_html
from ..pane import LivePane
from ..snapshot import Snapshot
from ..unit_circle.figure import UnitCircle
from ..unit_circle.points import TRAIL
from .eigenvalue_picture import EigenvaluePicture, compose_eigenvalues
from .replay_live import ReplayLive, ReplayScene, as_replay, continues

MOST_KEPT = 2000  # epochs whose eigenvalues are kept for the trail
GROUPS = {"others": ("diamond", False, 44), "attracting": ("circle", True, 64)}


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

    figure_name = "eigenvalues"

    def __init__(self, subject: TrainingRun | ReplayLive, *, height: str = "380px", **settings):
        super().__init__(as_replay(subject, **settings))
        self.picture: EigenvaluePicture | None = None
        self._past: dict[int, np.ndarray] = {}
        self._past_of: TrainingRun | None = None
        self._circle = UnitCircle(GROUPS, height)
        self.figure = self._circle.figure
        self._legend = widgets.HTML()
        controls = widgets.HBox([Snapshot(self.figure_name)])
        controls.add_class("sw-toolbar")
        self._show(controls, self.figure, self._legend)

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
        groups = {"others": picture.others, "attracting": picture.attracting}
        self._circle.draw(picture.size, picture.trail, groups)
        set_html(self._legend, legend_html(picture))
        self.set_fresh()


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
