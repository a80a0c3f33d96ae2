"""Two trainings on one clock, in the same axes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from html import escape

import ipywidgets as widgets

from ...models.validation import real_array
from ...training import RunBifurcations, TrainingRun
from ..html_parts import set_html
from ..pane import Panel
from .compare_summary import RunSummary, summary_html, summary_of
from .replay import SECONDS, TrainingReplay, checked_panes
from .transport import Transport

LABELS = ("free running", "generalised teacher forcing")
PANES = ("loss", "cycles", "state space", "eigenvalues")
SETTLING = 2.0  # s that both runs' first pictures are waited for, to give them one window


class Comparison(Panel):
    """Two trainings side by side: one clock, the same axes, and what happened in each.

    The shorter run stays at its end. What is zoomed, chosen or clicked in a pane holds for its
    neighbour too.

    Parameters
    ----------
    run_a, run_b : TrainingRun
    labels : pair of str
    panes : sequence of str, optional
        Which panes are shown and in which order, of those of `TrainingReplay`.
    max_order : int, optional
        Cycles are shown, and bifurcations sought, up to this order; by default by size.
    bifurcations : bool or pair of RunBifurcations
        True looks for them in the background, False not at all.
    window : float
        Epochs between a jump and a bifurcation that belong together, see `jump_association`.
    epoch : int
        The first one shown.
    speed : float, optional
        Epochs a second; by default the longer run plays for twenty seconds.
    **settings
        Settings of a `ReplayLive`.

    Attributes
    ----------
    replays : pair of TrainingReplay
        One for each run; what is in them can be scripted.
    panes : dict of str to pair of panes
    transport : Transport
        The clock.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of its kind, or does not fit both runs.
    """

    def __init__(
        self,
        run_a: TrainingRun,
        run_b: TrainingRun,
        *,
        labels: Sequence[str] = LABELS,
        panes: Iterable[str] | None = None,
        max_order: int | None = None,
        bifurcations: bool | Sequence[RunBifurcations] = True,
        window: float = 5.0,
        epoch: int = 0,
        speed: float | None = None,
        **settings,
    ):
        runs = (run_a, run_b)
        for name, run in zip(("run_a", "run_b"), runs, strict=True):
            if not isinstance(run, TrainingRun):
                raise TypeError(f"{name} must be a TrainingRun, got {type(run).__name__}")
        self.labels = _checked_labels(labels)
        names = checked_panes(PANES if panes is None else panes)
        self.window = _checked_window(window)
        found = _checked_bifurcations(bifurcations)
        opened: list[TrainingReplay] = []
        try:
            for run, known in zip(runs, found, strict=True):
                opened.append(
                    TrainingReplay(
                        run,
                        panes=names,
                        max_order=max_order,
                        bifurcations=known,
                        epoch=run.nearest_saved(min(epoch, run.epochs)),
                        **settings,
                    )
                )
        except BaseException:
            for replay in opened:
                replay.close()
            raise
        self.replays: tuple[TrainingReplay, TrainingReplay] = tuple(opened)
        super().__init__(self.replays[0].live)
        self.panes = {name: tuple(r.panes[name] for r in self.replays) for name in names}
        self._summaries: tuple[RunSummary, ...] = ()
        last = max(run.epochs for run in runs)
        self.transport = Transport(
            speed=speed or max(1.0, last / SECONDS), epochs=last, epoch=min(epoch, last)
        )
        self.transport.observe(self._on_transport, "epoch")
        self._observed: list[tuple] = []
        for replay, other in (self.replays, self.replays[::-1]):
            found = partial(self._on_found, other)
            for handler, names in (
                (self._on_epoch, ["epoch"]),
                (found, ["run", "jumps", "bifurcations"]),
            ):
                replay.live.observe(handler, names)
                self._observed.append((replay.live, handler, names))
        self._lay_out()
        self._share_axes()
        self._tell()

    # Scripting ----------------------------------------------------------------------------------

    @property
    def epoch(self) -> int:
        """The epoch of the clock; assign to go there."""
        return self.transport.epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        self.transport.epoch = epoch

    @property
    def summaries(self) -> tuple[RunSummary, ...]:
        """Both trainings in numbers, as far as they are known."""
        return self._summaries

    def play(self, speed: float | None = None) -> None:
        """Play from the present epoch, `speed` epochs a second; the browser is the clock."""
        if speed is not None:
            self.transport.speed = speed
        self.transport.playing = True

    def pause(self) -> None:
        """Stop where it is."""
        self.transport.playing = False

    def wait(self, timeout: float | None = None, finest: bool = False) -> bool:
        """Wait until all panes show the present epoch; return whether they do.

        With `finest`, wait also for the finest pictures and until the bifurcations are known.
        """
        one, other = (replay.wait(timeout, finest) for replay in self.replays)
        return one and other

    def close(self) -> None:
        """End the searches and close every widget that the comparison opened."""
        super().close()

    def _close_own(self) -> None:
        if not self._left:
            for live, handler, names in self._observed:
                live.unobserve(handler, names)
            for replay in self.replays:
                replay.close()
        super()._close_own()

    def __repr__(self) -> str:
        return "\n".join(summary.statement for summary in self._summaries)

    # Following ----------------------------------------------------------------------------------

    def _on_transport(self, change) -> None:
        self._in_callback(lambda: self._go_to(change.new))

    def _go_to(self, epoch: int) -> None:
        for replay in self.replays:
            run = replay.live.run
            there = run.nearest_saved(min(epoch, run.epochs))
            if there != replay.live.epoch:
                with replay.live.in_callback():
                    replay.live.epoch = there

    def _on_epoch(self, change) -> None:
        run = change.owner.run
        if run.nearest_saved(min(self.transport.epoch, run.epochs)) != change.new:
            self.transport.epoch = change.new

    def _on_found(self, other: TrainingReplay, _change) -> None:
        self._tell()
        if self.replays[0].model.M == self.replays[1].model.M:
            other.live.refresh()  # its axes are for both

    # Showing ------------------------------------------------------------------------------------

    def _tell(self) -> None:
        lives = [replay.live for replay in self.replays]
        self._summaries = tuple(
            summary_of(label, live.run, live.jumps, live.bifurcations, self.window)
            for label, live in zip(self.labels, lives, strict=True)
        )
        set_html(self._summary, summary_html(self._summaries))
        marks = {
            name: sorted(
                [place, kind, f"{label}: {text}"]
                for label, replay in zip(self.labels, self.replays, strict=True)
                for place, kind, text in getattr(replay.transport, name)
            )
            for name in ("jumps", "events")
        }
        with self.transport.hold_sync():
            self.transport.stride = min(replay.transport.stride for replay in self.replays)
            self.transport.jumps, self.transport.events = marks["jumps"], marks["events"]

    def _share_axes(self) -> None:
        one, other = self.replays
        same_size = one.model.M == other.model.M
        for name, (pane, beside) in self.panes.items():
            if hasattr(pane, "share_axes") and (same_size or name == "loss"):
                pane.share_axes(beside)
        if "state space" in self.panes and same_size:
            for replay in self.replays:
                replay.wait(SETTLING)
            for replay in self.replays:
                replay.live.refresh()

    def _lay_out(self) -> None:
        self._summary = widgets.HTML()
        columns: list[list[widgets.Widget]] = [[replay._status] for replay in self.replays]
        rows = []
        for pair in self.panes.values():
            for column, pane in zip(columns, pair, strict=True):
                column.append(pane)
            rows.append(self._row(columns))
            columns = [[], []]
        if not rows:
            rows.append(self._row(columns))
        self._show(self.transport, self._summary, *rows)

    def _row(self, columns: Sequence[Sequence[widgets.Widget]]) -> widgets.HBox:
        cells = []
        for label, contents in zip(self.labels, columns, strict=True):
            title = widgets.HTML(f'<div class="sw-title">{escape(label)}</div>')
            for content in contents:
                content.layout.flex = None
            layout = {"flex": "1 1 360px", "min_width": "0"}
            cells.append(widgets.VBox([title, *contents], layout=layout))
        return widgets.HBox(cells, layout={"flex_flow": "row wrap"})


def compare(run_a: TrainingRun, run_b: TrainingRun, **settings) -> Comparison:
    """Return two trainings on one clock, in the same axes; see `Comparison`."""
    return Comparison(run_a, run_b, **settings)


def _checked_labels(labels: Sequence[str]) -> tuple[str, str]:
    pair = isinstance(labels, (tuple, list)) and len(labels) == 2
    if not pair or not all(isinstance(label, str) and label for label in labels):
        raise ValueError(f"labels must be two texts, got {labels!r}")
    if labels[0] == labels[1]:
        raise ValueError(f"labels must differ, got {labels[0]!r} twice")
    return tuple(labels)


def _checked_window(window: float) -> float:
    window = float(real_array("window", window, 0))
    if window < 0:
        raise ValueError(f"window must not be negative, got {window:g}")
    return window


def _checked_bifurcations(given) -> tuple[RunBifurcations | bool, RunBifurcations | bool]:
    if isinstance(given, bool):
        return given, given
    pair = isinstance(given, (tuple, list)) and len(given) == 2
    if not pair or not all(isinstance(found, (RunBifurcations, bool)) for found in given):
        raise TypeError(f"bifurcations must be True, False or two RunBifurcations, got {given!r}")
    return tuple(given)
