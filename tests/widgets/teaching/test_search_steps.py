"""The search, drawn: what reaches the marks and the words, and what a person does."""

from __future__ import annotations

import re

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

import scyfi_widgets as sw
from scyfi_widgets.export.reading import read_figure
from scyfi_widgets.widgets.teaching.search_picture import NOT_FOUND

SIXTEEN = sw.systems.sixteen_cycle()


def drawn(subject, *arguments, **settings) -> sw.SearchSteps:
    search = sw.SearchSteps(subject, *arguments, **settings)
    assert search.live.wait(60)
    assert search.message == ""
    return search


def network(M: int) -> sw.PLRNN:
    rng = np.random.default_rng(3)
    return sw.PLRNN(rng.uniform(-0.5, 0.5, M), 0.9 * rng.normal(size=(M, M)), rng.normal(size=M))


def plain(text: str) -> str:
    return re.sub(r"<[^>]+>", "", text)


def points_of(mark) -> np.ndarray:
    return np.column_stack([mark.x, mark.y])


def test_a_virtual_candidate_is_a_ring_and_a_real_one_a_disc():
    search = drawn(SIXTEEN, word="00")
    marks = search._marks
    for step in search.steps[:3]:
        search.step = step.number
        ring, disc = points_of(marks._virtual), points_of(marks._real)
        shown, empty = (disc, ring) if step.real else (ring, disc)
        assert np.allclose(shown, step.points)
        assert len(empty) == 0
        assert marks._number.text[0] == str(step.number)
        assert list(marks._faded.text) == [str(n) for n in range(1, step.number)]
        assert len(marks._arrows.x) == (0 if step.real else 6)


def test_the_words_tell_the_step():
    search = drawn(SIXTEEN, word="00")
    search.step = 2
    text = plain(search._text.value)
    assert "take the map of region 10 as if it held everywhere" in text
    assert "= (2.3, 6.44)." in text
    assert "It lies in region 11, not where the guess said: virtual." in text
    assert "Next guess: 11" in text
    search.step = 3
    text = plain(search._text.value)
    assert "It lies in that very region: real. ✚ An unstable fixed point" in text


def test_what_was_found_so_far():
    search = drawn(sw.systems.lozi_map(), 2, word="00 00", starts=8)
    colours = {}
    for step in search.steps:
        search.step = step.number
        found = {s.key for s in search.steps[: step.number] if s.real}
        assert {cycle.key for cycle in search.found} == found
        drawn_colours = np.concatenate([mark.color for mark in search._marks._cycles.values()])
        colours[step.number] = int((drawn_colours == NOT_FOUND).sum())
    total = sum(cycle.order for cycle in sw.find_cycles(sw.systems.lozi_map(), 2))
    missing = total - sum(cycle.order for cycle in search.found)
    assert colours[len(search.steps)] == missing
    assert list(colours.values()) == sorted(colours.values(), reverse=True)
    search.answer = False
    sizes = [len(mark.x) for mark in search._marks._cycles.values()]
    assert sum(sizes) == total - missing


def test_one_unit_is_drawn_as_its_return_map():
    search = drawn(sw.systems.skew_tent_map(0.8, -1.5), word="0")
    assert points_of(search._marks._virtual) == pytest.approx(np.array([[5.0, 5.0]]))
    path = search._marks._path  # the map of region 0, continued
    assert np.allclose(path.y, 0.8 * np.asarray(path.x) + 1.0)
    assert search._marks._graph.x.size == 3


def test_a_larger_network_says_what_its_plane_loses():
    search = drawn(network(4), 2, axes=(1, 3))
    assert search.picture.plane.labels == ("z[1]", "z[3]")
    legend = plain(search._legend.value)
    assert "only z[1] and z[3] are drawn" in legend
    assert "2 of 4 borders are not seen" in legend
    for step in search.steps[:6]:
        search.step = step.number
        if step.points is not None:
            mark = search._marks._real if step.real else search._marks._virtual
            assert np.allclose(points_of(mark), step.points[:, [1, 3]])


def test_a_new_start_shows_its_first_step():
    search = drawn(SIXTEEN, starts=2)
    before = search.steps
    search.new_start()
    assert search.live.wait(20)
    assert search.starts == 3
    assert search.step == len(before) + 1
    assert search.steps[search.step - 1].start == 3
    for one, other in zip(before, search.steps, strict=False):
        assert np.array_equal(one.word, other.word)


def test_order_seed_and_word_begin_anew():
    search = drawn(SIXTEEN, word="00")
    search.step = 2
    search.word = "01"
    assert search.live.wait(20)
    assert (search.step, search.word) == (1, "01")
    assert search.steps[0].word.astype(int).tolist() == [[0, 1]]
    search.order = 3
    assert search.live.wait(20)
    assert (search.step, search.word, search._order_field.value) == (1, None, 3)
    assert {step.word.shape for step in search.steps} == {(3, 2)}
    assert search.picture.cycles.max_order == 3
    random = search.steps[0].word
    search.seed = 5
    assert search.live.wait(20)
    assert not np.array_equal(search.steps[0].word, random)


def test_a_click_guesses_a_region():
    search = drawn(SIXTEEN)
    for (x, y), word in (((-0.1, 0.2), "01"), ((0.5, 0.05), "11")):
        with search._marks._clicks.hold_sync():
            search._marks._clicks.x, search._marks._clicks.y = np.array([x]), np.array([y])
        assert search.live.wait(20)
        assert search.word == word
        assert search.step == 1
    longer = drawn(SIXTEEN, 2)
    with longer._marks._clicks.hold_sync():
        longer._marks._clicks.x, longer._marks._clicks.y = np.array([0.1]), np.array([0.1])
    assert longer.word is None


def test_it_follows_its_live_and_keeps_the_window():
    space = sw.StateSpace(SIXTEEN, max_order=1)
    search = drawn(space.live, 2, word="00 11")
    window = search.picture.limits
    space.model = SIXTEEN.replace({"h[0]": 0.5})
    assert space.live.wait(20)
    assert search.picture.model == space.model
    assert search.picture.limits == window
    assert search.picture.cycles.max_order == 2
    space.model = network(3)
    assert space.live.wait(20)
    assert search.message == ""
    assert search.word is None
    assert search.picture.plane.M == 3


def test_the_stepper_plays_steps_and_slides():
    search = drawn(SIXTEEN, word="00")
    stepper = search._stepper
    stepper._next.click()
    assert search.step == 2
    stepper._slider.value = 3
    assert search.step == stepper._play.value == 3
    stepper._play.value = 1
    assert search.step == stepper._slider.value == 1
    assert stepper._back.disabled
    with pytest.raises(ValueError, match=f"step must be a whole number from 1 to {stepper.high}"):
        search.step = 999


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"order": 0}, "order"),
        ({"order": 25}, "order must be at most 24"),
        ({"word": "0"}, "word must be 1 region of 2 bits"),
        ({"axes": (0, 2)}, "axes must be two different units below 2"),
        ({"axes": (1, 1)}, "axes must be two different units"),
        ({"starts": 0}, "starts"),
        ({"seed": -1}, "seed"),
    ],
)
def test_wrong_values_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        sw.SearchSteps(SIXTEEN, **wrong)


def test_it_is_exported_and_closes_all(workers, until):
    before = set(_instances)
    search = drawn(sw.systems.two_cycle, 2, starts=2)
    drawing = read_figure(search.figure)
    assert len(drawing.marks) == len(search.figure.marks) - 1  # that which collects clicks
    search.close()
    assert set(_instances) == before
    assert until(lambda: not workers())
