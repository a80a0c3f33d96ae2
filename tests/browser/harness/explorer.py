"""An explorer in a notebook: its parts in the page, and whether it shows what is true.

What is true is computed here, in the process of the test, from the Python text that the kernel
gives for its model; what is shown is read from the SVG.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import scyfi_widgets as sw

from .figures import drawn_points_of_all
from .notebook import Notebook

if TYPE_CHECKING:
    from playwright.sync_api import Locator

STABILITIES = ("stable", "saddle", "unstable", "neutral")
PIXELS = 250  # the figure is wider and higher than this: one part of so many is a pixel at most


class ExplorerPage:
    """An `Explorer` (or a `StateSpace`) that a cell shows.

    Parameters
    ----------
    notebook
    name
        The explorer as a Python expression in the kernel.
    space
        Its state space, likewise.
    """

    def __init__(self, notebook: Notebook, name: str = "explorer", space: str = "") -> None:
        self.notebook = notebook
        self.name = name
        self.space = space or f"{name}.state_space"
        self._root: Locator | None = None

    # Parts --------------------------------------------------------------------------------------

    @property
    def root(self) -> Locator:
        """The element of the explorer."""
        if self._root is None:
            number = self.notebook.evaluate(f"{self.name}.model_id")
            self.notebook.page.evaluate(
                "async id => { (await scyfi.widgetView(id)).el.dataset.widget = id; }", number
            )
            self._root = self.notebook.locator(f'[data-widget="{number}"]')
        return self._root

    def part(self, css: str) -> Locator:
        """Elements within the explorer."""
        return self.root.locator(css)

    def slider(self, weight: str) -> Locator:
        """The slider of a weight, with its number field."""
        return self.part(".sw-weight-" + weight.replace("[", "-").replace(",", "-").rstrip("]"))

    @property
    def badge(self) -> str:
        """The text of the badge."""
        return self.part(".sw-status").inner_text().strip()

    def true_badge(self) -> str:
        """What the badge should say of the cycles that the kernel knows by now."""
        module = "__import__('scyfi_widgets.widgets.badge', fromlist=['badge_text'])"
        known = f"{self.name}.cycles, {self.name}.live.refining"
        return self.notebook.evaluate(f"{module}.badge_text({known})")

    def messages(self) -> list[str]:
        """The lines that the panes show."""
        return [text for text in self.part(".sw-message").all_inner_texts() if text.strip()]

    # State --------------------------------------------------------------------------------------

    @property
    def code(self) -> str:
        """The Python text of the kernel's model."""
        return self.notebook.evaluate(f"{self.name}.model.to_code()")

    @property
    def model(self) -> sw.Model:
        """The kernel's model, rebuilt here."""
        return _model_of(self.code)

    def value(self, weight: str) -> float:
        """A weight of the kernel's model."""
        return self.notebook.evaluate(f"{self.name}.model[{weight!r}]")

    def true_cycles(self) -> sw.CycleSet:
        """The cycles of the kernel's model, found here."""
        code, order, seed = self.notebook.evaluate(
            f"(lambda live: [live.model.to_code(), live.max_order, live.seed])({self.name}.live)"
        )
        return sw.find_cycles(_model_of(code), order, seed=seed)

    def to_plane(self, states: np.ndarray) -> np.ndarray:
        """The coordinates (n, 2) of states in the plane that is drawn."""
        directions, origin = self.notebook.evaluate(
            f"(lambda plane: [plane.directions, plane.origin])({self.space}.picture.plane)"
        )
        return (np.asarray(states) - origin) @ np.transpose(directions)

    def pixel(self) -> np.ndarray:
        """At least the size of a pixel, (2,), in the plane's coordinates."""
        return np.ptp(self.notebook.evaluate(f"{self.space}.picture.limits"), axis=1) / PIXELS

    def wait(self, timeout: float = 20.0) -> None:
        """Wait until the kernel has drawn the present model."""
        # JupyterLab hands what a widget does to a thread of its own (a subshell): a model may be
        # set already, and its picture not yet asked for.
        shown = f"getattr({self.name}.live.shown, 'model', None)"
        condition = f"{self.name}.live.wait(0.5) and {shown} == {self.name}.model"
        self.notebook.wait_for(condition, timeout)

    # What is drawn ------------------------------------------------------------------------------

    def drawn(self) -> dict[str, np.ndarray]:
        """The points of cycles in the SVG, (n, 2), by stability; those that are there."""
        marks = [f"{self.space}._cycle_marks[{name!r}]" for name in STABILITIES]
        points = zip(STABILITIES, drawn_points_of_all(self.notebook, marks), strict=True)
        return {name: np.array(found) for name, found in points if found}

    def expected(self) -> dict[str, np.ndarray]:
        """The points that the SVG should show, from a search in this process."""
        groups: dict[str, list[np.ndarray]] = {}
        for cycle in self.true_cycles():
            groups.setdefault(cycle.stability, []).append(cycle.points)
        return {name: self.to_plane(np.concatenate(found)) for name, found in groups.items()}

    def see_true_cycles(self, timeout: float = 20.0) -> dict[str, np.ndarray]:
        """Wait until the SVG shows the true cycles of the kernel's model; return their points.

        Raises
        ------
        AssertionError
            Which says what is drawn instead.
        """
        self.wait(timeout)
        expected = self.expected()
        assert expected, "a network without any cycle shows nothing that could be checked"
        pixel = self.pixel()
        try:
            self.notebook.wait_for(lambda: same_points(self.drawn(), expected, pixel), timeout)
        except AssertionError:
            raise AssertionError(
                f"drawn: {self.drawn()}\nexpected: {expected}\nmessages: {self.messages()}"
            ) from None
        return expected


def same_points(
    drawn: dict[str, np.ndarray], expected: dict[str, np.ndarray], pixel: np.ndarray
) -> bool:
    """Whether the same kinds of points stand at the same places, each one once."""
    if drawn.keys() != expected.keys():
        return False
    for name, points in expected.items():
        if len(points) != len(drawn[name]):
            return False
        distances = np.abs((points[:, None] - drawn[name][None]) / pixel).max(axis=2)
        if distances.min(axis=0).max() > 1.0 or distances.min(axis=1).max() > 1.0:
            return False
    return True


def _model_of(code: str) -> sw.Model:
    return eval(code, {"sw": sw})
