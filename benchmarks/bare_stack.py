"""Turns an explorer into the bare stack: the same widgets and messages, without the computation.

Runs in the kernel (`latency.py` sends this file's text as a cell). `record` walks a slider to and
fro and keeps what the explorer sends to the browser for every step. `make_bare` then cuts the
slider off from the model and lets its callback set those very traits, with one message a widget.
What remains between the two is the explorer's own work: computing and its threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import ipywidgets
import numpy as np

Messages = list[tuple[ipywidgets.Widget, dict[str, Any]]]
Steps = Mapping[tuple[int, int], Messages]


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
    sent: Messages = []
    send_state = ipywidgets.Widget.send_state

    def note(widget, key=None):
        # The front end set the slider itself; the kernel does not send that back.
        if widget is not track and key is not None:
            names = [key] if isinstance(key, str) else sorted(key)
            sent.append((widget, {trait: _copy(getattr(widget, trait)) for trait in names}))
        return send_state(widget, key)

    recorded = {}
    start = track.value
    path = [*range(start, start + steps + 1), *range(start + steps - 1, start - 1, -1)]
    ipywidgets.Widget.send_state = note
    try:
        for here, there in pairwise(path):
            sent.clear()
            track.value = there
            if not explorer.wait(10):
                raise RuntimeError(f"the explorer did not follow {name} to step {there}")
            recorded[here, there] = list(sent)
    finally:
        ipywidgets.Widget.send_state = send_state
    return recorded


def make_bare(explorer: Any, name: str, steps: Steps) -> None:
    """Let the slider of a weight replay recorded messages, and nothing else."""
    slider = explorer.weights.sliders[name]
    slider._steps.unobserve(slider._on_steps, "value")
    slider._number.unobserve(slider._on_number, "value")
    explorer.live.close()

    def replay(change):
        for widget, traits in steps[change.old, change.new]:
            with widget.hold_sync():
                for trait, value in traits.items():
                    setattr(widget, trait, value)

    slider._steps.observe(replay, "value")


def sizes(steps: Steps) -> dict[str, float]:
    """Medians over the steps: messages, and kB of their arrays and texts."""
    counts = [len(messages) for messages in steps.values()]
    volume = [
        sum(_bytes(value) for _, traits in messages for value in traits.values())
        for messages in steps.values()
    ]
    return {"messages": float(np.median(counts)), "kB": round(float(np.median(volume)) / 1000, 1)}


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


def _bytes(value: Any) -> int:
    return value.nbytes if isinstance(value, np.ndarray) else len(str(value))
