"""The cycles of one network, and what is known about the set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from .cycle import STABILITIES, Cycle

if TYPE_CHECKING:
    import pandas as pd

    from .continuum import Continuum
    from .proof.certificate import Certificate


@dataclass(frozen=True)
class CycleSet(Sequence):
    """Fixed points and cycles up to `max_order`, by order, the stable ones of an order first.

    Attributes
    ----------
    cycles : tuple of Cycle
    max_order : int
        The order up to which cycles were asked for.
    complete_up_to : int
        The highest order up to which it is proved that none is missing (0: none).
    searched_up_to : int
        The highest order whose search ran to its end.
    method : str
        How they were found.
    seed : int or None
        Seed of the search.
    stopped : str or None
        Why the work ended before `max_order`, or None.
    seconds : float
        Wall-clock time.
    continua : tuple of Continuum
        Words with infinitely many cycles: lines of fixed points, families at a flip.
    certificate : Certificate or None
        The proof, up to `complete_up_to`, which `verify` checks.
    """

    cycles: tuple[Cycle, ...]
    max_order: int
    complete_up_to: int
    searched_up_to: int
    method: str
    seed: int | None = None
    stopped: str | None = None
    seconds: float = 0.0
    continua: tuple[Continuum, ...] = ()
    certificate: Certificate | None = None

    def of_order(self, order: int) -> tuple[Cycle, ...]:
        """Return the cycles of one order; order 1 are the fixed points."""
        return tuple(cycle for cycle in self.cycles if cycle.order == order)

    @property
    def stable(self) -> tuple[Cycle, ...]:
        """The stable cycles."""
        return tuple(cycle for cycle in self.cycles if cycle.stability == "stable")

    @property
    def radius(self) -> float:
        """The proof is about all cycles with abs(z) up to here in every component; 0 without."""
        return self.certificate.radius if self.certificate else 0.0

    @cached_property
    def statement(self) -> str:
        """What may be said about the set, in one line."""
        if self.complete_up_to >= self.max_order:
            text = f"complete to order {self.max_order}, proved"
            if 0.0 < self.radius < np.inf:
                text += f" for |z| up to {_rounded_down(self.radius)}"
        elif self.complete_up_to:
            text = f"proved to order {self.complete_up_to}, searched to {self.searched_up_to}"
        else:
            text = f"search to order {self.searched_up_to}, not proved"
        if self.continua:
            text += f", and {_plural(len(self.continua), 'continuum', 'continua')} of cycles"
        return f"{text}; {self.stopped}" if self.stopped else text

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row a cycle: order, stability, largest |λ|, eigenvalues, points, word.

        The columns have the same types for an empty set.
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "order": np.array([cycle.order for cycle in self], np.int64),
                "stability": pd.Categorical([c.stability for c in self], categories=STABILITIES),
                "spectral_radius": _column(cycle.spectral_radius for cycle in self),
                "eigenvalues": pd.Series([cycle.eigenvalues for cycle in self], dtype=object),
                "points": pd.Series([cycle.points for cycle in self], dtype=object),
                "word": pd.Series([cycle.word_text for cycle in self], dtype=str),
                "residual": _column(cycle.residual for cycle in self),
                "margin": _column(cycle.margin for cycle in self),
                "margin_error": _column(cycle.margin_error for cycle in self),
                "decided": np.array([cycle.decided for cycle in self], bool),
                "on_border": np.array([cycle.on_border for cycle in self], bool),
            }
        )

    def __len__(self) -> int:
        return len(self.cycles)

    def __getitem__(self, index):
        return self.cycles[index]

    def __iter__(self) -> Iterator[Cycle]:
        return iter(self.cycles)

    def __contains__(self, cycle: object) -> bool:
        return isinstance(cycle, Cycle) and cycle in self._members

    @cached_property
    def _members(self) -> frozenset[Cycle]:
        return frozenset(self.cycles)

    @property
    def counts(self) -> dict[int, int]:
        """The number of cycles of each order that has any."""
        return dict(sorted(Counter(cycle.order for cycle in self).items()))

    def __repr__(self) -> str:
        lines = [f"{_plural(len(self), 'cycle')} ({self.statement})"]
        lines += [f"  {_line(cycle)}" for cycle in self.cycles[:30]]
        if len(self) > 30:
            lines.append(f"  … and {len(self) - 30} more")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        table = self.to_dataframe()
        table["eigenvalues"] = [_numbers(cycle.eigenvalues[:3]) for cycle in self]
        table["points"] = [_numbers(cycle.points[0][:3]) for cycle in self]
        table = table.rename(
            columns={
                "spectral_radius": "largest |λ|",
                "eigenvalues": "leading eigenvalues",
                "points": "first point",
            }
        )
        body = table.to_html(
            index=False, max_rows=30, border=0, float_format=lambda x: f"{x:.4g}", escape=True
        )
        heading = escape(f"{_plural(len(self), 'cycle')} — {self.statement}")
        return f"<p>{heading}</p>{body}"


def _column(numbers: Iterable[float]) -> np.ndarray:
    return np.fromiter(numbers, np.float64)


def in_reading_order(cycles: Iterable[Cycle]) -> tuple[Cycle, ...]:
    """Return cycles by order, the stable ones of an order first."""
    return tuple(sorted(cycles, key=_place))


def _place(cycle: Cycle) -> bytes:
    """Return what sorts like order, stability, word.

    In one piece: of tens of thousands of tuples the garbage collector would want to hear.
    """
    order, bits = cycle.key
    return order.to_bytes(8, "big") + _RANKS[cycle.stability] + bits


_RANKS = {stability: bytes([rank]) for rank, stability in enumerate(STABILITIES)}


def _plural(number: int, noun: str, plural: str | None = None) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"


def _rounded_down(radius: float) -> str:
    """Return a radius as text with one digit that does not claim more, such as ``4e+06``."""
    digits = f"{radius:.15e}"
    return f"{digits[0]}{digits[digits.index('e') :]}"


def _line(cycle: Cycle) -> str:
    return (
        f"{cycle.name:<12} {cycle.stability:<9} |λ| {cycle.spectral_radius:<10.4g} "
        f"z {_numbers(cycle.points[0][:4])}"
    )


def _numbers(values: np.ndarray) -> str:
    return ", ".join(format_number(value) for value in values)


def format_number(value: complex, digits: int = 4) -> str:
    """Return a real or complex number as short text, such as ``0.52`` or ``0.9+0.58i``."""
    value = complex(value)
    if value.imag == 0.0:
        return f"{value.real:.{digits}g}"
    return f"{value.real:.{digits}g}{value.imag:+.{digits}g}i"
