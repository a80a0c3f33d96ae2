"""What all tests of widgets share: nothing that a test opens outlives it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

import ipywidgets
import pytest
from ipywidgets.widgets.widget import _instances

from scyfi_widgets.widgets.pane import Panel

VOID_TAGS = {"br", "img", "hr", "input"}


def until(holds: Callable[[], object], seconds: float = 20.0) -> bool:
    """Return whether `holds()` becomes true within the deadline."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while not holds():
        if time.monotonic() > end:
            return False
        pause.wait(0.002)
    return True


def live_workers() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == "scyfi-widgets-live"]


@pytest.fixture(name="until")
def _until() -> Callable[..., bool]:
    return until


@pytest.fixture
def workers() -> Callable[[], list[threading.Thread]]:
    return live_workers


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    """Close what the test left open, and see that no worker outlives it."""
    before = set(_instances)
    yield
    opened = [widget for key, widget in list(_instances.items()) if key not in before]
    for panel in opened:
        if isinstance(panel, Panel):
            panel.close()
    for widget in opened:
        widget.close()
    assert until(lambda: not live_workers(), 10.0), "a worker of the live loop outlives the test"


@pytest.fixture
def sent(monkeypatch) -> list[tuple[ipywidgets.Widget, object]]:
    """Return a list that grows by every message of a widget's state to the browser."""
    messages = []
    send_state = ipywidgets.Widget.send_state

    def record(self, key=None):
        messages.append((self, key))
        return send_state(self, key)

    monkeypatch.setattr(ipywidgets.Widget, "send_state", record)
    return messages


class _Checker(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in VOID_TAGS:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def read_html() -> Callable[[str], _Checker]:
    """Return a function that checks that HTML is well-formed and returns its tags and text."""

    def read(text: str) -> _Checker:
        checker = _Checker()
        checker.feed(text)
        checker.close()
        assert not checker.open, f"never closed: {checker.open}"
        return checker

    return read
