"""The diagrams of a line as they become known: what was computed for the line before is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...bifurcations.compile import compile_bifurcations
from ...bifurcations.diagram import Diagram
from ...bifurcations.line import Line
from ...bifurcations.line_diagram import refined_diagrams
from ...cancellation import Cancelled, expiring_flag
from ...dynamics import OrbitDiagram, orbit_diagram
from ..scene import Scene

# As many orbits as the finger can wait for, and as many as make a good picture.
FEW_ORBITS = {"values": 151, "transient": 300, "kept": 30, "starts": 2}
MANY_ORBITS = {"values": 301, "transient": 1500, "kept": 120, "starts": 4}


@dataclass(frozen=True)
class _Known:
    line: Line
    max_order: int
    result: Diagram | OrbitDiagram
    finished: bool


class DiagramGrowth:
    """Ever better diagrams of a line; those of the last line are kept.

    While the diagram's own weight moves, the line stays the same, and nothing is computed.
    """

    def __init__(self):
        self._diagram: _Known | None = None
        self._orbits: _Known | None = None

    def knows(self, line: Line, max_order: int) -> bool:
        """Whether there is a diagram of a line."""
        known = self._diagram
        return known is not None and (known.line, known.max_order) == (line, max_order)

    def diagrams(self, scene: Scene, line: Line, max_order: int) -> Iterator[tuple[Diagram, bool]]:
        """Yield the diagrams of a line, each with whether a better one is sought.

        Raises
        ------
        Cancelled
            If a newer scene comes.
        """
        best = None
        if self.knows(line, max_order):
            best = self._diagram.result
            ended = self._diagram.finished or scene.proof_limit == 0
            yield best, not ended
            if ended:
                return
        seconds = scene.time_limit if scene.proof_limit == 0 else scene.proof_limit
        compile_bifurcations()
        with expiring_flag(seconds) as expired:
            for diagram in refined_diagrams(
                line,
                max_order,
                known=None if self._diagram is None else self._diagram.result,
                cancel=scene.cancel,
                expired=expired,
            ):
                if scene.cancelled:
                    break
                if best is None or _is_better(diagram, best):
                    best = diagram
                    self._diagram = _Known(line, max_order, best, _is_proved(best))
                    yield best, not _is_proved(best)
                if scene.proof_limit == 0:
                    break
        if scene.cancelled:
            raise Cancelled("bifurcation diagram")
        self._diagram = _Known(line, max_order, best, True)
        yield best, False

    def orbit_diagrams(self, scene: Scene, line: Line) -> Iterator[tuple[OrbitDiagram, bool]]:
        """Yield the orbit diagrams of a line, each with whether a finer one follows."""
        known = self._orbits
        if known is not None and known.line == line:
            yield known.result, not known.finished
            if known.finished:
                return
        ends = (line.start, line.end) if line.parameter is None else (scene.model, line.parameter)
        asked = (*ends, (line.lo, line.hi))
        for amount in (FEW_ORBITS, MANY_ORBITS):
            if known is None or known.line != line or amount is MANY_ORBITS:
                orbits = orbit_diagram(*asked, cancel=scene.cancel, **amount)
                self._orbits = _Known(line, 0, orbits, amount is MANY_ORBITS)
                yield orbits, amount is FEW_ORBITS


def _is_proved(diagram: Diagram) -> bool:
    return diagram.complete_up_to >= diagram.max_order


def _is_better(diagram: Diagram, other: Diagram) -> bool:
    return _is_proved(diagram) or len(diagram.proved_at) > len(other.proved_at)
