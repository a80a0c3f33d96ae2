"""Exported pages: how large they are, how long they take to make, and how fast they draw.

Prints JSON. For each figure: its frames, the bytes of the file and of a frame; seconds to export a
frame, and to draw the same networks on the same widget without exporting (the baseline of the same
run); milliseconds from a slider's event to the drawn frame in Chromium. Goal: at most 1 MB.

    python benchmarks/export.py > export.json
    python benchmarks/export.py --frames 21 --figures explorer
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from latency import machine

import scyfi_widgets as sw

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "browser"))
from harness import launch_chromium
from playwright.sync_api import sync_playwright

# Goes through all frames, the second time with what is decoded by then.
GO_THROUGH = """async () => {
  const slider = document.querySelector("input[type=range]");
  const frame = () => new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)));
  const times = [];
  for (let value = 0; value <= slider.max; value += 1) {
    slider.value = value;
    const begun = performance.now();
    slider.dispatchEvent(new Event("input"));
    await frame();
    times.push(performance.now() - begun);
  }
  return times;
}"""


def explorer() -> tuple[sw.Explorer, str, tuple[float, float]]:
    """Return the explorer of two units: state space, table and diagram."""
    return sw.Explorer(sw.systems.sixteen_cycle(), parameter="A[0]"), "W[0,1]", (-1.0, 1.0)


def explorer_with_plane() -> tuple[sw.Explorer, str, tuple[float, float]]:
    """Return the same with its parameter plane open."""
    widget, name, ends = explorer()
    widget.plane.opened = True
    return widget, name, ends


def lorenz() -> tuple[sw.Explorer, str, tuple[float, float]]:
    """Return the explorer of a trained network of fourteen units."""
    return sw.Explorer(sw.systems.lorenz_network()), "W[0,11]", (-0.1, 0.1)


def diagram() -> tuple[sw.BifurcationDiagram, str, tuple[float, float]]:
    """Return a diagram whose other weight moves."""
    pane = sw.BifurcationDiagram(sw.systems.sixteen_cycle(), "A[0]", (0.5, 1.2))
    return pane, "W[0,1]", (-1.0, 0.0)


FIGURES: dict[str, Callable] = {
    "explorer": explorer,
    "explorer with plane": explorer_with_plane,
    "lorenz": lorenz,
    "diagram": diagram,
}


def measured(name: str, frames: int, folder: Path) -> tuple[dict[str, float], Path]:
    """Export a figure; return what it took, and the file."""
    widget, weight, (low, high) = FIGURES[name]()
    widget.live.wait(60, finest=True)
    path = folder / f"{name.replace(' ', '_')}.html"
    begun = time.perf_counter()
    page = sw.export_html(widget, path, {weight: (low, high, frames)})
    exported = time.perf_counter() - begun
    begun = time.perf_counter()
    with widget.live.borrow():
        widget.live.proof_limit = 2.0
        for value in np.linspace(low, high, frames):
            widget.live.model = widget.live.model.replace({weight: value})
            widget.live.wait(finest=True)
    drawn = time.perf_counter() - begun
    widget.close()
    return {
        "frames": page.frames,
        "bytes": page.size,
        "bytes a frame": page.size / page.frames,
        "seconds a frame": exported / page.frames,
        "times the drawing": exported / page.frames / (drawn / frames),
    }, path


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--frames", type=int, default=101)
    parser.add_argument("--figures", nargs="+", default=list(FIGURES), choices=list(FIGURES))
    options = parser.parse_args()
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name in options.figures:
            results[name], paths[name] = measured(name, options.frames, Path(folder))
        with sync_playwright() as playwright:
            browser = launch_chromium(playwright)
            for name, path in paths.items():
                page = browser.new_context(offline=True).new_page()
                page.goto(path.as_uri())
                page.wait_for_selector("body[data-frame]")
                first, again = page.evaluate(GO_THROUGH), page.evaluate(GO_THROUGH)
                results[name]["ms a drawn frame"] = statistics.median(first)
                results[name]["ms a drawn frame, again"] = statistics.median(again)
            browser.close()
    print(json.dumps({"machine": machine(), "figures": results}, indent=2))


if __name__ == "__main__":
    main()
