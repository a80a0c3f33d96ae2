"""The corners of a path: what happens exactly at a saved network is found once, and typed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .path import relative_change
from .section import Section, corner_size
from .step_line import StepLine
from .survey import Survey

NOTHING = 1e-11  # of the weights' size: a corner that is shorter has no inside


@dataclass(frozen=True, eq=False)
class Place:
    """A section and where it lies.

    Attributes
    ----------
    section : Section
    line : StepLine or None
        The line whose parameter its events have; None where there are none.
    start, stop : float
        Its epochs; those of a corner are equal.
    """

    section: Section
    line: StepLine | None
    start: float
    stop: float

    @property
    def is_corner(self) -> bool:
        """Whether it is the section of a corner."""
        return self.start == self.stop

    def epoch(self, value: float) -> float:
        """Return the epoch at a value of the line's parameter."""
        part = min(max(self.line.part(value), 0.0), 1.0)
        return self.start + part * (self.stop - self.start)


def places_of(survey: Survey, known: int) -> tuple[list[Place], list[int]]:
    """Return the first `known` sections in their places, with those of doubtful corners between.

    Where something happens within rounding of a corner, or the cycles on both sides of it differ,
    the two sections are looked at again without their last part, a 1e-8 of the parameter, and a
    straight one joins them. So the corner is crossed as any line crosses a bifurcation; where the
    path only touches one and turns back, nothing is found. At the two ends of the path only the
    last part is left out.

    Returns
    -------
    list of Place
    list of int
        The steps after which cycles still differ.

    Raises
    ------
    Cancelled
        If a flag was set.
    """
    sections = survey.sections[:known]
    epochs = survey.path.epochs
    cut = [_cut(sections, corner) for corner in range(known + 1)]
    places: list[Place] = []
    open_corners = []
    for number, section in enumerate(sections):
        step = survey.steps[number]
        line = survey.line(number) if section.eventful else None
        if cut[number] or cut[number + 1]:
            line = _shortened(survey.line(number), cut[number], cut[number + 1])
            section = survey.section(line, _seeds(survey, number))
        place = Place(section, line, float(epochs[step.before]), float(epochs[step.last]))
        if number and cut[number]:
            corner = _corner(survey, places[-1], place)
            if corner is not None:
                places.append(corner)
                if places[-2].section.right.keys != corner.section.left.keys:
                    open_corners.append(number)
        if number and places[-1].section.right.keys != section.left.keys:
            open_corners.append(number)
        places.append(place)
    return places, sorted(set(open_corners))


def places_without_corners(survey: Survey, known: int) -> list[Place]:
    """Return the first `known` sections in their places, when no time is left for corners."""
    epochs = survey.path.epochs
    return [
        Place(
            section,
            survey.line(number) if section.eventful else None,
            float(epochs[step.before]),
            float(epochs[step.last]),
        )
        for number, (section, step) in enumerate(
            zip(survey.sections[:known], survey.steps, strict=False)
        )
    ]


def _cut(sections: list[Section], corner: int) -> bool:
    before = sections[corner - 1] if corner else None
    after = sections[corner] if corner < len(sections) else None
    if before is None or after is None:
        return (after.corner_left if before is None else before.corner_right) if sections else False
    return before.corner_right or after.corner_left or before.right.keys != after.left.keys


def _shortened(line: StepLine, at_start: bool, at_stop: bool) -> StepLine:
    size = corner_size(line)
    lo = line.lo + size if at_start else line.lo
    return replace(line, lo=lo, hi=line.hi - size if at_stop else line.hi)


def _corner(survey: Survey, before: Place, after: Place) -> Place | None:
    start, end = before.line.at(before.line.hi), after.line.at(after.line.lo)
    arrays = [(start.parameters[name], end.parameters[name]) for name in start.parameters]
    length = float(np.max([relative_change(a.reshape(1, -1), b.reshape(1, -1)) for a, b in arrays]))
    if length < NOTHING:
        return None
    line = StepLine.of_step(start, end, length)
    # The proof does not reach a cycle that is at infinity nearby: its word is known from the sides.
    seeds = frozenset((*before.section.right.keys, *after.section.left.keys))
    return Place(survey.section(line, seeds), line, before.stop, before.stop)


def _seeds(survey: Survey, number: int) -> frozenset[bytes]:
    section = survey.sections[number]
    return survey.seeds[number].union(section.left.keys, section.right.keys)
