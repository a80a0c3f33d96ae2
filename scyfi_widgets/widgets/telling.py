"""Points that say what they belong to: under the mouse, and on an exported page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import bqplot
import ipywidgets as widgets


class TellingScatter(bqplot.Scatter):
    """A mark of points, silent until it knows whose they are (`tell`)."""

    _owners: Callable[[], Sequence] | None = None
    _words: Callable[[Any, int], str]

    def tell(
        self,
        owners: Callable[[], Sequence],
        words: Callable[[Any, int], str],
        picked: Callable[[Any, float, float], None] | None = None,
    ) -> None:
        """Let the points say what they belong to.

        Parameters
        ----------
        owners : callable
            Returns what each of the points belongs to, now.
        words : callable
            Called with the owner of the point under the mouse and the point's place among all;
            returns what is said, as HTML.
        picked : callable, optional
            Called with the owner of a point that a person clicks, and where it is.
        """
        self._owners, self._words = owners, words
        self.tooltip = widgets.HTML()
        self.on_hover(self._on_hover)
        if picked is not None:
            self.on_element_click(lambda _, content: self._on_pick(content, picked))

    def all_words(self) -> tuple[str, ...]:
        """Return what each point says, as HTML; nothing where they are silent."""
        owners = self._owners() if self._owners is not None else ()
        return tuple(self._words(owner, index) for index, owner in enumerate(owners))

    def _on_hover(self, _, content: dict) -> None:
        if (found := self._found(content)) is not None:
            self.tooltip.value = self._words(*found)

    def _on_pick(self, content: dict, picked: Callable[[Any, float, float], None]) -> None:
        if (found := self._found(content)) is not None:
            picked(found[0], float(content["data"]["x"]), float(content["data"]["y"]))

    def _found(self, content: dict) -> tuple[Any, int] | None:
        # The picture may have changed since the browser sent this.
        index, owners = content.get("data", {}).get("index", -1), self._owners()
        return (owners[index], index) if 0 <= index < len(owners) else None
