"""A thousand random scrubs, plays, pauses and closes of replays in one process: nothing stays.

Prints JSON. A play is what the browser does in one: one epoch after the other, as fast as they are
taken. Some of the replays train while they are scrubbed. Whenever one pauses, every pane must show
the network of its epoch. What is counted is counted with all of them closed: after a warm-up, and
in the end.

    python benchmarks/replay_soak.py --actions 1000
"""

from __future__ import annotations

import argparse
import gc
import json
import threading
import time
from collections import Counter
from typing import Any

import numpy as np
import psutil
from ipywidgets.widgets.widget import _instances

import scyfi_widgets as sw
from scyfi_widgets.training import GeneralizedTeacherForcing, TrainingRun, train
from scyfi_widgets.widgets.replay.replay import TrainingReplay

OURS = "scyfi-widgets"
ORDER = 2
PLAYED = 15  # epochs of one play
# What a person does, and how often.
ACTIONS = {"scrub": 0.55, "play": 0.2, "pause": 0.15, "train": 0.05, "close": 0.05}


def learned() -> tuple[sw.PLRNN, np.ndarray, TrainingRun]:
    """A network, its data, and a run of 200 epochs."""
    goal = sw.systems.sixteen_cycle()
    points = sw.find_cycles(goal, 16).stable[0].points
    data = np.array([points[i % 16] for i in range(50)])
    start = goal.replace({"A": np.array(goal["A"]) + np.array([0.3, -0.3])})
    return start, data, train(start, data, epochs=200, clip=1.0, progress=False)


class Soak:
    """One replay after the other, in the hands of a random person.

    Parameters
    ----------
    seed : int

    Attributes
    ----------
    done : Counter
        The actions.
    stale : int
        Panes that did not show the epoch at which a replay paused.
    """

    def __init__(self, seed: int = 0):
        self.start, self.data, self.run = learned()
        self.rng = np.random.default_rng(seed)
        self.done: Counter[str] = Counter()
        self.stale = 0
        self.replay: TrainingReplay | None = None

    def act(self, count: int) -> None:
        """Do so many random things, and close what is open in the end."""
        names, weights = list(ACTIONS), list(ACTIONS.values())
        for name in self.rng.choice(names, size=count, p=weights):
            if self.replay is None:
                self.replay = TrainingReplay(self.run, max_order=ORDER)
            getattr(self, f"_{name}")()
            self.done[str(name)] += 1
        self._close()

    def _scrub(self) -> None:
        clock = self.replay.transport
        clock.epoch = int(self.rng.integers(clock.epochs + 1))

    def _play(self) -> None:
        clock = self.replay.transport
        clock.playing = True
        for epoch in range(clock.epoch, min(clock.epoch + PLAYED, clock.epochs) + 1):
            clock.epoch = epoch

    def _pause(self) -> None:
        replay = self.replay
        replay.pause()
        if replay.training is not None:
            replay.training.pause()
            replay.training.wait(10)
            replay._following.wait(10)
        if not replay.wait(60):
            raise RuntimeError("a replay does not come to rest")
        for pane in replay.panes.values():
            shown = pane.live.shown
            fresh = not {"sw-stale", "sw-failed"} & set(pane._dom_classes)
            current = shown.epoch == replay.epoch and shown.model == replay.run.model(replay.epoch)
            self.stale += not (fresh and current)

    def _train(self) -> None:
        self._close()
        self.replay = TrainingReplay.live(
            self.start,
            self.data,
            GeneralizedTeacherForcing(0.3),
            epochs=10**6,
            pace=2000.0,
            max_order=ORDER,
        )

    def _close(self) -> None:
        if self.replay is not None:
            self.replay.close()
            self.replay = None


def census() -> dict[str, float]:
    """What is there with everything closed: memory in MB, our threads, and widgets."""
    end = time.monotonic() + 30.0
    while ours() and time.monotonic() < end:  # work that is cancelled ends within one step
        time.sleep(0.05)
    gc.collect()
    return {
        "memory": round(psutil.Process().memory_info().rss / 1e6, 1),
        "threads": len(ours()),
        "widgets": len(_instances),
    }


def ours() -> list[threading.Thread]:
    """The threads of the package."""
    return [t for t in threading.enumerate() if t.name.startswith(OURS)]


def soak(actions: int = 1000, warm_up: int = 200, seed: int = 0) -> dict[str, Any]:
    """Act, and count before and after."""
    person = Soak(seed)
    person.act(warm_up)
    before = census()
    begun = time.perf_counter()
    person.done.clear()
    person.act(actions)
    seconds = time.perf_counter() - begun
    after = census()
    return {
        "actions": dict(person.done),
        "seconds": round(seconds, 1),
        "stale panes": person.stale,
        "before": before,
        "after": after,
        "growth": round(after["memory"] / before["memory"] - 1.0, 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--actions", type=int, default=1000, help="things done (default 1000)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print(json.dumps(soak(arguments.actions, seed=arguments.seed), indent=2))


if __name__ == "__main__":
    main()
