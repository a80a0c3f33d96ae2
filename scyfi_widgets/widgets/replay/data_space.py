"""The state space of one epoch, with the data that the network learned from."""

from __future__ import annotations

import numpy as np

from ...training import TrainingRun
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

    def __init__(
        self,
        subject: TrainingRun | ReplayLive,
        axes: tuple[int | str, int | str] | None = None,
        height: str = "380px",
        **settings,
    ):
        super().__init__(as_replay(subject, **settings), axes, height)

    def _data_of(self, scene: ReplayScene) -> np.ndarray | None:
        run = scene.run
        if run.data is None:
            return None
        if run.readouts is None and run.observation.N < run.start.M and run.observation.B is None:
            return None  # of some units nothing is known: their states would be made up
        return run.observation_at(scene.epoch).infer(run.data.values)
