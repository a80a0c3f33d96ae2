"""Thousands of slider events in one process: memory, threads and widgets stay where they were.

Prints JSON. The events come as fast as the explorer takes them, every tenth one from a second
thread; what is counted is counted after a warm-up, at rest, and once more after closing.

    python benchmarks/soak.py --events 10000
"""

from __future__ import annotations

import argparse
import gc
import json
import threading
import time
from collections.abc import Sequence
from typing import Any

import psutil
from ipywidgets.widgets.widget import _instances

import scyfi_widgets as sw

WORKER = "scyfi-widgets-live"


def drive(explorer: sw.Explorer, names: Sequence[str], events: int, first: int = 0) -> None:
    """Move the sliders of `names` in turn, a little to and fro."""
    sliders = [explorer.weights.sliders[name] for name in names]
    given = [slider.value for slider in sliders]
    for event in range(first, first + events):
        place = event % len(sliders)
        phase = (event // len(sliders)) % 40
        sliders[place].value = given[place] + 0.002 * min(phase, 40 - phase)
    for slider, value in zip(sliders, given, strict=True):
        slider.value = value


def drive_from_two_threads(explorer: sw.Explorer, names: Sequence[str], events: int) -> None:
    """Move sliders from this thread, and another one from a second thread beside it."""
    *mine, other = names
    beside = threading.Thread(target=drive, args=(explorer, [other], events // 10))
    beside.start()
    drive(explorer, mine, events - events // 10)
    beside.join()


def comes_and_goes(thread: threading.Thread) -> bool:
    """Whether it is a worker of the live loop, or a time limit that is called off."""
    called_off = isinstance(thread, threading.Timer) and thread.finished.is_set()
    return called_off or thread.name == WORKER


def census(explorer: sw.Explorer) -> dict[str, float]:
    """What is there at rest: resident memory in MB, threads that may stay, and widgets."""
    assert explorer.wait(60, finest=True)
    gc.collect()
    threads = [thread for thread in threading.enumerate() if not comes_and_goes(thread)]
    return {
        "memory": psutil.Process().memory_info().rss / 1e6,
        "threads": len(threads),
        "widgets": len(_instances),
    }


def soak(events: int = 10_000, warm_up: int = 500, max_order: int = 2) -> dict[str, Any]:
    """Drive an explorer and count before, after, and after closing it."""
    widgets_before = set(_instances)
    explorer = sw.Explorer(sw.systems.sixteen_cycle(), max_order=max_order)
    names = list(explorer.weights.sliders)[1:]
    drive_from_two_threads(explorer, names, warm_up)
    before = census(explorer)
    begun = time.perf_counter()
    drive_from_two_threads(explorer, names, events)
    seconds = time.perf_counter() - begun
    after = census(explorer)
    result = {
        "events": events,
        "seconds": round(seconds, 1),
        "drawn": explorer.live.drawn,
        "dropped": explorer.live.dropped,
        "before": before,
        "after": after,
        "growth": {name: round(after[name] / before[name] - 1.0, 4) for name in before},
    }
    explorer.close()
    result["left after closing"] = {
        "widgets": len(set(_instances) - widgets_before),
        "workers": sum(t.name == WORKER and t.is_alive() for t in threading.enumerate()),
    }
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=10_000, help="slider events (default 10000)")
    arguments = parser.parse_args()
    print(json.dumps(soak(arguments.events), indent=2))


if __name__ == "__main__":
    main()
