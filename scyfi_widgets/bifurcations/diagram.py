"""A bifurcation diagram as data: branches, events, and what is proved about them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..cycles import Cycle
from ..cycles.solving.solve import cycles_of_words
from ..cycles.words import least_rotation
from .branches import Branch
from .drawing import draw_diagram
from .events import TYPES, Event
from .line import Line

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class Diagram:
    """All cycles along a line in parameter space, and every bifurcation between them.

    Attributes
    ----------
    line : Line
    max_order : int
        The highest order of a cycle.
    branches : tuple of Branch
        By order, then by their beginning.
    events : tuple of Event
        By rising value.
    complete_up_to : int
        The highest order up to which it is proved that no cycle is missing anywhere in the range.
    proved_at : (n,) array
        Values at which the complete set was enumerated, to order `max_order`, and is in the
        diagram.
    radius : float
        The proof of the whole range is about cycles with abs(z) up to here in every component.
    unresolved : tuple of str
        What could not be decided, in words.
    stopped : str or None
        Why the work ended early, or None.
    seconds : float
        Wall-clock time.
    """

    line: Line
    max_order: int
    branches: tuple[Branch, ...]
    events: tuple[Event, ...]
    complete_up_to: int
    proved_at: np.ndarray
    radius: float = 0.0
    unresolved: tuple[str, ...] = ()
    stopped: str | None = None
    seconds: float = 0.0

    def of_type(self, type: str) -> tuple[Event, ...]:
        """Return the events of one type (`events.TYPES`)."""
        if type not in TYPES:
            raise ValueError(f"type must be one of {', '.join(TYPES)}, got {type!r}")
        return tuple(event for event in self.events if event.type == type)

    def words_at(self, value: float) -> list[np.ndarray]:
        """Return the words (k, H) of all cycles at a value, canonical, by branch."""
        pieces = (branch.piece_at(value) for branch in self.branches)
        return [
            np.roll(piece.word, -least_rotation(piece.word), axis=0) for piece in pieces if piece
        ]

    def cycles_at(self, value: float) -> tuple[Cycle, ...]:
        """Return the cycles at a value, solved to full precision, by order."""
        form = self.line.at(value).relu_form
        words = self.words_at(value)
        by_order = [
            np.stack([word for word in words if len(word) == order])
            for order in sorted({len(word) for word in words})
        ]
        return tuple(cycle for group in by_order for cycle in cycles_of_words(form, group))

    @cached_property
    def statement(self) -> str:
        """What may be said about the diagram, in one line."""
        if self.complete_up_to >= self.max_order:
            text = f"complete to order {self.max_order} over the whole range, proved"
            if 0.0 < self.radius < np.inf:
                text += f" for |z| up to {self.radius:.0e}".replace("e+0", "e").replace("e+", "e")
        elif len(self.proved_at):
            text = (
                f"complete to order {self.max_order} at {len(self.proved_at)} values, proved; "
                "followed from event to event between them"
            )
        else:
            text = f"cycles to order {self.max_order}, not proved"
        if self.unresolved:
            text += f"; {len(self.unresolved)} places could not be decided"
        return f"{text}; {self.stopped}" if self.stopped else text

    def plot(
        self,
        ax: Axes | None = None,
        coordinate: int | str = 0,
        *,
        events: bool = True,
        legend: bool = True,
        **style,
    ) -> Axes:
        """Draw the diagram with Matplotlib, as in the pane, and return the axes.

        Lines are solid where the cycle attracts, dashed elsewhere; the colour says the order, its
        tone the branch, and a marker the type of an event.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            By default the current ones.
        coordinate : int or "norm"
            The component of the state that is drawn upwards, or its length.
        events, legend : bool
            Whether these are drawn.
        **style
            Settings of `matplotlib.axes.Axes.plot` for the lines of all branches.

        Raises
        ------
        ImportError
            If no axes are given and Matplotlib is not installed.
        ValueError
            If the state has no such component.
        """
        return draw_diagram(self, ax, coordinate, events=events, legend=legend, **style)

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row an event: type, value, order, word, who takes part, what changes."""
        import pandas as pd

        events = self.events
        return pd.DataFrame(
            {
                "type": pd.Categorical([event.type for event in events], categories=TYPES),
                "value": np.array([event.value for event in events], float),
                "order": np.array([event.order for event in events], np.int64),
                "word": pd.Series([event.word_text for event in events], dtype=str),
                "touches": pd.Series([event.touches for event in events], dtype=object),
                "spectral_radius": np.array([event.spectral_radius for event in events], float),
                "eigenvalues": pd.Series([event.eigenvalues for event in events], dtype=object),
                "before": pd.Series([event.before for event in events], dtype=object),
                "after": pd.Series([event.after for event in events], dtype=object),
                "unstable_before": pd.Series([e.unstable_before for e in events], dtype=object),
                "unstable_after": pd.Series([e.unstable_after for e in events], dtype=object),
                "coincident": np.array([event.coincident for event in events], bool),
                "confirmed": np.array([event.confirmed for event in events], bool),
            }
        )

    def branches_to_dataframe(self) -> pd.DataFrame:
        """Return one row a sample of a branch: value, points, eigenvalues, stability."""
        import pandas as pd

        branches = self.branches
        counts = [len(branch.values) for branch in branches]
        points = [points for branch in branches for points in branch.points]
        return pd.DataFrame(
            {
                "branch": np.repeat([branch.number for branch in branches], counts).astype(int),
                "order": np.repeat([branch.order for branch in branches], counts).astype(int),
                "value": _joined([branch.values for branch in branches]),
                "stable": _joined([branch.stable for branch in branches]).astype(bool),
                "unstable": _joined([branch.unstable for branch in branches]).astype(int),
                "points": pd.Series(points, dtype=object),
                "eigenvalues": pd.Series(
                    [e for branch in branches for e in branch.eigenvalues], dtype=object
                ),
            }
        )

    def __repr__(self) -> str:
        line = self.line
        return (
            f"<Diagram over {line.label} from {line.lo:g} to {line.hi:g}: {len(self.branches)} "
            f"branches, {len(self.events)} events; {self.statement}>"
        )


def _joined(arrays: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(arrays) if arrays else np.empty(0)
