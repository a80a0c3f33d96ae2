"""The clock of a replay, as a person sees it: play, pause, scrub, jump from mark to mark."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import anywidget
import traitlets as tr

HERE = Path(__file__).parent


class Transport(anywidget.AnyWidget):
    """A track with marks, buttons and keys that move one epoch number.

    Keys, while it has the focus: space plays and pauses; the arrows step (ten at once with shift);
    J and B go to the next loss jump and the next bifurcation (with shift to the one before); Home
    and End; L loops; [ and ] set the ends of the loop.

    Attributes
    ----------
    epochs : int
        The last epoch.
    epoch : int
        The present one.
    playing : bool
    speed : float
        Epochs a second.
    loop : bool
        Whether it begins again at the end.
    window : [low, high]
        The part that is played; [0, 0] for all of it.
    stride : int
        Epochs of one step: more than 1 where only every n-th network was saved.
    growing : bool
        Whether the end moves on: then playing waits there for it.
    jumps : list of [epoch, up, text]
        Where J goes, whether the loss rises there, and what is said of it.
    events : list of [epoch, colour, text]
        Where B goes.
    """

    # Texts and not paths: of a path, anywidget tells every widget for ever, which keeps them alive.
    _esm = (HERE / "transport.js").read_text("utf-8")
    _css = (HERE / "transport.css").read_text("utf-8")

    epochs = tr.Int(0, min=0).tag(sync=True)
    epoch = tr.Int(0, min=0).tag(sync=True)
    playing = tr.Bool(False).tag(sync=True)
    speed = tr.Float(50.0).tag(sync=True)
    loop = tr.Bool(False).tag(sync=True)
    window = tr.List(tr.Int(), [0, 0], minlen=2, maxlen=2).tag(sync=True)
    stride = tr.Int(1, min=1).tag(sync=True)
    growing = tr.Bool(False).tag(sync=True)
    jumps = tr.List().tag(sync=True)
    events = tr.List().tag(sync=True)
    _key = tr.Unicode().tag(sync=True)  # one clock for all views of this widget

    def __init__(self, **settings):
        super().__init__(_key=secrets.token_hex(8), **settings)

    @tr.validate("speed")
    def _check_speed(self, proposal):
        if not 0.0 < proposal.value < float("inf"):
            raise tr.TraitError(
                f"speed must be a positive number of epochs a second, got {proposal.value!r}"
            )
        return proposal.value

    def on_left(self, action: Callable[[], None]) -> None:
        """Call `action` when the last view has gone from the page."""
        self.on_msg(lambda _, content, __: action() if content.get("type") == "left" else None)
