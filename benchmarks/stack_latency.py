"""From a slider's input event to the last redrawn pane, measured in a real JupyterLab.

As a script it measures the bare stack (a slider whose callback sets bqplot marks to precomputed
values) and prints JSON. `measure`, `measure_drag` and `interleave` measure any notebook:

    with jupyter_session() as session:
        notebook = session.open(cells)
        notebook.run_all()
        target = Target(notebook.page, ".my-slider", ".my-figure, .my-table")
        print(summary(measure(target, events=100)))

What is measured. An event begins at the browser's own timestamp of the key or pointer event. It
ends when the page has painted the last change of the DOM in a watched node: the time after style,
layout and paint of the frame that shows it, on the page's main thread. Events do not overlap: the
next one comes when neither the DOM nor the kernel has stirred for a while, so that every change
belongs to one event.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "browser"))

from harness import Notebook, jupyter_session, press, readout
from harness.sliders import handle_centre, track_position

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["Drag", "Target", "interleave", "jupyter_session", "measure", "measure_drag", "summary"]

# The probe keeps a loop of animation frames running: its callback was asked for in the frame
# before, so it runs ahead of all others, and the message it posts arrives after the paint. A change
# seen between two such messages is on the screen with the second. The loop costs every stack alike.
_PROBE = """
({slider, watch}) => {
  const root = document.querySelector(slider);
  const nodes = Array.from(document.querySelectorAll(watch));
  if (!root) throw new Error('no slider matches ' + slider);
  if (!nodes.length) throw new Error('nothing to watch matches ' + watch);
  const handle = root.querySelector('.noUi-origin');
  const probe = {began: null, released: null, painted: [], activity: performance.now()};
  let changed = false, running = true, position = '';

  const onKey = event => {
    if (root.contains(event.target)) {
      probe.began = event.timeStamp;
      position = handle.style.transform;
    }
  };
  const onUp = event => { probe.released = event.timeStamp; };
  window.addEventListener('keydown', onKey, true);
  window.addEventListener('pointerup', onUp, true);

  const observer = new MutationObserver(() => {
    changed = true;
    probe.activity = performance.now();
  });
  const everything = {subtree: true, childList: true, attributes: true, characterData: true};
  for (const node of nodes) observer.observe(node, everything);

  const channel = new MessageChannel();
  channel.port1.onmessage = () => {
    if (changed) probe.painted.push(performance.now());
    changed = false;
  };
  const frame = () => {
    if (!running) return;
    channel.port2.postMessage(0);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);

  const kernel = window.scyfi.kernel;
  const onMessage = () => { probe.activity = performance.now(); };
  kernel.iopubMessage.connect(onMessage);

  probe.moved = () => handle.style.transform !== position;
  probe.forget = () => { probe.painted = []; probe.began = probe.released = null; };
  // Settled: everything quiet for so long, and (where something must change) something did.
  probe.settled = (quiet, timeout, mustChange) => new Promise(resolve => {
    const start = performance.now();
    const look = () => {
      const now = performance.now();
      const still = now - Math.max(probe.activity, start) > quiet && kernel.status === 'idle';
      const enough = !mustChange || probe.painted.length > 0;
      if ((still && enough) || now - start > timeout) resolve();
      else setTimeout(look, 5);
    };
    look();
  });
  probe.stop = () => {
    running = false;
    observer.disconnect();
    kernel.iopubMessage.disconnect(onMessage);
    window.removeEventListener('keydown', onKey, true);
    window.removeEventListener('pointerup', onUp, true);
  };
  window.scyfi.probe = probe;
}
"""


@dataclass(frozen=True)
class Target:
    """What is measured in a page opened by the harness.

    Attributes
    ----------
    slider
        CSS of an element around one slider.
    watch
        CSS of the panes that the slider redraws; must not include the slider.
    """

    page: Page
    slider: str
    watch: str


@dataclass(frozen=True)
class Drag:
    """How a continuous drag was answered.

    Attributes
    ----------
    moves
        Mouse moves sent.
    redraws_per_second
        Painted frames that changed a watched pane, per second of dragging.
    longest_gap
        Longest time without such a frame while dragging, in ms.
    release_to_last
        From the release of the button to the last such frame in ms, 0 if none came after it.
    readout
        What the slider shows at the end; compare it with what the panes show.
    """

    seconds: float
    moves: int
    redraws_per_second: float
    longest_gap: float
    release_to_last: float
    readout: str


def measure(
    target: Target, events: int = 100, *, quiet: float = 0.25, timeout: float = 10.0
) -> list[float]:
    """Latencies of separate key presses on the slider, in ms.

    The slider walks to its end and back again.

    Parameters
    ----------
    quiet
        Seconds without a change of the panes and without a message of the kernel after which an
        event is over. Must exceed the time that a pane is computed beside the kernel's callbacks.
    timeout
        Seconds after which an event that changed nothing counts as NaN.
    """
    page = target.page
    page.bring_to_front()
    slider = page.locator(target.slider).first
    latencies: list[float] = []
    keys = ["ArrowRight", "ArrowLeft"]
    turned = False
    page.evaluate(_PROBE, {"slider": target.slider, "watch": target.watch})
    try:
        slider.locator(".noUi-handle").first.focus()
        page.evaluate("quiet => scyfi.probe.settled(quiet, 60000, false)", quiet * 1000)
        while len(latencies) < events:
            page.evaluate("scyfi.probe.forget()")
            press(slider, keys[0])
            if not page.evaluate("scyfi.probe.moved()"):
                if turned:
                    raise RuntimeError(f"the slider {target.slider} moves in neither direction")
                keys.reverse()
                turned = True
                continue
            turned = False
            latency = page.evaluate(
                "async ([quiet, timeout]) => {const p = scyfi.probe;"
                " await p.settled(quiet, timeout, true);"
                " return p.painted.length ? p.painted.at(-1) - p.began : null;}",
                [quiet * 1000, timeout * 1000],
            )
            latencies.append(math.nan if latency is None else latency)
    finally:
        page.evaluate("scyfi.probe.stop()")
    return latencies


def interleave(
    targets: Mapping[str, Target], events: int = 100, block: int = 10, **options: Any
) -> dict[str, list[float]]:
    """Latencies of several targets in turns, so that all see the same noise of the machine."""
    latencies: dict[str, list[float]] = {name: [] for name in targets}
    for start in range(0, events, block):
        for name, target in targets.items():
            latencies[name] += measure(target, min(block, events - start), **options)
    return latencies


def measure_drag(
    target: Target,
    seconds: float = 3.0,
    *,
    rate: float = 60.0,
    quiet: float = 0.5,
    timeout: float = 30.0,
    span: tuple[float, float] = (0.1, 0.9),
) -> Drag:
    """Drag the slider to and fro without a pause, then let go.

    Parameters
    ----------
    rate
        Mouse moves per second at most: Chromium takes the next one when the page has handled the
        last, so a busy page gets fewer, as from a person's hand.
    quiet, timeout
        As in `measure`, for what comes after the release.
    span
        The part of the track that is swept, as fractions.
    """
    page = target.page
    page.bring_to_front()
    slider = page.locator(target.slider).first
    x, y = handle_centre(slider)
    low, high = (track_position(slider, fraction) for fraction in span)
    moves = 0
    page.evaluate(_PROBE, {"slider": target.slider, "watch": target.watch})
    try:
        page.mouse.move(x, y)
        page.evaluate("quiet => scyfi.probe.settled(quiet, 60000, false)", quiet * 1000)
        page.mouse.down()
        began = page.evaluate("scyfi.probe.forget(), performance.now()")
        start = time.perf_counter()
        while (now := time.perf_counter() - start) < seconds:
            phase = 0.5 - 0.5 * math.cos(math.pi * now)  # to and fro in two seconds
            page.mouse.move(low + (high - low) * phase, y)
            moves += 1
            time.sleep(max(0.0, moves / rate - (time.perf_counter() - start)))
        page.mouse.up()
        result = page.evaluate(
            "async ([quiet, timeout]) => {const p = scyfi.probe;"
            " await p.settled(quiet, timeout, false);"
            " return {released: p.released, painted: p.painted};}",
            [quiet * 1000, timeout * 1000],
        )
    finally:
        page.evaluate("scyfi.probe.stop()")
    released, painted = result["released"], result["painted"]
    during = [t for t in painted if t <= released]
    edges = [began, *during, released]
    return Drag(
        seconds=(released - began) / 1000,
        moves=moves,
        redraws_per_second=1000 * len(during) / (released - began),
        longest_gap=max(b - a for a, b in pairwise(edges)),
        release_to_last=max([0.0, *(t - released for t in painted)]),
        readout=readout(slider),
    )


def summary(values: Sequence[float]) -> dict[str, float]:
    """Number of events, of those that changed nothing, and p50 and p95 of the rest in ms."""
    seen = sorted(value for value in values if not math.isnan(value))
    return {
        "events": len(values),
        "missed": len(values) - len(seen),
        "p50": round(_percentile(seen, 50), 1),
        "p95": round(_percentile(seen, 95), 1),
    }


def _percentile(ordered: Sequence[float], percent: float) -> float:
    """Percentile of sorted values, linear between neighbours."""
    if not ordered:
        return math.nan
    place = (len(ordered) - 1) * percent / 100
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


BARE_STACK = """
import bqplot as bq, ipywidgets as w, numpy as np

