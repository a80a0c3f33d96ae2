"""What a frame shows, in a sentence: for those who cannot see it, and for all others too."""

from __future__ import annotations

from collections import Counter

from ..cycles import CycleSet
from ..widgets.badge import badge_text
from ..widgets.live import Live
from ..widgets.replay.event_words import cycle_name
from ..widgets.replay.replay_live import ReplayLive

MOST_GROUPS = 6


def summary_of(live: Live) -> str:
    """Return what is shown of one network, as plain text."""
    cycles = live.shown.cycles
    text = f"{cycles_text(cycles)}; {badge_text(cycles)}."
    if not isinstance(live, ReplayLive):
        return text
    run, epoch = live.run, live.epoch
    loss = f", loss {run.loss[epoch]:.4g}" if epoch < len(run.loss) else ""
    return f"Epoch {epoch}{loss}: {text}"


def cycles_text(cycles: CycleSet) -> str:
    """Return how many cycles of which order and stability there are."""
    groups = sorted(Counter((cycle.order, cycle.stability) for cycle in cycles).items())
    names = [
        f"{count} {stability} {cycle_name(order)}{'s' if count > 1 else ''}"
        for (order, stability), count in groups[:MOST_GROUPS]
    ]
    rest = sum(count for _, count in groups[MOST_GROUPS:])
    if rest:
        names.append(f"{rest} more")
    if cycles.continua:
        names.append(f"{len(cycles.continua)} continua of cycles")
    return ", ".join(names) or "no cycle"
