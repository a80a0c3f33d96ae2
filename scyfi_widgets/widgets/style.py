"""The one style sheet of all panes, as an element that a pane can hold."""

from __future__ import annotations

from pathlib import Path

STYLE = f"<style>\n{Path(__file__).with_name('style.css').read_text('utf-8')}</style>"