rng = np.random.default_rng(0)
values = np.round(np.linspace(-1, 1, 201), 2)
def scales():
    return {"x": bq.LinearScale(min=-2, max=2), "y": bq.LinearScale(min=-2, max=2)}
def figure(marks, scales):
    axes = [bq.Axis(scale=scales["x"]), bq.Axis(scale=scales["y"], orientation="vertical")]
    return bq.Figure(marks=marks, axes=axes, animation_duration=0,
                     layout={"width": "420px", "height": "320px"})

t = np.linspace(-2, 2, 300)
state, diagram = scales(), scales()
orbit = bq.Lines(x=t, y=np.sin(t), scales=state)
switching = bq.Lines(x=rng.uniform(-2, 2, (8, 2)), y=rng.uniform(-2, 2, (8, 2)), scales=state)
dots = [bq.Scatter(x=rng.uniform(-2, 2, 20), y=rng.uniform(-2, 2, 20), scales=state)
        for _ in range(3)]
branch = bq.Lines(x=t, y=np.cos(t), scales=diagram)
table = w.HTML()
slider = w.FloatSlider(value=0, min=-1, max=1, step=0.01, layout={"width": "420px"})

frames = {}
for v in values:
    frames[v] = (
        np.sin(3 * v + 2 * t), rng.uniform(-2, 2, (8, 2)), rng.uniform(-2, 2, (3, 2, 20)),
        np.cos(3 * v + 2 * t),
        "<table>" + "".join(f"<tr><td>{k}</td><td>{v * k:.4f}</td></tr>" for k in range(8))
        + "</table>",
    )

