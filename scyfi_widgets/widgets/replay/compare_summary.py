"""What two trainings did, in a line each: jumps, bifurcations, and whether they belong together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from ...bifurcations.events import NAMES, TYPES
from ...training import JumpAssociation, LossJump, RunBifurcations, TrainingRun, jump_association
from ..palette import EVENT_COLOURS, EVENT_MARKERS, START_COLOUR

COLUMNS = ("", "epochs", "last loss", "loss jumps", "bifurcations", "jumps with a bifurcation")


@dataclass(frozen=True)
class RunSummary:
    """A training in numbers.

    Attributes
    ----------
    label : str
    epochs : int
    loss : float
        Of the last epoch; NaN without any.
    jumps : mapping of str to int
        The number of loss jumps down and up.
    events : mapping of str to int, or None
        The number of bifurcations by type, without persistences; None while they are not known.
    association : JumpAssociation or None
        Whether jumps have bifurcations beside them more often than by chance.
    """

    label: str
    epochs: int
    loss: float
    jumps: Mapping[str, int]
    events: Mapping[str, int] | None
    association: JumpAssociation | None

    @property
    def statement(self) -> str:
        """All of it in one line."""
        jumps = ", ".join(f"{count} {way}" for way, count in self.jumps.items()) or "none"
        text = f"{self.label}: {self.epochs:,} epochs, loss {self.loss:.4g}; jumps: {jumps}"
        if self.events is None:
            return f"{text}; bifurcations not known"
        found = ", ".join(f"{n} {NAMES[name]}" for name, n in self.events.items()) or "none"
        text += f"; bifurcations: {found}"
        return text if self.association is None else f"{text}; {self.association.statement}"


def summary_of(
    label: str,
    run: TrainingRun,
    jumps: Sequence[LossJump],
    found: RunBifurcations | None,
    window: float,
) -> RunSummary:
    """Return a training in numbers.

    Parameters
    ----------
    window : float
        Epochs between a jump and an event that belong together, see `jump_association`.
    """
    ways = Counter(jump.direction for jump in jumps)
    events = association = None
    if found is not None:
        counts = Counter(event.type for event in found.qualitative)
        events = {name: counts[name] for name in TYPES if counts[name]}
        if run.epochs:
            association = jump_association(run, found.qualitative, list(jumps), window)
    return RunSummary(
        label=label,
        epochs=run.epochs,
        loss=float(run.loss[-1]) if run.epochs else float("nan"),
        jumps={way: ways[way] for way in ("down", "up") if ways[way]},
        events=events,
        association=association,
    )


def summary_html(summaries: Sequence[RunSummary]) -> str:
    """Return the trainings as the rows of a table."""
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    rows = "".join(f"<tr>{_cells(summary)}</tr>" for summary in summaries)
    return f'<div class="sw-table"><table><tr>{head}</tr>{rows}</table></div>'


def _cells(summary: RunSummary) -> str:
    jumps = [
        f'<span style="color:{START_COLOUR}">{sign}</span>&nbsp;{summary.jumps[way]}'
        for way, sign in (("down", "▼"), ("up", "▲"))
        if way in summary.jumps
    ]
    if summary.events is None:
        events, test = "…", "…"
    else:
        signs = [
            f'<span style="color:{EVENT_COLOURS[name]}" title="{escape(NAMES[name])}">'
            f"{EVENT_MARKERS[name][2]}</span>&nbsp;{count}"
            for name, count in summary.events.items()
        ]
        events = " ".join(signs) or "none"
        test = _test_html(summary.association)
    values = (
        f"<b>{escape(summary.label)}</b>",
        f"{summary.epochs:,}",
        f"{summary.loss:.4g}",
        " ".join(jumps) or "none",
        events,
        test,
    )
    return "".join(f"<td>{value}</td>" for value in values)


def _test_html(test: JumpAssociation | None) -> str:
    if test is None or not test.n_jumps or not test.n_events:
        return "nothing to test"
    text = f"{test.observed} of {test.n_jumps}, {test.expected:.3g} by chance, p {_p(test)}"
    return f'<span title="{escape(test.statement)}">{text}</span>'


def _p(test: JumpAssociation) -> str:
    return "< 0.001" if test.p_value < 0.001 else f"= {test.p_value:.2g}"
