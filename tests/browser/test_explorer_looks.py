"""How the explorer looks: in both themes, 900 pixels wide, photographed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from harness import ExplorerPage, Notebook
from harness.notebook import DARK, LIGHT

Opener = Callable[..., Notebook]

CELLS = (
    """
import scyfi_widgets as sw
explorer = sw.Explorer(
    sw.systems.sixteen_cycle(), max_order=16, time_limit=60,
    presets={"Lozi map": sw.systems.lozi_map()},
)
explorer
""",
    """
lorenz = sw.Explorer(sw.systems.lorenz_network(), time_limit=60)
lorenz
""",
)
READABLE = 4.5  # the contrast that the WCAG ask of text
# Colours with their transparency, as the browser computed them, and what lies behind.
_COLOURS = """
([root, css, property]) => {
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (!/, 0\\)$|transparent/.test(colour)) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  return Array.from(root.querySelectorAll(css)).filter(e => e.textContent.trim())
    .map(e => [e.textContent.trim(), getComputedStyle(e)[property], behind(e)]);
}
"""
_OVERFLOW = """
root => {
  const edge = root.getBoundingClientRect().right + 1;
  const clipped = e => { // what is cut off or scrolled by an element on the way does not stick out
    for (let p = e.parentElement; p && p !== root; p = p.parentElement) {
      if (getComputedStyle(p).overflowX !== 'visible') return true;
    }
    return false;
  };
  return Array.from(root.querySelectorAll('*')).filter(e => {
    const box = e.getBoundingClientRect();
    return box.width > 0 && box.right > edge && !clipped(e);
  }).map(e => e.outerHTML.slice(0, 120));
}
"""


@pytest.mark.parametrize(("theme", "name"), [(LIGHT, "light"), (DARK, "dark")])
def test_both_themes_900_pixels_wide(open_notebook: Opener, theme: str, name: str) -> None:
    notebook = open_notebook(*CELLS, theme=theme, width=900, height=1700)
    for number, explorer in enumerate(("explorer", "lorenz")):
        page = ExplorerPage(notebook, explorer)
        page.see_true_cycles()
        root = page.root.element_handle()
        assert notebook.output(number).evaluate("e => e.scrollWidth <= e.clientWidth")
        for area in notebook.output(number).locator(".jp-OutputArea-output").all():
            assert area.evaluate("e => e.scrollWidth <= e.clientWidth")
        assert notebook.page.evaluate(_OVERFLOW, root) == []

        for css, attribute in (
            (".sw-figure text.axislabel", "fill"),
            (".sw-figure .axis .tick text", "fill"),
            (".sw-table td, .sw-table th, .sw-badge, .sw-legend > span, .sw-equation", "color"),
            (".sw-weight label, .sw-array-name", "color"),
            (".sw-toolbar button:not(:disabled)", "color"),
        ):
            texts = notebook.page.evaluate(_COLOURS, [root, css, attribute])
            assert texts, css
            for text, colour, behind in texts:
                assert contrast(colour, behind) >= READABLE, f"{css}: {text!r} {colour} {behind}"
        notebook.page.mouse.move(0, 0)
        suffix = name if explorer == "explorer" else f"lorenz-{name}"
        picture = notebook.screenshot(f"explorer-{suffix}", page.root)
        assert picture.stat().st_size > 20_000
    assert notebook.errors == []


def contrast(ink: str, paper: str) -> float:
    """The WCAG's contrast ratio of two CSS colours; transparent ink lets the paper through."""
    *back, _ = _rgba(paper)
    *front, alpha = _rgba(ink)
    mixed = [alpha * f + (1.0 - alpha) * b for f, b in zip(front, back, strict=True)]
    dark, light = sorted((_luminance(mixed), _luminance(back)))
    return (light + 0.05) / (dark + 0.05)


def _rgba(colour: str) -> list[float]:
    numbers = [float(text) for text in re.findall(r"[\d.]+", colour)]
    assert colour.startswith("rgb"), colour
    return [*(n / 255 for n in numbers[:3]), numbers[3] if len(numbers) > 3 else 1.0]


def _luminance(rgb: list[float]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
