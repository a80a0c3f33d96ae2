"""The eigenvalues of a network's cycles on the unit circle, while its weights move."""

from __future__ import annotations

from collections.abc import Iterator

import ipywidgets as widgets

from ...models import Model
from ..html_parts import set_html
from ..live import Live
from ..palette import STABILITY_MARKERS
from ..pane import LivePane
from ..scene import Scene
from ..unit_circle.figure import UnitCircle
from ..unit_circle.points import TRAIL
from .circle_picture import CirclePicture, compose_circle
from .circle_text import forecast_html, legend_html
from .family import Family, subject_of
from .layout import Sliders, beside, weights_above

SIZES = {"stable": 64, "saddle": 52, "unstable": 52, "neutral": 52}


class EigenvalueCircle(LivePane):
    """The eigenvalues, once around, of every cycle of a network.

    A cycle is stable while all of them are inside the circle. On the circle it meets a bifurcation:
    at +1 a degenerate transcritical one, at -1 a degenerate flip, elsewhere a centre; the words
    beside the figure say which is near. Marker: stability. Colour: order. Grey dots: the networks
    before, so that a moving slider leaves a trail.

    Parameters
    ----------
    subject : Model, Live or function
        Of a function such as ``sw.systems.two_cycle`` every parameter has a slider.
    sliders : bool or sequence of str, optional
        Whether the weights have sliders above the figure, or the names of those that have. By
        default those of a small network have, unless it is the Live of another pane.
    height : str
        CSS height of the figure.
    **settings
        Settings of a `Live`: ``max_order``, ``seed``, ``time_limit``, ….

    Attributes
    ----------
    picture : CirclePicture or None
        What is drawn, as arrays.
    trail : tuple of CirclePicture
        The networks before, the oldest first.

    Examples
    --------
    >>> import scyfi_widgets as sw
    >>> circle = sw.EigenvalueCircle(sw.systems.two_cycle, max_order=2)
    >>> circle.model = sw.systems.two_cycle(0.5)
    >>> circle.picture.approaches[0].type
    """

    def __init__(
        self,
        subject: Model | Live | Family,
        *,
        sliders: Sliders = None,
        height: str = "380px",
        **settings,
    ):
        super().__init__(subject_of(subject), **settings)
        self.picture: CirclePicture | None = None
        self.trail: tuple[CirclePicture, ...] = ()
        groups = {
            name: (marker, filled, SIZES[name])
            for name, (marker, filled, _) in reversed(STABILITY_MARKERS.items())
        }
        self._circle = UnitCircle(groups, height)
        self.figure = self._circle.figure
        clear = widgets.Button(
            description="Clear trail",
            tooltip="Forget the networks before",
            layout={"width": "auto"},
        )
        clear.on_click(lambda _: self._in_callback(self.clear_trail))
        self._words, self._legend = widgets.HTML(), widgets.HTML()
        row = beside(self.figure, [self._words, self._legend, clear], "400px")
        self._show(*weights_above(subject, self.live, sliders), row)

    def clear_trail(self) -> None:
        """Forget the networks before."""
        self.trail = ()
        self.live.refresh()

    def pictures(self, scene: Scene) -> Iterator[CirclePicture]:
        """Yield the picture of a scene, and another when the proof has found more cycles."""
        for cycles, _ in scene.growing_cycles():
            yield compose_circle(scene.model, cycles, self._before(scene.model))

    def _before(self, model: Model) -> tuple[CirclePicture, ...]:
        """Return the networks before a model: those of the trail, and the one that is shown."""
        shown = self.picture
        if shown is None or shown.model == model:
            return self.trail
        return (*self.trail, shown)[-TRAIL:] if shown.model.M == model.M else ()

    def draw(self, picture: CirclePicture) -> None:
        """Set all marks whose data changed; the network before becomes part of the trail."""
        self.trail, self.picture = self._before(picture.model), picture
        self._circle.draw(picture.size, picture.trail, picture.groups)
        set_html(self._words, forecast_html(picture))
        set_html(self._legend, legend_html(picture))
        self.set_fresh()
