"""The planes of two weights as they become known; what was computed for the last one is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ...bifurcations.compile import compile_planes
from ...bifurcations.planes.parameter_plane import ParameterPlane
from ...bifurcations.planes.plane import Plane, refined_planes
from ...cancellation import Cancelled, expiring_flag
from ..scene import Scene

Question = tuple[ParameterPlane, int]


@dataclass(frozen=True)
class _Known:
    question: Question
    plane: Plane
    looks: int  # how often it became finer
    finished: bool


class PlaneGrowth:
    """Ever better planes of two weights; those of the last question are kept.

    While only the two weights of the plane move, the plane is the same, and nothing is computed.
    """

    def __init__(self):
        self._known: _Known | None = None

    def knows(self, plane: ParameterPlane, max_order: int) -> bool:
        """Whether there is a plane for an answer."""
        return self._known is not None and self._known.question == _question(plane, max_order)

    def planes(
        self,
        scene: Scene,
        plane: ParameterPlane,
        max_order: int,
        progress: Callable[[int, int], None],
    ) -> Iterator[tuple[Plane, bool]]:
        """Yield planes, each with whether a finer one is sought.

        Raises
        ------
        Cancelled
            If a newer scene comes.
        """
        question = asked, order = _question(plane, max_order)
        looks = 0
        if self.knows(plane, max_order):
            known = self._known
            looks = known.looks
            yield known.plane, not known.finished
            if known.finished:
                return
        axes = zip(asked.names, zip(asked.lo, asked.hi, strict=True), strict=True)
        compile_planes()
        with expiring_flag(scene.proof_limit or None) as expired:
            finer = refined_planes(
                asked.model, *axes, order, progress=progress, cancel=scene.cancel, expired=expired
            )
            for look, found in enumerate(finer, 1):
                if scene.cancelled:
                    break
                if look > looks:
                    self._known = _Known(question, found, look, False)
                    yield found, True
                if scene.proof_limit == 0:
                    break
        if scene.cancelled:
            raise Cancelled("bifurcation plane")
        self._known = _Known(question, self._known.plane, self._known.looks, True)
        yield self._known.plane, False


def _question(plane: ParameterPlane, max_order: int) -> Question:
    """Return the same for all networks that differ in the two weights of the plane only."""
    corner = ParameterPlane(plane.at(*plane.lo), plane.names, plane.lo, plane.hi)
    return corner, max_order
