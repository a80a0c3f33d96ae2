"""Moves ipywidgets sliders the way a person does: by mouse and by key.

ipywidgets 8 draws a slider with noUiSlider: the handle is ``.noUi-handle``, the track
``.noUi-base``. A slider here is a locator of the widget's element (or of any element around one
slider).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator


def press(slider: Locator, key: str = "ArrowRight", times: int = 1) -> None:
    """Focus the slider's handle and press `key` so many times."""
    slider.locator(".noUi-handle").first.focus()
    for _ in range(times):
        slider.page.keyboard.press(key)


def drag(slider: Locator, to: float, steps: int = 20, release: bool = True) -> None:
    """Drag the handle with the mouse.

    Parameters
    ----------
    to
        Where on the track, from 0 (its start) to 1 (its end).
    steps
        The number of mouse moves on the way.
    release
        False leaves the button down, for another `drag` or a look at the middle of one.
    """
    mouse = slider.page.mouse
    x, y = handle_centre(slider)
    mouse.move(x, y)
    mouse.down()
    mouse.move(track_position(slider, to), y, steps=steps)
    if release:
        mouse.up()


def handle_centre(slider: Locator) -> tuple[float, float]:
    """Middle of the slider's handle in the page, scrolled into view."""
    handle = slider.locator(".noUi-handle").first
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    assert box is not None, "the slider is not visible"
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def track_position(slider: Locator, fraction: float) -> float:
    """Abscissa in the page of a fraction of the slider's track."""
    box = slider.locator(".noUi-base").first.bounding_box()
    assert box is not None, "the slider is not visible"
    return box["x"] + fraction * box["width"]


def readout(slider: Locator) -> str:
    """The number that the slider shows (its ``aria-valuenow`` lags behind), with a plain minus.

    A slider without a readout of its own is read from the number field beside it.
    """
    own = slider.locator(".widget-readout:visible")
    if own.count() == 0:
        return slider.locator("input[type=number]").first.input_value()
    return own.first.inner_text().replace("\N{MINUS SIGN}", "-")
