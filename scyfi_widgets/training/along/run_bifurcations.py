"""All bifurcations on the path of a training, and what may be said about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ...bifurcations.events import TYPES
from .cycle_record import CycleRecord, RunBranch, branch_of
from .run_event import RunEvent

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class RunBifurcations:
    """The bifurcations that a training crosses, and its cycles epoch by epoch.

    Arrays with an axis S have an entry for each saved network that was looked at.

    Attributes
    ----------
    epochs : (S,) int array
    max_order : int
        The highest order of a cycle.
    events : tuple of RunEvent
        By rising epoch; persistences, which change nothing, are among them (see `qualitative`).
    cycles : CycleRecord
        Every cycle of every network, with its branch.
    spectral_radius : (S,) array
        The largest modulus of an eigenvalue, once around, of the attracting cycles; NaN where there
        are none. At 1 one of them loses its stability.
    border_margin : (S,) array
        The smallest distance abs(W2_j z + h2_j) / |W2_j|, in units of the state, of a point of an
        attracting cycle from a border; NaN where there are none. At 0 one of them collides.
    lyapunov : (S,) array
        The largest Lyapunov exponent, per step, of the orbit that begins where the data do, or in
        a default start if there are no data; NaN where it diverges or was not computed.
    path_length : (S,) array
        The length of the path from the first network, Euclidean in the space of all parameters.
    proved : (S - 1,) bool array
        Whether it is proved for the step from one network to the next that no cycle is missing.
    complete_up_to : (S,) int array
        The order up to which the cycles of a network are proved to be all.
    known_up_to : int
        The epoch up to which the path was looked at: the last one unless `stopped`.
    radius : float
        Proofs are about cycles with abs(z) up to here in every component, and that keep 1e-11 of
        the network's scale from the borders.
    every : int
        Which of the saved networks were looked at.
    unresolved : tuple of str
        What could not be decided, in words.
    stopped : str or None
        Why the work ended early, or None.
    seconds : float
        Wall-clock time.
    """

    epochs: np.ndarray
    max_order: int
    events: tuple[RunEvent, ...]
    cycles: CycleRecord
    spectral_radius: np.ndarray
    border_margin: np.ndarray
    lyapunov: np.ndarray
    path_length: np.ndarray
    proved: np.ndarray
    complete_up_to: np.ndarray
    known_up_to: int
    radius: float
    every: int = 1
    unresolved: tuple[str, ...] = ()
    stopped: str | None = None
    seconds: float = 0.0

    # Events -------------------------------------------------------------------------------------

    def of_type(self, type: str) -> tuple[RunEvent, ...]:
        """Return the events of one type (`scyfi_widgets.bifurcations.events.TYPES`)."""
        if type not in TYPES:
            raise ValueError(f"type must be one of {', '.join(TYPES)}, got {type!r}")
        return tuple(event for event in self.events if event.type == type)

    @cached_property
    def qualitative(self) -> tuple[RunEvent, ...]:
        """The events in which cycles come, go or change their stability."""
        return tuple(event for event in self.events if event.qualitative)

    @cached_property
    def of_attractors(self) -> tuple[RunEvent, ...]:
        """The events in which a cycle begins or ceases to attract."""
        return tuple(event for event in self.events if event.changes_attractor)

    @property
    def counts(self) -> dict[str, int]:
        """The number of events of each type that occurs."""
        found = Counter(event.type for event in self.events)
        return {type: found[type] for type in TYPES if found[type]}

    # Branches -----------------------------------------------------------------------------------

    @cached_property
    def branches(self) -> tuple[RunBranch, ...]:
        """Every cycle through the training, by its number."""
        return tuple(branch_of(self.cycles, number) for number in range(self.cycles.branches))

    def words_at(self, epoch: int) -> list[np.ndarray]:
        """Return the words (k, H), canonical, of the cycles of a saved network, by order."""
        self._row(epoch)
        rows = self.cycles.rows_at(epoch)
        return [self.cycles.words[self.cycles.word[row]] for row in rows]

    def _row(self, epoch: int) -> int:
        found = np.flatnonzero(self.epochs == epoch)
        if not len(found) or epoch > self.known_up_to:
            nearest = self.epochs[np.argmin(np.abs(self.epochs - epoch))]
            raise ValueError(
                f"network {epoch} was not looked at: the path is known up to epoch "
                f"{self.known_up_to}, the nearest network is {nearest}"
            )
        return int(found[0])

    # Distances ----------------------------------------------------------------------------------

    @cached_property
    def distance_in_epochs(self) -> np.ndarray:
        """How many epochs before or after the nearest qualitative event each network is, (S,).

        Along the path that the training took, so of all bifurcations only those that it crossed;
        infinite if it crossed none, NaN beyond `known_up_to`.
        """
        return self._distance(self.epochs.astype(float), [e.epoch for e in self.qualitative])

    @cached_property
    def distance_along_path(self) -> np.ndarray:
        """As `distance_in_epochs`, in the length of the path between, in parameter space (S,)."""
        events = [event.epoch for event in self.qualitative]
        return self._distance(self.path_length, np.interp(events, self.epochs, self.path_length))

    def _distance(self, places: np.ndarray, events: Iterable[float]) -> np.ndarray:
        events = np.sort(np.concatenate([[-np.inf], np.asarray(events, float), [np.inf]]))
        after = np.searchsorted(events, places)
        nearest = np.minimum(places - events[after - 1], events[after] - places)
        return np.where(self.epochs <= self.known_up_to, nearest, np.nan)

    # Being shown --------------------------------------------------------------------------------

    @cached_property
    def statement(self) -> str:
        """What is proved and what may be missed, in one line."""
        K, known = self.max_order, self.epochs <= self.known_up_to
        complete, networks = int((self.complete_up_to[known] >= K).sum()), int(known.sum())
        proved = self.proved[known[1:]]
        if proved.all() and complete:
            text = f"complete to order {K} along the whole path, proved"
            if 0.0 < self.radius < np.inf:
                text += f" for |z| up to {self.radius:.0e}".replace("e+0", "e").replace("e+", "e")
        else:
            text = f"cycles to order {K} followed from event to event"
            if proved.any():
                text += f" in {int((~proved).sum())} of {len(proved)} steps, the others proved"
            if complete:
                text += (
                    f"; complete sets proved at {complete} of {networks} networks: missed is what "
                    "lives only between two of them and meets no other cycle"
                )
            else:
                text += "; no set is proved to be complete"
        if self.every > 1:
            text += f"; one in {self.every} of the saved networks, with straight lines between"
        if self.unresolved:
            text += f"; {len(self.unresolved)} places could not be decided"
        return f"{text}; {self.stopped}" if self.stopped else text

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row an event: epoch, type, order, effect, word, who takes part."""
        import pandas as pd

        events = self.events
        return pd.DataFrame(
            {
                "epoch": np.array([event.epoch for event in events], float),
                "type": pd.Categorical([event.type for event in events], categories=TYPES),
                "order": np.array([event.order for event in events], np.int64),
                "effect": pd.Series([event.effect for event in events], dtype=str),
                "qualitative": np.array([event.qualitative for event in events], bool),
                "word": pd.Series([event.word_text for event in events], dtype=str),
                "spectral_radius": np.array([event.spectral_radius for event in events], float),
                "eigenvalues": pd.Series([event.eigenvalues for event in events], dtype=object),
                "before": pd.Series([event.before for event in events], dtype=object),
                "after": pd.Series([event.after for event in events], dtype=object),
                "confirmed": np.array([event.event.confirmed for event in events], bool),
            }
        )

    def epochs_to_dataframe(self) -> pd.DataFrame:
        """Return one row a network: what is measured of it; the index is the epoch."""
        import pandas as pd

        rows = self.cycles.epoch[self.cycles.saved]
        attracting = self.cycles.epoch[self.cycles.saved & self.cycles.stable]
        return pd.DataFrame(
            {
                "cycles": _counted(rows, self.epochs),
                "attracting": _counted(attracting, self.epochs),
                "spectral_radius": self.spectral_radius,
                "border_margin": self.border_margin,
                "lyapunov": self.lyapunov,
                "distance_in_epochs": self.distance_in_epochs,
                "distance_along_path": self.distance_along_path,
                "path_length": self.path_length,
                "complete_up_to": self.complete_up_to,
            },
            index=pd.Index(self.epochs, name="epoch"),
        )

    def __repr__(self) -> str:
        found = ", ".join(f"{count} {type}" for type, count in self.counts.items()) or "no events"
        return (
            f"<RunBifurcations over epochs {self.epochs[0]} to {self.known_up_to}: {found}; "
            f"{self.cycles.branches} branches; {self.statement}>"
        )


def _counted(rows: np.ndarray, epochs: np.ndarray) -> np.ndarray:
    return np.searchsorted(rows, epochs, side="right") - np.searchsorted(rows, epochs)
