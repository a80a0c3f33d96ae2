"""The state space of one epoch, with the data that the network learned from."""

from __future__ import annotations

import numpy as np

from ...cycles import CycleSet
from ...training import TrainingRun
from ..picture import Picture
from ..state_space import StateSpace
from .replay_live import ReplayLive, ReplayScene, as_replay


class ReplayStateSpace(StateSpace):
    """The state space of the network of an epoch, over the states that the data stand for.

    A readout is inverted with its pseudo-inverse; units that the data do not tell are left out
    where they are not drawn.

    Parameters
    ----------
    subject : TrainingRun or ReplayLive
    axes, height
        See `StateSpace`.
    **settings
        Settings of a `ReplayLive`.
    """

    figure_name = "state space"

    def __init__(
        self,
        subject: TrainingRun | ReplayLive,
        axes: tuple[int | str, int | str] | None = None,
        height: str = "380px",
        **settings,
    ):
        self._beside: tuple[ReplayStateSpace, ...] = ()
        super().__init__(as_replay(subject, **settings), axes, height)

    def share_axes(self, other: ReplayStateSpace) -> None:
        """Draw this state space and that of another run in the same window from now on.

        A window that nobody chose grows to hold the other one, whenever it is drawn.

        Raises
        ------
        ValueError
            If the networks differ in size.
        """
        if self.model.M != other.model.M:
            raise ValueError(
                f"the networks must have equally many units, got {self.model.M} and {other.model.M}"
            )
        self._beside, other._beside = (*self._beside, other), (*other._beside, self)
        other._adopt(self._axes, self._limits if self._zoomed else None)

    def _choose_window(self, plane, limits) -> None:
        super()._choose_window(plane, limits)
        for pane in self._beside:
            pane._adopt(self._axes, limits)

    def _adopt(self, axes: tuple[int | str, int | str] | None, limits) -> None:
        with self._window_lock:
            self._axes = axes
            self._plane = self._plane if limits is not None else None
            self._limits, self._zoomed = limits, limits is not None
            self._window_choices += 1
        self.live.refresh()

    def _compose(self, scene: ReplayScene, cycles: CycleSet) -> Picture:
        with self._window_lock:
            shared = [self._limits, *(pane._limits for pane in self._beside)]
            zoomed = any(pane._zoomed for pane in (self, *self._beside))
            if not zoomed and None not in shared:
                ends = np.array(shared)
                low, high = ends[..., 0].min(axis=0), ends[..., 1].max(axis=0)
                pairs = zip(low, high, strict=True)
                self._limits = tuple((float(a), float(b)) for a, b in pairs)
        return super()._compose(scene, cycles)

    def _data_of(self, scene: ReplayScene) -> np.ndarray | None:
        run = scene.run
        if run.data is None:
            return None
        if run.readouts is None and run.observation.N < run.start.M and run.observation.B is None:
            return None  # of some units nothing is known: their states would be made up
        return run.observation_at(scene.epoch).infer(run.data.values)
