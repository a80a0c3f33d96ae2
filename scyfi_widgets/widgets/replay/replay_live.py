"""The live loop of a training run: the epoch is a setting, and the model follows from it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import traitlets as tr

from ...training import LossJump, RunBifurcations, TrainingRun
from ..live import Live
from ..scene import Scene

MOST_FRAMES = 400  # scenes whose cycles are kept, so that scrubbing back costs nothing


@dataclass(frozen=True, eq=False)
class ReplayScene(Scene):
    """The network of one epoch, and what is known of the run that it belongs to.

    Attributes
    ----------
    run : TrainingRun
    epoch : int
        The number of the network that is shown.
    jumps : tuple of LossJump
    bifurcations : RunBifurcations or None
        None while they are not known.
    """

    run: TrainingRun | None = None
    epoch: int = 0
    jumps: tuple[LossJump, ...] = ()
    bifurcations: RunBifurcations | None = None


class ReplayLive(Live):
    """A run, the epoch that is shown, and the panes that show it.

    Attributes
    ----------
    run : TrainingRun
        Assigning a longer one, as while a network learns, redraws.
    epoch : int
        The number of the network that is shown; only saved ones can be, see `go_to`.
    jumps : tuple of LossJump
    bifurcations : RunBifurcations or None
    """

    run = tr.Instance(TrainingRun)
    epoch = tr.Int(0, min=0)
    jumps = tr.Tuple()
    bifurcations = tr.Instance(RunBifurcations, allow_none=True)

    _SCENE = ReplayScene
    _SETTINGS = (*Live._SETTINGS, "run", "epoch", "jumps", "bifurcations")

    def __init__(self, run: TrainingRun, **settings):
        if not isinstance(run, TrainingRun):
            raise TypeError(f"run must be a TrainingRun, got {type(run).__name__}")
        self._frames: OrderedDict[tuple, Scene] = OrderedDict()
        model = run.model(settings.get("epoch", 0))
        first = default_start(run)
        if first is not None:
            settings.setdefault("start", first)
        super().__init__(model, run=run, **settings)

    @tr.validate("epoch")
    def _check_epoch(self, proposal):
        self.run.model(proposal.value)  # says which are the nearest ones that were saved
        return proposal.value

    def _check(self, settings: Mapping[str, object]) -> None:
        ReplayLive(**{"run": self.run, **settings})

    def go_to(self, epoch: float) -> None:
        """Show the saved network that is nearest to `epoch`."""
        self.epoch = self.run.nearest_saved(epoch)

    def _on_setting(self, change) -> None:
        if change.name in ("epoch", "run"):
            with self._silence():
                self.model = self.run.model(self.epoch)
        super()._on_setting(change)

    def _new_scene(self) -> Scene:
        if self.shown is not None:
            self._frames[self.shown._question] = self.shown
            self._frames.move_to_end(self.shown._question)
            while len(self._frames) > MOST_FRAMES:
                self._frames.popitem(last=False)
        scene = super()._new_scene()
        scene.take_over(self._frames.get(scene._question))
        return scene


def default_start(run: TrainingRun) -> np.ndarray | None:
    """Return the state (M,) from which the run's data begin, as far as they tell; else None."""
    if run.data is None:
        return None
    return run.observation.infer(run.data.values[0])


def continues(run: TrainingRun, earlier: TrainingRun | None) -> bool:
    """Return whether a run is an earlier one, or that one after more epochs."""
    if run is earlier or earlier is None:
        return run is earlier
    # The last network of the earlier run need not be one of those that are saved on the way.
    rows = min(len(earlier.saved_epochs), len(run.saved_epochs))
    same = earlier.saved_epochs[:rows] == run.saved_epochs[:rows]
    shared = int(same.sum())
    if run.epochs < earlier.epochs or run.start != earlier.start or shared < rows - 1:
        return False
    return all(
        np.array_equal(array[shared - 1], run.parameters[name][shared - 1])
        for name, array in earlier.parameters.items()
    )


def same_things(some: tuple, others: tuple | None) -> bool:
    """Return whether two pictures are of the very same objects, so that one need not be redone."""
    return (
        others is not None
        and len(some) == len(others)
        and all(a is b for a, b in zip(some, others, strict=True))
    )


def as_replay(subject: TrainingRun | ReplayLive, **settings) -> ReplayLive:
    """Return `subject` itself if it is a ReplayLive, else a new one for the run `subject`."""
    if isinstance(subject, ReplayLive):
        if settings:
            subject.update(**settings)
        return subject
    return ReplayLive(subject, **settings)
