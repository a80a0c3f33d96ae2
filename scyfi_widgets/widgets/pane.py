"""What all panes share: the live loop, a place for messages, and closing what they opened."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import ClassVar

import ipywidgets as widgets

from ..cycles import CycleSet
from ..models import Model
from .live import Live, as_live
from .style import STYLE

_STATES = ("stale", "failed")


class Panel(widgets.VBox):
    """A widget that belongs to a `Live` and has a line for messages.

    Parameters
    ----------
    subject : Model or Live
        A model, or the Live of other panes (``explorer.live``) to be linked with them.
    **settings
        Settings of the Live: ``max_order``, ``seed``, ``start``, ``orbit_steps``, ``time_limit``,
        ``proof_limit``.
    """

    movable: ClassVar[tuple[str, ...]] = ()
    """Names of numbers that a person moves besides the weights, which an exported page can too."""

    _left = True  # until it is built, and again when it is closed

    def __init__(self, subject: Model | Live, **settings):
        self.live = as_live(subject, **settings)
        self._message = widgets.HTML(layout={"display": "none"})
        self._message_text = ""
        self._watched: list[tuple] = []
        super().__init__()
        self._left = False
        self.add_class("sw-pane")
        self.add_class("sw-" + re.sub(r"\B([A-Z])", r"-\1", type(self).__name__).lower())

    def _show(self, *children: widgets.Widget) -> None:
        """Take `children` in, below the message and with the style."""
        self.children = (widgets.HTML(STYLE, layout={"display": "none"}), self._message, *children)

    @property
    def figure_name(self) -> str:
        """What its figure is called, and where the file of its picture has its name from."""
        words = re.sub(r"\B([A-Z])", r" \1", type(self).__name__).lower()
        return words.removesuffix(" pane")

    @property
    def model(self) -> Model:
        """The model that is shown; assigning another redraws."""
        return self.live.model

    @model.setter
    def model(self, model: Model) -> None:
        self.live.model = model

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.model!r}>"

    @property
    def message(self) -> str:
        """The line that is shown above the picture, or an empty text."""
        return self._message_text

    def say(self, text: str) -> None:
        """Show a line above the picture, or take it away when `text` is empty."""
        if text == self._message_text:
            return
        self._message_text = text
        self._message.value = (
            f'<div class="sw-message" role="alert">{html.escape(text)}</div>' if text else ""
        )
        self._message.layout.display = None if text else "none"

    def _in_callback(self, action: Callable[[], object]) -> None:
        """Do what a person asked for; an error is shown, since a callback has no other place."""
        self.say("")
        with self.live.in_callback():
            try:
                action()
            except Exception as error:
                self.say(f"{type(error).__name__}: {error}")

    def close(self) -> None:
        """Close every widget that the panel opened, and its live loop if no other pane uses it."""
        close_tree(self)

    def _watch(self, handler: Callable, names: str | list[str]) -> None:
        """Call `handler` when a trait of the Live changes, as long as the panel lives."""
        self.live.observe(handler, names)
        self._watched.append((handler, names))

    def _leave(self) -> None:
        """Let go of the Live, once."""
        for handler, names in self._watched:
            self.live.unobserve(handler, names)
        self.live.leave(self)

    def _close_own(self) -> None:
        if not self._left:
            self._left = True
            self._leave()
        super().close()


class LivePane(Panel):
    """A panel that draws each scene of its `Live`; alone in a cell it has a Live of its own."""

    def _show(self, *children: widgets.Widget) -> None:
        """Take `children` in and draw them from now on."""
        super()._show(*children)
        self.live.join(self)

    @property
    def cycles(self) -> CycleSet | None:
        """The cycles as far as they are known by now, or None before the first picture."""
        self.live.wait(self.live.time_limit)
        return None if self.live.shown is None else self.live.shown.cycles

    def fail(self, error: Exception) -> None:
        """Show an error in place of the picture, which is dimmed."""
        self.say(f"{type(error).__name__}: {error}")
        self._mark("failed")

    def set_stale(self) -> None:
        """Dim the picture: it is of an older model."""
        self._mark("stale")

    def set_fresh(self) -> None:
        """Take back what `fail` and `set_stale` did."""
        self.say("")
        self._mark(None)

    def _mark(self, state: str | None) -> None:
        kept = tuple(name for name in self._dom_classes if name[3:] not in _STATES)
        marked = (*kept, f"sw-{state}") if state else kept
        if marked != self._dom_classes:
            self._dom_classes = marked


def close_tree(root: widgets.Widget) -> None:
    """Close a widget with all that it holds: children, layouts, styles, marks, scales and axes."""
    found: list[widgets.Widget] = []
    seen = set()
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if isinstance(value, widgets.Widget):
            if id(value) in seen or value.comm is None:
                continue
            seen.add(id(value))
            found.append(value)
            waiting += [getattr(value, name) for name in value.keys if not name.startswith("_")]
        elif isinstance(value, (list, tuple)):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
    for widget in found:
        getattr(widget, "_close_own", widget.close)()