def show(change):
    orbit_y, switching_y, dots_xy, branch_y, text = frames[round(change.new, 2)]
    orbit.y = orbit_y
    switching.y = switching_y
    for mark, (x, y) in zip(dots, dots_xy):
        with mark.hold_sync():
            mark.x, mark.y = x, y
    branch.y = branch_y
    table.value = text

slider.observe(show, "value")
slider.add_class("bare-slider")
panes = w.HBox([figure([switching, orbit, *dots], state), figure([branch], diagram), table])
for pane in panes.children:
    pane.add_class("bare-pane")
w.VBox([slider, panes])
"""


def open_bare_stack(session: Any) -> Target:
    """The bare stack in a page of its own."""
    notebook: Notebook = session.open([BARE_STACK])
    notebook.run_all()
    notebook.locator(".bare-pane svg").first.wait_for()
    return Target(notebook.page, ".bare-slider", ".bare-pane")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=100, help="key presses (default 100)")
    parser.add_argument("--drag", type=float, default=5.0, help="seconds of dragging (default 5)")
    parser.add_argument(
        "--config", type=json.loads, default={}, help="Jupyter server configuration, as JSON"
    )
    arguments = parser.parse_args()
    with jupyter_session(arguments.config) as session:
        target = open_bare_stack(session)
        measure(target, 10)  # the first events compile the front end's code
        result = {
            "keys": summary(measure(target, arguments.events)),
            "drag": asdict(measure_drag(target, arguments.drag)),
        }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
