"""Turns a panel into the bare stack: the same widgets and messages, without the computation.

Runs in the kernel (`latency.py` and `replay.py` send this file's text as a cell). A recording keeps
what a panel sends to the browser for every step of a slider or a clock. The bare stack is then cut
off from the model: the callback sets those very traits, with one message a widget. What remains
between the two is the panel's own work: computing and its threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import ipywidgets
import numpy as np

Messages = list[tuple[ipywidgets.Widget, dict[str, Any]]]
Steps = Mapping[tuple[int, int], Messages]


@contextmanager
def recording(moved: ipywidgets.Widget) -> Iterator[Messages]:
    """A list of what is sent from now on, but for the widget that the front end itself moves."""
    sent: Messages = []
    send_state = ipywidgets.Widget.send_state

    def note(widget, key=None):
        # The front end set the slider itself; the kernel does not send that back.
        if widget is not moved and key is not None:
            names = [key] if isinstance(key, str) else sorted(key)
            sent.append((widget, {trait: _copy(getattr(widget, trait)) for trait in names}))
        return send_state(widget, key)

    ipywidgets.Widget.send_state = note
    try:
        yield sent
    finally:
        ipywidgets.Widget.send_state = send_state


def play_back(messages: Messages) -> None:
    """Set the recorded traits, with one message a widget."""
    for widget, traits in messages:
        with widget.hold_sync():
            for trait, value in traits.items():
                setattr(widget, trait, value)


# A slider of an explorer ------------------------------------------------------------------------


def sweep(explorer: Any, name: str, steps: int) -> None:
    """Walk a weight's slider `steps` up and back, so that the window has grown to its last size."""
    track = explorer.weights.sliders[name]._steps
    start = track.value
    if start + steps > track.max:
        raise ValueError(f"the slider of {name} must have {steps} steps above it, at {start}")
    for position in (
        *range(start + 1, start + steps + 1),
        *range(start + steps - 1, start - 1, -1),
    ):
        track.value = position
        explorer.wait()


def record(explorer: Any, name: str, steps: int) -> Steps:
    """What the explorer sends for each step of a weight's slider, by (from, to)."""
    track = explorer.weights.sliders[name]._steps
    recorded = {}
    start = track.value
    path = [*range(start, start + steps + 1), *range(start + steps - 1, start - 1, -1)]
    with recording(track) as sent:
        for here, there in pairwise(path):
            sent.clear()
            track.value = there
            if not explorer.wait(10):
                raise RuntimeError(f"the explorer did not follow {name} to step {there}")
            recorded[here, there] = list(sent)
    return recorded


def make_bare(explorer: Any, name: str, steps: Steps) -> None:
    """Let the slider of a weight replay recorded messages, and nothing else."""
    slider = explorer.weights.sliders[name]
    slider._steps.unobserve(slider._on_steps, "value")
    slider._number.unobserve(slider._on_number, "value")
    explorer.live.close()
    slider._steps.observe(lambda change: play_back(steps[change.old, change.new]), "value")


# The clock of a replay --------------------------------------------------------------------------


def record_epochs(replay: Any, epochs: Sequence[int]) -> list[Messages]:
    """What a replay sends on a way through epochs that ends where it began, step by step."""
    recorded = []
    replay.transport.epoch = int(epochs[0])
    replay.wait(10)
    with recording(replay.transport) as sent:
        for epoch in (*epochs[1:], epochs[0]):
            sent.clear()
            replay.transport.epoch = int(epoch)
            if not replay.wait(10):
                raise RuntimeError(f"the replay did not follow to epoch {epoch}")
            recorded.append(list(sent))
    return recorded


def make_bare_clock(replay: Any, steps: Sequence[Messages]) -> None:
    """Let every move of the clock play back the next recorded step, and nothing else."""
    replay.transport.unobserve(replay._on_transport, "epoch")
    replay.live.close()
    moves = iter(range(10**9))
    replay.transport.observe(lambda _: play_back(steps[next(moves) % len(steps)]), "epoch")


def sizes(steps: Steps | Sequence[Messages]) -> dict[str, float]:
    """Medians over the steps: messages, and kB of their arrays and texts."""
    every = list(steps.values()) if isinstance(steps, Mapping) else list(steps)
    volume = [
        sum(_bytes(value) for _, traits in messages for value in traits.values())
        for messages in every
    ]
    return {
        "messages": float(np.median([len(messages) for messages in every])),
        "kB": round(float(np.median(volume)) / 1000, 1),
    }


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


def _bytes(value: Any) -> int:
    return value.nbytes if isinstance(value, np.ndarray) else len(str(value))
