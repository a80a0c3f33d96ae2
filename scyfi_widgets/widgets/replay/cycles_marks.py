"""The figure of the cycles over the epochs: a fixed number of marks, whatever is drawn."""

from __future__ import annotations

from collections.abc import Callable

from ..diagram.branch_curves import Coordinate
from ..marks import set_lines, set_mark
from .cycles_picture import CyclesPicture, Limits
from .epoch_chart import EpochChart


class CyclesMarks(EpochChart):
    """Branches over the epochs, and what is done to them; see `EpochChart`.

    Parameters
    ----------
    height : str
        CSS height.
    go, zoom : callable
    """

    _picture: CyclesPicture | None

    def __init__(
        self, height: str, go: Callable[[float], None], zoom: Callable[[Limits, Limits], None]
    ):
        super().__init__(go, zoom)
        self._unstable, self._stable = self._line(1.4, "dashed", opacity=0.8), self._line(2.6)
        self._signs = self._event_signs(48)
        self._tell_events(self._signs)
        marks = [self._unstable, self._stable, self._now, self._clicks, *self._signs.values()]
        self._build(marks, height, "sw-diagram")

    def draw(self, picture: CyclesPicture, coordinate: Coordinate, epoch: int) -> None:
        """Set all marks whose data changed; `epoch` is the present one."""
        if picture is not self._picture:
            self._picture = picture
            label = "|z|" if coordinate == "norm" else f"z[{coordinate}]"
            self._set_axes(picture.epochs, picture.limits, ("epoch", label))
            set_lines(self._unstable, *picture.unstable)
            set_lines(self._stable, *picture.stable)
            for name, scatter in self._signs.items():
                set_mark(scatter, picture.signs[name][0])
        self._set_now(epoch)
