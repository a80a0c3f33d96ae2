"""Exported pages, opened from a file in a browser without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.widgets.palette import STABILITY_MARKERS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

MODEL = sw.systems.sixteen_cycle()
HOSTILE = "</script><script>document.title = 'broken'</script><img src=x onerror=alert(1)>"
VALUES = (-1.0, 1.0, 9)

# What a person reads off a figure: the signs, by means of the numbers at the ticks.
READ_SIGNS = """figure => {
  const number = element => Number(element.textContent.replace("−", "-"));
  const svg = figure.querySelector("svg");
  const along = (texts, lines, name) => {
    const at = lines.map(line => Number(line.getAttribute(name)));
    return value => {
      const last = texts.length - 1, part = (value - at[0]) / (at[last] - at[0]);
      return number(texts[0]) * (1 - part) + number(texts[last]) * part;
    };
  };
  const lines = [...svg.querySelectorAll(".axes line")].slice(2);
  const across = [...svg.querySelectorAll(".axes text.tick.middle")];
  const up = [...svg.querySelectorAll(".axes text.tick.end")];
  const x = along(across, lines.slice(0, across.length), "x1");
  const y = along(up, lines.slice(across.length), "y1");
  const start = svg.querySelectorAll("path.sign").length - 1;
  return [...svg.querySelectorAll("path.sign")].slice(0, start).map(sign => {
    const [, px, py] = sign.getAttribute("transform").match(/translate\\(([^,]+),([^)]+)\\)/);
    return [x(Number(px)), y(Number(py))];
  });
}"""


class Opened:
    """A page that was opened, with all that it asked for and complained about."""

    def __init__(self, page: Page, path: Path):
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.address = path.as_uri()
        page.goto(self.address)
        page.wait_for_selector("body[data-frame]")

    @property
    def frame(self) -> int:
        return int(self.page.evaluate("document.body.dataset.frame"))

    def wait_for(self, wanted: Callable[[int], bool]) -> None:
        # Asked for from here: the page's policy forbids what Playwright would wait with.
        for _ in range(200):
            if wanted(self.frame):
                return
            self.page.wait_for_timeout(25)
        raise AssertionError(f"the page stays at frame {self.frame}")

    def press(self, key: str) -> None:
        before = self.frame
        self.page.keyboard.press(key)
        self.wait_for(lambda frame: frame != before)

    def check_quiet(self) -> None:
        assert self.requests == [self.address]
        assert self.complaints == []


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Opened]]:
    """Opens a file, with the network off."""
    contexts = []

    def open_one(path: Path, scheme: str = "light", width: int = 1000) -> Opened:
        size = {"width": width, "height": 900}
        context = browser.new_context(offline=True, color_scheme=scheme, viewport=size)
        contexts.append(context)
        return Opened(context.new_page(), path)

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def explorer_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "explorer.html"
    explorer = sw.Explorer(MODEL, max_order=8, parameter="A[0]")
    sw.export_html(explorer, path, {"W[0,1]": VALUES}, title=HOSTILE, caption=HOSTILE)
    explorer.close()
    return path


@pytest.fixture(scope="module")
def replay_page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, sw.TrainingRun]:
    start = MODEL.replace({"A": MODEL["A"] + np.array([0.4, 0.4])})
    descent = sw.SGD(3e-3, momentum=0.9)
    data = sw.systems.toy_series(500)
    run = sw.train(start, data, trainable="A", epochs=400, optimizer=descent, clip=1.0)
    path = tmp_path_factory.mktemp("export") / "replay.html"
    replay = sw.TrainingReplay(run, max_order=2)
    sw.export_html(replay, path)
    replay.close()
    return path, run


def see_true_cycles(opened: Opened, value: float) -> None:
    """See that the signs are the cycles of the network with this value, and the table too."""
    cycles = sw.find_cycles(MODEL.replace({"W[0,1]": value}), max_order=8)
    figure = opened.page.get_by_role("group", name="State space").locator(".drawing")
    drawn = np.array(figure.evaluate(READ_SIGNS)).reshape(-1, 2)
    points = np.concatenate([np.empty((0, 2)), *(cycle.points for cycle in cycles)])
    assert len(drawn) == len(points)
    for point in points:
        assert np.abs(drawn - point).max(axis=1).min() < 2e-3
    assert opened.page.locator("#figure .sw-table tbody tr").count() == len(cycles)
    assert "proved" in opened.page.locator("#summary").inner_text()


def test_the_slider_shows_the_true_cycles_without_network_or_kernel(open_page, explorer_page):
    opened = open_page(explorer_page)
    page = opened.page
    slider = page.get_by_role("slider", name="W[0,1]")
    assert slider.get_attribute("aria-valuetext") == f"W[0,1] = {MODEL['W[0,1]']:.6g}".replace(
        "-", "−"
    )
    see_true_cycles(opened, MODEL["W[0,1]"])
    slider.focus()
    opened.press("End")
    values = [1.0, 0.75, 0.5, 0.25]
    for value in values:
        see_true_cycles(opened, value)
        opened.press("ArrowLeft")
    opened.press("Home")
    see_true_cycles(opened, -1.0)
    assert page.title() == HOSTILE
    assert page.locator("h1").inner_text() == HOSTILE
    opened.check_quiet()


def test_the_mouse_moves_it_too(open_page, explorer_page):
    opened = open_page(explorer_page)
    slider = opened.page.get_by_role("slider")
    box = slider.bounding_box()
    opened.page.mouse.click(box["x"] + box["width"] - 9, box["y"] + box["height"] / 2)
    opened.wait_for(lambda frame: frame == 9)
    see_true_cycles(opened, 1.0)


def test_signs_tell_what_they_are(open_page, explorer_page):
    opened = open_page(explorer_page)
    page, tip = opened.page, opened.page.locator("#tip")
    assert tip.is_hidden()
    (cycle,) = sw.find_cycles(MODEL, max_order=8)
    marker, _, _ = STABILITY_MARKERS[cycle.stability]
    space = page.get_by_role("group", name="State space")
    space.locator(f"path.sign.{marker}").hover()
    assert f"{cycle.stability} {cycle.name}" in tip.inner_text()
    assert f"word {cycle.word_text}" in tip.inner_text()
    page.mouse.move(2, 2)
    assert tip.is_hidden()
    place = space.locator(f"path.sign.{marker}").bounding_box()
    height = round(place["y"] + place["height"]) + 30  # too low for words below the sign
    page.set_viewport_size({"width": 1000, "height": height})
    space.locator(f"path.sign.{marker}").hover()
    words = tip.bounding_box()
    assert words["y"] >= 0
    assert words["y"] + words["height"] <= place["y"]
    page.get_by_role("slider").focus()
    opened.press("End")  # where there is no cycle
    assert tip.is_hidden()
    opened.check_quiet()


def test_screen_readers_are_told(open_page, explorer_page):
    page = open_page(explorer_page).page
    figures = page.locator("svg[role=img]")
    assert figures.count() == 2
    for number in range(2):
        figure = figures.nth(number)
        assert " against " in figure.get_attribute("aria-label")
        for name in figure.get_attribute("aria-describedby").split():
            assert page.locator(f"#{name}").count() == 1
    assert page.get_by_role("status").count() == 1
    assert page.locator("html").get_attribute("lang") == "en"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_colour_schemes_are_readable(open_page, explorer_page, scheme):
    page = open_page(explorer_page, scheme).page
    ask = "element => getComputedStyle(element).{}.match(/[0-9]+/g).slice(0, 3).map(Number)"
    paper = sum(page.locator("body").evaluate(ask.format("backgroundColor")))
    ink = sum(page.locator(".axes text").first.evaluate(ask.format("fill")))
    assert abs(paper - ink) > 500
    assert (paper > ink) == (scheme == "light")
    page.get_by_role("button", name="Light or dark").click()
    assert (sum(page.locator("body").evaluate(ask.format("backgroundColor"))) > 382) == (
        scheme == "dark"
    )


def test_it_fits_a_phone(open_page, explorer_page):
    page = open_page(explorer_page, width=380).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 380


def test_two_exports_are_one_picture(open_page, explorer_page, tmp_path):
    again = tmp_path / "explorer.html"
    explorer = sw.Explorer(MODEL, max_order=8, parameter="A[0]")
    sw.export_html(explorer, again, {"W[0,1]": VALUES}, title=HOSTILE, caption=HOSTILE)
    explorer.close()
    assert again.read_bytes() == explorer_page.read_bytes()
    pictures = [open_page(path).page.screenshot(full_page=True) for path in (again, explorer_page)]
    assert pictures[0] == pictures[1]


def test_a_replay_is_scrubbed_and_played(open_page, replay_page):
    path, run = replay_page
    opened = open_page(path)
    page, clock = opened.page, opened.page.locator(".sw-transport")
    clock.focus()
    (jump, *_) = sw.find_loss_jumps(run.loss)
    opened.press("j")
    shown = page.locator("#summary").inner_text()
    assert shown.startswith(f"Epoch {jump.start}, loss {run.loss[jump.start]:.4g}")
    opened.press("ArrowRight")
    assert f"epoch {jump.start + 1} of {run.epochs}" in clock.inner_text()
    opened.press("End")
    assert page.locator("#summary").inner_text().startswith(f"Epoch {run.epochs}")
    opened.press("Home")
    opened.press(" ")
    opened.wait_for(lambda frame: frame > 3)
    page.keyboard.press(" ")
    assert page.get_by_role("group", name="Eigenvalues").locator("path.sign").count() > 0
    opened.check_quiet()
