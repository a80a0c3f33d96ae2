"""A direction in parameter space that a diagram can be drawn along, like a weight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...bifurcations.line import Line
from ...models import Model

ON_IT = 1e-12  # of the direction's length and place: a network that is nearer is on the line


@dataclass(frozen=True)
class Direction:
    """From one network to another, all weights at once: s is 0 at the first and 1 at the second.

    A network beside the line is shown on a parallel one.

    Attributes
    ----------
    name : str
        What it is called among the weights, such as ``"towards epoch 440"``.
    start, end : Model
        Of one architecture, and not equal.

    Raises
    ------
    TypeError, ValueError
        If there is no line between the networks.
    """

    name: str
    start: Model
    end: Model

    def __post_init__(self):
        Line.through(self.start, self.end)

    def suits(self, model: Model) -> bool:
        """Whether a network can be moved in this direction."""
        try:
            Line.through(model, self.end)
        except ValueError:
            return model == self.end
        return True

    def place(self, model: Model, bounds: tuple[float, float], last: Line | None = None):
        """Return the line through a network, and its s there.

        Parameters
        ----------
        model : Model
        bounds : (lo, hi)
            The range of s.
        last : Line, optional
            The line before: it stays the same as long as the network moves along it.
        """
        if last is not None and last.parameter is None and (last.lo, last.hi) == bounds:
            value, aside = _projection(model, last.start, last.end)
            if aside is None:
                return last, value
        value, aside = _projection(model, self.start, self.end)
        start, end = self.start, self.end
        if aside is not None:
            start, end = (
                each.replace({name: each.parameters[name] + aside[name] for name in aside})
                for each in (start, end)
            )
        return Line.through(start, end, bounds), value


def _projection(model: Model, start: Model, end: Model):
    """Return where a network is along a line, and how far beside it by array; None if it is on."""
    along, square, size, offsets = 0.0, 0.0, 0.0, {}
    for name, origin in start.parameters.items():
        step = end.parameters[name] - origin
        offset = model.parameters[name] - origin
        along += float((offset * step).sum())
        square += float((step * step).sum())
        size = max(size, float(np.abs(origin).max()), float(np.abs(step).max()))
        offsets[name] = (offset, step)
    value = along / square
    aside = {name: offset - value * step for name, (offset, step) in offsets.items()}
    if max(float(np.abs(array).max()) for array in aside.values()) <= ON_IT * size:
        return value, None
    return value, aside
