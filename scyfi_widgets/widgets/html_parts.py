"""Small pieces of HTML that several panes show."""

from __future__ import annotations

import html

import ipywidgets as widgets


def badge_html(text: str, kind: str) -> str:
    """Return a text in a frame; the kind is ``"proved"``, ``"growing"``, ``"searched"``, ..."""
    return f'<span class="sw-badge sw-{kind}">{html.escape(text)}</span>'


def set_html(widget: widgets.HTML, value: str) -> None:
    """Send a text to the browser, unless it is there."""
    if widget.value != value:
        widget.value = value
