"""Whatever moves a widget: its weights, or the epoch of its training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol

import ipywidgets as widgets
import numpy as np

from ..models import Model
from ..widgets.live import Live
from ..widgets.pane import Panel
from ..widgets.replay.compare import Comparison
from ..widgets.replay.exploration import Exploration
from ..widgets.replay.replay import TrainingReplay
from ..widgets.replay.replay_live import ReplayLive
from .sliders import Ranges, Slider, checked, including, values_of, weight_sliders

MOST_EPOCHS = 121  # frames of a replay for which no epochs were chosen
TRIES = 3  # of one frame, when somebody moves a slider meanwhile


class Stage(Protocol):
    """What the export needs of a widget."""

    lives: tuple[Live, ...]

    def sliders(self, wanted: Ranges | None) -> tuple[Slider, ...]:
        """Return the sliders."""

    def go_to(self, values: Mapping[str, float]) -> None:
        """Show the frame of some values, as finely as it is drawn."""

    def borrowed(self, proof_seconds: float) -> AbstractContextManager[None]:
        """Let it be moved; in the end it is where it was.

        The proof of one frame goes on for `proof_seconds` at most.
        """


def stage_of(root: widgets.Widget) -> Stage:
    """Return what moves a widget.

    Raises
    ------
    TypeError, ValueError
        If it is no figure of this package, was closed, or its panes do not belong together.
    """
    panels = panels_in(root)
    if not panels:
        raise TypeError(
            "widget must be a figure such as an Explorer, a StateSpace or a TrainingReplay, "
            f"or a box with some, got {type(root).__name__}"
        )
    if any(panel.comm is None for panel in panels):
        raise ValueError("the widget was closed: make it anew")
    lives = tuple(dict.fromkeys(live for panel in panels for live in _lives_of(panel)))
    for live in lives:
        live.wait()
    if all(isinstance(live, ReplayLive) for live in lives):
        return EpochStage(root, lives)
    if len(lives) > 1:
        raise ValueError(
            f"the panes must share one live, got {len(lives)}: make them as StateSpace(other.live)"
        )
    return WeightStage(root, lives[0])


def panels_in(root: widgets.Widget) -> list[Panel]:
    """Return the panels that a widget shows, itself among them, from the top."""
    if isinstance(root, Exploration):
        return []  # it belongs to the notebook: a page has no explorer to open
    own = [root] if isinstance(root, Panel) else []
    below = [panel for child in getattr(root, "children", ()) for panel in panels_in(child)]
    return own + below


class WeightStage:
    """Panes of one network: the sliders move its weights, or what a pane calls `movable`."""

    def __init__(self, root: widgets.Widget, live: Live):
        self.lives = (live,)
        self._model = live.model
        self._owners = {name: panel for panel in panels_in(root) for name in panel.movable}

    def sliders(self, wanted: Ranges | None) -> tuple[Slider, ...]:
        """Return the sliders, in the order in which they are given.

        Raises
        ------
        KeyError, TypeError, ValueError
            If there is no such weight or setting, or a range is none.
        """
        given = checked(wanted)
        own = {name: self._own_slider(name, given[name]) for name in given if name in self._owners}
        weights = weight_sliders(
            {name: values for name, values in given.items() if name not in own}, self._model
        )
        rest = iter(weights)
        return tuple(own[name] if name in own else next(rest) for name in given)

    def go_to(self, values: Mapping[str, float]) -> None:
        """Show the network with these weights, and the panes with these settings.

        Raises
        ------
        RuntimeError
            If somebody else moves it all the time.
        """
        (live,) = self.lives
        own = {name: value for name, value in values.items() if name in self._owners}
        weights = {name: value for name, value in values.items() if name not in own}
        model = self._model.replace(weights) if weights else self._model
        for _ in range(TRIES):
            live.model = model
            for name, value in own.items():
                setattr(self._owners[name], name, self._as_it_is(name, value))
            live.wait(finest=True)
            if _shows(live, model):
                return
        raise RuntimeError("the network was changed while it was exported; try again")

    @contextmanager
    def borrowed(self, proof_seconds: float) -> Iterator[None]:
        """Let it be moved, see `Stage`."""
        before = {name: getattr(panel, name) for name, panel in self._owners.items()}
        with _borrowed(self.lives, proof_seconds):
            try:
                yield
            finally:
                for name, panel in self._owners.items():
                    if getattr(panel, name) != before[name]:
                        setattr(panel, name, before[name])

    def _own_slider(self, name: str, values: object) -> Slider:
        steps, present = values_of(name, values), self._present(name)
        if isinstance(present, int) and (steps != np.round(steps)).any():
            raise ValueError(f"sliders[{name!r}] must be whole numbers, got {steps.tolist()}")
        return including(name, steps, present)

    def _present(self, name: str) -> float:
        return getattr(self._owners[name], name)

    def _as_it_is(self, name: str, value: float) -> float:
        return round(value) if isinstance(self._present(name), int) else value


class EpochStage:
    """Panes of one training or two: the slider is the epoch."""

    def __init__(self, root: widgets.Widget, lives: tuple[ReplayLive, ...]):
        for panel in panels_in(root):
            training = getattr(panel, "training", None)
            if training is not None and training.running:
                raise ValueError("the training goes on: stop it first")
            if isinstance(panel, (TrainingReplay, Comparison)):
                panel.wait(finest=True)  # until the bifurcations are known
        self.lives = lives
        self._here = max(live.epoch for live in lives)

    def sliders(self, wanted: Ranges | None) -> tuple[Slider, ...]:
        """Return the one slider of the epoch, over all that matter if none were chosen.

        Raises
        ------
        KeyError, TypeError, ValueError
            If something else than the epoch is to move.
        """
        given = checked(wanted)
        unknown = [name for name in given if name != "epoch"]
        if unknown:
            raise KeyError(f'of a training only "epoch" moves, got {unknown[0]!r}')
        epochs = values_of("epoch", given["epoch"]) if given else self._important()
        saved = {live.run.nearest_saved(epoch) for live in self.lives for epoch in epochs}
        values = np.array(sorted(saved | {self._here}), float)
        if len(values) < 2:
            return ()
        return (Slider("epoch", values, int(values.searchsorted(self._here))),)

    def go_to(self, values: Mapping[str, float]) -> None:
        """Show an epoch; a run that is shorter stays at its end."""
        epoch = values.get("epoch", self._here)
        for live in self.lives:
            there = live.run.nearest_saved(min(epoch, live.run.epochs))
            for _ in range(TRIES):
                live.epoch = there
                live.wait(finest=True)
                if _shows(live, live.run.model(there)):
                    break
            else:
                raise RuntimeError("the epoch was changed while it was exported; try again")

    @contextmanager
    def borrowed(self, proof_seconds: float) -> Iterator[None]:
        """Let it be moved, see `Stage`."""
        with _borrowed(self.lives, proof_seconds):
            yield

    def _important(self) -> np.ndarray:
        """Return evenly spaced epochs, and those around jumps and changes of what attracts."""
        last = max(live.run.epochs for live in self.lives)
        marked = [place for live in self.lives for place in _marked(live)][: MOST_EPOCHS // 2]
        return np.unique([*np.linspace(0, last, MOST_EPOCHS - len(marked)).round(), *marked])


@contextmanager
def _borrowed(lives: tuple[Live, ...], proof_seconds: float) -> Iterator[None]:
    with ExitStack() as stack:
        for live in lives:
            stack.enter_context(live.borrow())
            if live.proof_limit is None or live.proof_limit > proof_seconds:
                live.proof_limit = proof_seconds
        yield


def _marked(live: ReplayLive) -> list[float]:
    jumps = [place for jump in live.jumps for place in (jump.start, jump.stop)]
    events = [] if live.bifurcations is None else live.bifurcations.events
    crossed = [event.epoch for event in events if event.changes_attractor]
    return [*jumps, *(side for place in crossed for side in (np.floor(place), np.ceil(place)))]


def _lives_of(panel: Panel) -> tuple[Live, ...]:
    if isinstance(panel, Comparison):
        return tuple(replay.live for replay in panel.replays)
    return (panel.live,)


def _shows(live: Live, model: Model) -> bool:
    return live.model == model and live.shown is not None and live.shown.model == model
