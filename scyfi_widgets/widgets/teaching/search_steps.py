"""SCYFI step by step, drawn: a candidate hops from region to region until it is real."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import ipywidgets as widgets
from numpy.typing import ArrayLike

from ...cycles import Cycle
from ...cycles.words import word_text
from ...models import Model
from ...models.validation import whole_number
from ..html_parts import set_html
from ..live import Live
from ..pane import LivePane
from ..projection import Limits, Projection, plane_of
from ..return_map import ReturnMap
from ..scene import Scene
from .family import Family, subject_of
from .layout import Sliders, cycles_up_to, weights_above
from .regions import visible_borders
from .search import MOST_STARTS, SearchStep, read_word, search_steps
from .search_marks import SearchMarks
from .search_picture import SearchPicture, compose_search, compose_step
from .search_text import legend_html, step_html
from .stepper import Stepper

MOST_ORDER = 24


class SearchSteps(LivePane):
    """SCYFI (Eisenmann et al., NeurIPS 2023), one step after the other.

    A step guesses a word of regions and solves for the cycle that their maps would have if they
    held everywhere. The ring is that candidate: hollow where it is virtual, filled where every
    point lies in the region that the word names, so that it is a cycle of the network. The tinted
    regions are those of the word; an arrow leads from each to the point that should lie in it and
    does not. The regions in which the points lie are the next guess. Grey: the candidates before,
    and the cycles that were not found yet.

    Play, or go through the steps with the buttons or the arrow keys; "New start" guesses another
    random word, and for order 1 a click in a region guesses that region. For one unit the picture
    is the return map: a candidate lies where the continued map of a region meets the diagonal.

    Parameters
    ----------
    subject : Model, Live or function
        Of a function such as ``sw.systems.two_cycle`` every parameter has a slider.
    order : int
        Number of regions in a word.
    seed : int
        Of the random words.
    word : str or (k, H) array, optional
        The first guess, such as ``"01"``; for order 2 ``"01 11"``. By default it is random too.
    starts : int
        How often a word is guessed; "New start" adds one.
    axes : pair of int, optional
        The units that are drawn on x and y; by default the first two. Of more than two units only
        those borders are seen that are lines in this plane.
    answer : bool
        Whether cycles that were not found yet are drawn.
    sliders : bool or sequence of str, optional
        Whether the weights have sliders above the figure, or the names of those that have. By
        default none, and those of a function.
    height : str
        CSS height of the figure.
    **settings
        Settings of a `Live`. ``max_order`` is `order` by default.

    Attributes
    ----------
    picture : SearchPicture or None
        What is drawn, as arrays.

    Examples
    --------
    >>> import scyfi_widgets as sw
    >>> search = sw.SearchSteps(sw.systems.sixteen_cycle(), word="01")
    >>> search.steps
    >>> search.step = 3
    """

    movable = ("step",)
    _marks: SearchMarks | None = None  # until it is built

    def __init__(
        self,
        subject: Model | Live | Family,
        order: int = 1,
        seed: int = 0,
        word: ArrayLike | str | None = None,
        *,
        starts: int = 4,
        axes: tuple[int, int] | None = None,
        answer: bool = True,
        sliders: Sliders = None,
        height: str = "420px",
        **settings,
    ):
        order = _checked_order(order)
        if not isinstance(subject, Live):
            settings.setdefault("max_order", order)
        super().__init__(subject_of(subject), **settings)
        self.picture: SearchPicture | None = None
        self._order, self._seed = order, whole_number("seed", seed, 0)
        self._starts, self._answer = _checked_starts(starts), bool(answer)
        self._word = None if word is None else read_word(word, order, self.model.H)
        self._axes = None if axes is None else _checked_axes(axes, self.model.M)
        self._drawing = threading.RLock()  # a worker and a callback may draw at the same time
        self._wanted_step = 1  # to go to when there are so many; 0 for staying
        self._window: tuple[Limits, Limits] | None = None
        self._marks = SearchMarks(height, self._on_click)
        self.figure = self._marks.figure
        self._build_controls()
        self._text, self._legend = widgets.HTML(), widgets.HTML()
        if sliders is None:
            sliders = not isinstance(subject, (Model, Live))
        above = weights_above(subject, self.live, sliders)
        self._show(*above, self._controls, self._text, self.figure, self._legend)

    # Scripting ----------------------------------------------------------------------------------

    @property
    def steps(self) -> tuple[SearchStep, ...]:
        """All steps, as data."""
        self.live.wait(self.live.time_limit)
        return () if self.picture is None else self.picture.steps

    @property
    def step(self) -> int:
        """The number of the step that is shown, counted from 1."""
        return self._stepper.value

    @step.setter
    def step(self, step: int) -> None:
        self.live.wait(self.live.time_limit)
        self._stepper.value = whole_number("step", step, 1)

    @property
    def order(self) -> int:
        """Number of regions in a word; another one begins the search anew."""
        return self._order

    @order.setter
    def order(self, order: int) -> None:
        self._begin(_order=_checked_order(order), _word=None)

    @property
    def seed(self) -> int:
        """Seed of the random words; another one begins the search anew."""
        return self._seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self._begin(_seed=whole_number("seed", seed, 0), _word=None)

    @property
    def word(self) -> str | None:
        """The first guess as text, or None where it is random; assigning one begins with it."""
        return None if self._word is None else word_text(self._word)

    @word.setter
    def word(self, word: ArrayLike | str | None) -> None:
        self._begin(_word=None if word is None else read_word(word, self._order, self.model.H))

    @property
    def starts(self) -> int:
        """How often a word is guessed."""
        return self._starts

    @starts.setter
    def starts(self, starts: int) -> None:
        self._starts = _checked_starts(starts)
        self.live.refresh()

    @property
    def answer(self) -> bool:
        """Whether cycles that were not found yet are drawn."""
        return self._answer

    @answer.setter
    def answer(self, answer: bool) -> None:
        self._answer = bool(answer)
        self._toggle.value = self._answer
        self._draw_step()

    @property
    def found(self) -> tuple[Cycle, ...]:
        """The cycles that were found up to the step that is shown."""
        if not self.steps:
            return ()
        found = self.picture.found_by(self.picture.steps[self.step - 1])
        return tuple(cycle for cycle in self.picture.wanted if cycle.key in found)

    def new_start(self) -> None:
        """Guess another random word, and show that step."""
        before = len(self.steps)
        self._wanted_step = before + 1
        self.starts = self._starts + 1

    def fit(self) -> None:
        """Choose the window anew; while weights move it stays as it is."""
        self._window = None
        self.live.refresh()

    def _begin(self, **choices) -> None:
        for name, value in choices.items():
            setattr(self, name, value)
        self._wanted_step, self._window = 1, None
        if self._order_field.value != self._order:
            self._order_field.value = self._order
        self.live.refresh()

    # Computing, on the worker -------------------------------------------------------------------

    def pictures(self, scene: Scene) -> Iterator[SearchPicture]:
        """Yield the picture of the search, anew as the proof goes on."""
        model, order, word = scene.model, self._order, self._word
        if word is not None and word.shape != (order, model.H):
            word = self._word = None  # of a network of another size, or of another order
        steps = search_steps(model, order, seed=self._seed, word=word, starts=self._starts)
        plane = self._plane_for(model)
        last = self.picture
        same = last is not None and (last.model.M, last.model.H) == (model.M, model.H)
        window = self._window if same else None
        if scene.max_order < order:
            yield compose_search(model, order, steps, cycles_up_to(scene, order), plane, window)
            return
        for cycles, _ in scene.growing_cycles():
            yield compose_search(model, order, steps, cycles, plane, window)

    def _plane_for(self, model: Model) -> Projection | ReturnMap:
        if model.M == 1:
            return ReturnMap(model)
        fits = self._axes is not None and max(self._axes) < model.M
        return plane_of(self._axes if fits else (0, 1), model.M, None)

    # Drawing ------------------------------------------------------------------------------------

    def draw(self, picture: SearchPicture) -> None:
        """Show the step that a person is at, of a new search."""
        with self._drawing:
            self.picture = picture
            self._window = picture.limits
            number, wanted = len(picture.steps), self._wanted_step
            there = 0 < wanted <= number  # an older picture may come before the one that is wanted
            self._stepper.set_range(number, wanted if there else None)
            if there:
                self._wanted_step = 0
            self._draw_step()
        self.set_fresh()

    def _draw_step(self) -> None:
        with self._drawing:
            picture = self.picture
            if picture is None or self._stepper.value > len(picture.steps):
                return
            step = picture.steps[self._stepper.value - 1]
            shown = compose_step(picture, step.number, self._answer)
            self._marks.draw(picture, step, shown)
            set_html(self._text, step_html(picture, step, shown))
            set_html(self._legend, legend_html(picture, step, self._answer))

    def _build_controls(self) -> None:
        self._stepper = Stepper("step", 1, 1, 1)
        self._stepper.observe(lambda _: self._draw_step(), "value")
        self._order_field = widgets.BoundedIntText(
            value=self._order,
            min=1,
            max=MOST_ORDER,
            description="order",
            tooltip="Regions in a word",
            layout={"width": "104px"},
            style={"description_width": "40px"},
        )
        self._order_field.observe(self._on_order, "value")
        start = widgets.Button(
            description="New start",
            icon="random",
            tooltip="Guess another word at random",
            layout={"width": "auto"},
        )
        start.on_click(lambda _: self._in_callback(self.new_start))
        fit = widgets.Button(
            description="Fit", tooltip="Choose the window anew", layout={"width": "44px"}
        )
        fit.on_click(lambda _: self._in_callback(self.fit))
        self._toggle = widgets.ToggleButton(
            value=self._answer,
            description="Answer",
            icon="eye",
            tooltip="Draw the cycles that were not found yet, in grey",
            layout={"width": "auto"},
        )
        self._toggle.observe(lambda change: setattr(self, "answer", change.new), "value")
        self._stepper.layout.flex = "1 1 380px"
        self._controls = widgets.HBox(
            [self._stepper, start, self._order_field, fit, self._toggle],
            layout={"flex_flow": "row wrap", "align_items": "center"},
        )
        self._controls.add_class("sw-toolbar")

    def _close_own(self) -> None:
        if self._marks is not None:
            self._marks.close()
        super()._close_own()

    # What the person does -----------------------------------------------------------------------

    def _on_order(self, change) -> None:
        if change.new != self._order:
            self._in_callback(lambda: setattr(self, "order", change.new))

    def _on_click(self, x: float, y: float) -> None:
        """Guess the region at that place; bits that the plane does not decide stay."""
        picture = self.picture
        if picture is None or self._order != 1 or picture.model != self.model:
            return
        normals, offsets, visible = visible_borders(picture.model.relu_form, picture.plane)
        region = picture.steps[self.step - 1].word[0].copy()
        region[visible] = normals @ [x, y] + offsets > 0.0
        self._in_callback(lambda: setattr(self, "word", region[None]))


def _checked_order(order: int) -> int:
    order = whole_number("order", order, 1)
    if order > MOST_ORDER:
        raise ValueError(f"order must be at most {MOST_ORDER}, got {order}")
    return order


def _checked_starts(starts: int) -> int:
    starts = whole_number("starts", starts, 1)
    if starts > MOST_STARTS:
        raise ValueError(f"starts must be at most {MOST_STARTS}, got {starts}")
    return starts


def _checked_axes(axes, M: int) -> tuple[int, int]:
    pair = isinstance(axes, (tuple, list)) and len(axes) == 2
    if not pair or axes[0] == axes[1] or any(axis not in range(M) for axis in axes):
        raise ValueError(f"axes must be two different units below {M}, got {axes!r}")
    return int(axes[0]), int(axes[1])
