"""The replay of a training: frames a second while it plays, and from a scrub to the last picture.

Every pane is shown, and beside it the bare stack: the same page, whose clock only plays back what
the real one sends (`bare_stack.py`). Prints JSON; times in ms. Goals: at least 20 frames a second
with all panes at M = 2, 95 % of the scrubs answered within 100 ms, and no growth with the number of
epochs. A frame counts where every pane that moves with the clock was painted anew: the count is
that of the slowest pane. Finer pictures, which follow when the clock rests, are not measured. The
processor's time for a frame, of browser, server and kernel together, is what a busy machine changes
least.

    python benchmarks/replay.py > replay.json
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import random
import sys
from pathlib import Path
from typing import Any

import psutil
from latency import machine
from stack_latency import jupyter_session, summary

HERE = Path(__file__).parent
PANES = (
    ".sw-loss-pane",
    ".sw-cycles-pane",
    ".sw-replay-state-space",
    ".sw-eigenvalue-pane",
    ".sw-path-pane",
)
MOVING = tuple(pane for pane in PANES if pane != ".sw-eigenvalue-pane")  # some change little
QUIET, TIMEOUT = 250, 5000  # ms
TOY = """
start = sw.systems.sixteen_cycle().replace({{"A[0]": 0.2, "A[1]": 0.5}})
run = sw.train(
    start, sw.systems.toy_series(200), epochs={epochs}, trainable=["A[0]", "A[1]"], clip=1.0,
    optimizer=sw.Adam(6.0 / {epochs}), progress=False,
)
order = 8
"""
TEN_UNITS = """
random = np.random.default_rng(0)
start = sw.PLRNN(
    random.uniform(0.3, 0.7, 10), random.normal(0, 0.15, (10, 10)) * (1 - np.eye(10)),
    random.normal(0, 0.1, 10),
)
run = sw.train(
    start, sw.systems.toy_series(200), sw.GeneralizedTeacherForcing(0.2), epochs={epochs},
    observation="linear", clip=1.0, progress=False,
)
order = 1
"""
CASES = {
    "M = 2, 1,000 epochs": TOY.format(epochs=1000),
    "M = 2, 10,000 epochs": TOY.format(epochs=10_000),
    "M = 10, 10,000 epochs": TEN_UNITS.format(epochs=10_000),
}
BUILD = """
import numpy as np
import psutil
import scyfi_widgets as sw
from scyfi_widgets.widgets import loop
loop.REST = 1.0
{run}
found = sw.bifurcations_along(run, order, time_limit={search})
replay = sw.TrainingReplay(run, bifurcations=found, max_order=order)
assert replay.wait(60) and replay.live.wait(120, finest=True)
memory = psutil.Process().memory_info().rss / 1e6
"""
BARE = """
seeded = np.random.default_rng(1)
ways = {{
    "scrub": seeded.integers(0, run.epochs, 40), "play": run.epochs // 3 + np.arange(60),
}}
steps = record_epochs(replay, ways[{way!r}])
make_bare_clock(replay, steps)
"""
PROBE = """
({panes}) => {
  const kernel = window.scyfi.kernel;
  const probe = {began: null, painted: [], activity: performance.now(), frames: {}, total: 0};
  const changed = new Set();
  let running = true;
  const everything = {subtree: true, childList: true, attributes: true, characterData: true};
  const observers = panes.map(css => {
    const node = document.querySelector(css);
    if (!node) throw new Error('there is no pane ' + css);
    probe.frames[css] = 0;
    const observer = new MutationObserver(() => {
      changed.add(css);
      probe.activity = performance.now();
    });
    observer.observe(node, everything);
    return observer;
  });
  // As in stack_latency.py: a message that is posted in a frame arrives when it was painted.
  const channel = new MessageChannel();
  channel.port1.onmessage = () => {
    if (!changed.size) return;
    probe.painted.push(performance.now());
    for (const css of changed) probe.frames[css] += 1;
    changed.clear();
  };
  const frame = () => {
    if (!running) return;
    channel.port2.postMessage(0);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const onMessage = () => { probe.activity = performance.now(); };
  kernel.iopubMessage.connect(onMessage);
  const track = document.querySelector('.sw-track');
  const onMove = event => { probe.began = event.timeStamp; };
  track.addEventListener('pointermove', onMove, true);
  probe.forget = () => {
    probe.painted = [];
    probe.began = null;
    for (const css of panes) probe.frames[css] = 0;
    return performance.now();
  };
  probe.settled = (quiet, timeout, mustChange) => new Promise(resolve => {
    const start = performance.now();
    const look = () => {
      const now = performance.now();
      const still = now - Math.max(probe.activity, start) > quiet && kernel.status === 'idle';
      if ((still && (!mustChange || probe.painted.length)) || now - start > timeout) resolve();
      else setTimeout(look, 5);
    };
    look();
  });
  probe.stop = () => {
    running = false;
    for (const observer of observers) observer.disconnect();
    kernel.iopubMessage.disconnect(onMessage);
    track.removeEventListener('pointermove', onMove, true);
  };
  window.scyfi.probe = probe;
}
"""


class Probe:
    """What is measured in a page that shows a replay."""

    def __init__(self, notebook: Any):
        self.page = notebook.page
        self.page.bring_to_front()
        self.page.evaluate(PROBE, {"panes": list(PANES)})
        self.settle(60_000, must_change=False)

    def __enter__(self) -> Probe:
        return self

    def __exit__(self, *_error: object) -> None:
        self.page.evaluate("scyfi.probe.stop()")

    def settle(self, timeout: float = TIMEOUT, must_change: bool = True) -> None:
        """Wait until neither the panes nor the kernel stir."""
        self.page.evaluate(
            "([quiet, timeout, change]) => scyfi.probe.settled(quiet, timeout, change)",
            [QUIET, timeout, must_change],
        )

    def scrub(self, events: int, seed: int) -> list[float]:
        """From the mouse's move on the track to the last painted pane, in ms, one by one."""
        mouse, track = self.page.mouse, self.page.locator(".sw-track").first
        track.scroll_into_view_if_needed()
        box = track.bounding_box()
        places = random.Random(seed)
        latencies = []
        y = box["y"] + box["height"] / 2
        mouse.move(box["x"] + 10, y)
        mouse.down()
        self.settle(must_change=False)
        for _ in range(events):
            self.page.evaluate("scyfi.probe.forget()")
            mouse.move(box["x"] + 10 + (box["width"] - 20) * places.random(), y)
            self.settle()
            latency = self.page.evaluate(
                "(p => p.painted.length ? p.painted.at(-1) - p.began : null)(scyfi.probe)"
            )
            latencies.append(math.nan if latency is None else latency)
        mouse.up()
        return latencies

    def play(self, seconds: float) -> dict[str, float]:
        """Frames a second while it plays: of the slowest pane, and of each."""
        self.page.locator(".sw-transport").first.focus()
        self.page.keyboard.press("Space")
        self.page.wait_for_timeout(500)
        began, spent = self.page.evaluate("scyfi.probe.forget()"), processor_seconds()
        self.page.wait_for_timeout(1000 * seconds)
        ended, frames = self.page.evaluate("[performance.now(), {...scyfi.probe.frames}]")
        spent = processor_seconds() - spent
        self.page.keyboard.press("Space")
        self.settle(must_change=False)
        rates = {css: 1000 * count / (ended - began) for css, count in frames.items()}
        slowest = min(MOVING, key=lambda css: rates[css])
        return {
            "frames a second": round(rates[slowest], 1),
            "processor's ms a frame": round(1000 * spent / max(frames[slowest], 1), 1),
        } | {css.removeprefix(".sw-"): round(rate, 1) for css, rate in rates.items()}


def processor_seconds() -> float:
    """What the browser, the server and the kernel have spent so far."""
    spent = 0.0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            spent += times.user + times.system
    return spent


def opened(session: Any, run: str, search: float, width: int, way: str | None) -> Any:
    """A page with a replay of all panes, or with its bare stack on one way."""
    cells = [
        (HERE / "bare_stack.py").read_text("utf-8"), BUILD.format(run=run, search=search),
    ]  # fmt: skip
    if way is not None:
        cells.append(BARE.format(way=way))
    notebook = session.open([*cells, "replay"], width=width, height=2000, timeout=300)
    notebook.run_all()
    notebook.locator(".sw-path-pane path.line").first.wait_for(state="attached")
    # It begins again at the end, so that it plays for as long as is measured.
    notebook.execute("replay.transport.loop = True; replay.transport.speed = run.epochs / 10.0")
    return notebook


def measured(session: Any, run: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """One run: the replay, and the bare stack."""
    row: dict[str, Any] = {}
    for way in (None, "scrub", "play"):
        notebook = opened(session, run, arguments.search, arguments.width, way)
        name = "replay" if way is None else "bare stack"
        result = row.setdefault(name, {})
        with Probe(notebook) as probe:
            if way != "play":
                probe.scrub(5, seed=1)  # the first events compile the front end's code
                result["scrub"] = summary(probe.scrub(arguments.events, seed=0))
            if way != "scrub":
                result["play"] = probe.play(arguments.seconds)
        if way is None:
            row["bifurcations"] = notebook.evaluate("[len(found.events), found.statement]")
            row["saved networks in MB"] = notebook.evaluate("round(run.memory / 1e6, 2)")
            row["kernel in MB"] = {
                "before": notebook.evaluate("round(memory, 1)"),
                "after": notebook.evaluate("round(psutil.Process().memory_info().rss / 1e6, 1)"),
            }
        else:
            row[f"sent per epoch, {way}"] = notebook.evaluate("sizes(steps)")
        notebook.close()
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=60, help="scrubs (default 60)")
    parser.add_argument("--seconds", type=float, default=8.0, help="of playing (default 8)")
    parser.add_argument("--search", type=float, default=30.0, help="for bifurcations (default 30)")
    parser.add_argument("--width", type=int, default=900, help="of the page in pixels")
    parser.add_argument("--cases", nargs="*", default=[*CASES], help="some of the runs")
    arguments = parser.parse_args()
    result: dict[str, Any] = {"machine": machine()}
    config = {"ServerApp": {"jpserver_extensions": {"scyfi_widgets.server": True}}}
    with jupyter_session(config) as session:
        for case in arguments.cases:
            print(f"measuring: {case}", file=sys.stderr)
            result[case] = measured(session, CASES[case], arguments)
    result["load at the end"] = machine()["load"]
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
