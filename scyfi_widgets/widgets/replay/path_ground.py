"""What lies under the path of a training: the surface and the curves of one epoch, kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...bifurcations.events import TYPES
from ...bifurcations.planes.parameter_plane import ParameterPlane
from ...bifurcations.planes.plane import Plane
from ...training import LossLandscape
from ..plane.growth import PlaneGrowth
from ..plane.picture import Lines, drawn_curves, lines_of
from .path_surface import Surface, SurfaceGrowth, SurfaceQuestion, compose_surface
from .replay_live import ReplayScene


@dataclass(frozen=True, eq=False)
class Curves:
    """The bifurcations of a plane as lines.

    Attributes
    ----------
    plane : Plane
    lines : dict of type to Lines
        See `widgets.plane.picture.lines_of`.
    """

    plane: Plane
    lines: dict[str, Lines]


@dataclass(frozen=True, eq=False)
class GroundPicture:
    """What is under the path.

    Attributes
    ----------
    surface : Surface or None
    curves : Curves or None
    epoch : int or None
        The epoch whose other weights these have; None before the first picture.
    stale : bool
        Whether the present epoch has other ones.
    growing : bool
        Whether something finer is sought.
    without : str
        Why there is no surface, where one was asked for.
    """

    surface: Surface | None = None
    curves: Curves | None = None
    epoch: int | None = None
    stale: bool = False
    growing: bool = False
    without: str = ""


class Ground:
    """Surface and curves of a plane; they are computed anew only where an epoch needs others."""

    def __init__(self):
        self._surfaces, self._planes = SurfaceGrowth(), PlaneGrowth()
        self._last = GroundPicture()
        self._of: tuple | None = None  # the plane and the order of the last picture

    def pictures(
        self, scene: ReplayScene, plane: ParameterPlane, max_order: int, quantity: str | None
    ) -> Iterator[GroundPicture]:
        """Yield at once what is known, then ever better pictures of the scene's epoch.

        Raises
        ------
        Cancelled
            If a newer scene comes.
        """
        of = plane.names, plane.lo, plane.hi
        if self._of != of:
            self._of, self._last = of, GroundPicture()
        question = None if quantity is None else SurfaceQuestion.of(scene.run, scene.epoch, plane)
        without = question if isinstance(question, str) else ""
        question = None if without else question
        last = replace(self._last, without=without)
        if question is None:
            last = replace(last, surface=None)
        elif last.surface is not None and last.surface.quantity != quantity:
            last = replace(last, surface=compose_surface(last.surface.landscape, quantity))
        known = {
            "curves": self._planes.knows(plane, max_order),
            "surface": question is None or self._surfaces.knows(question),
        }
        if not all(known.values()):
            stale = any(getattr(last, part) is not None and not known[part] for part in known)
            yield replace(last, stale=stale, growing=True)
        work = [self._planes.planes(scene, plane, max_order, lambda step, steps: None)]
        if question is not None:
            work.insert(0, self._surfaces.landscapes(scene, question))
        # Old curves on a new surface would deceive: both are replaced at once.
        at_once = last.curves is not None
        while work:
            for steps in tuple(work):
                found, more = next(steps)
                if not more:
                    work.remove(steps)
                if isinstance(found, LossLandscape):
                    last = replace(last, surface=self._surface(found, quantity))
                else:
                    last = replace(last, curves=self._curves(found))
                last = replace(last, epoch=scene.epoch, growing=bool(work))
                if not at_once:
                    self._last = last
                    yield last
            if at_once:
                self._last = last
                yield last
            at_once = False

    def _surface(self, landscape: LossLandscape, quantity: str) -> Surface:
        last = self._last.surface
        if last is not None and last.landscape is landscape and last.quantity == quantity:
            return last
        return compose_surface(landscape, quantity)

    def _curves(self, plane: Plane) -> Curves:
        last = self._last.curves
        if last is not None and last.plane is plane:
            return last
        curves = drawn_curves(plane)
        lines = {name: lines_of([c for c in curves if c.type == name]) for name in TYPES}
        return Curves(plane, lines)
