"""From ``import scyfi_widgets`` to the first drawn explorer, with and without compiled kernels.

Prints JSON; times in seconds. ``kernel``: a fresh ipykernel runs the import, the constructor and
the wait for the first picture. ``browser``: from the start of the cell in a fresh kernel, in a
JupyterLab whose page is open, to the frame that shows the cycles' markers. Cold is an empty Numba
cache. Goal: under 3 s warm.

    python benchmarks/cold_start.py > cold_start.json
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jupyter_client.manager import start_new_kernel
from latency import machine
from stack_latency import jupyter_session

STEPS = """
import time
begun = time.perf_counter()
import scyfi_widgets as sw
model = sw.systems.sixteen_cycle()
models = time.perf_counter()
sw.Explorer
widgets = time.perf_counter()
explorer = sw.Explorer(model)
built = time.perf_counter()
assert explorer.wait(300)
drawn = time.perf_counter()
"""
TIMES = (
    "{'import of the models': models - begun, 'import of the widgets': widgets - models,"
    " 'constructor': built - widgets, 'first picture': drawn - built, 'all': drawn - begun}"
)
CELL = "import scyfi_widgets as sw\nsw.Explorer()"
TO_DRAWN = """
async () => {
  const drawn = () => document.querySelector('.sw-figure g.object_grp path.element')
    && document.querySelector('.sw-table td') && document.querySelector('.sw-badge');
  const waiting = () => document.querySelector('.sw-badge');
  const begun = performance.now();
  let first = null;
  window.jupyterapp.commands.execute('notebook:run-all-cells');
  await new Promise(resolve => {
    const look = () => {
      if (first === null && waiting()) first = performance.now();
      if (drawn()) resolve();
      else requestAnimationFrame(look);
    };
    look();
  });
  return {'something is seen': (first - begun) / 1000, 'all': (performance.now() - begun) / 1000};
}
"""


@contextmanager
def numba_cache(folder: str | None) -> Iterator[None]:
    """Let kernels that start now keep their compiled code in `folder` (None: where they do)."""
    before = os.environ.get("NUMBA_CACHE_DIR")
    if folder is not None:
        os.environ["NUMBA_CACHE_DIR"] = folder
    try:
        yield
    finally:
        if folder is not None:
            os.environ.pop("NUMBA_CACHE_DIR")
            if before is not None:
                os.environ["NUMBA_CACHE_DIR"] = before


def in_kernel() -> dict[str, float]:
    """The steps to the first picture in a fresh kernel."""
    manager, client = start_new_kernel()
    try:
        reply = client.execute_interactive(STEPS, user_expressions={"times": TIMES}, timeout=400)
        content = reply["content"]
        if content["status"] != "ok":
            raise RuntimeError("\n".join(content["traceback"]))
        return ast.literal_eval(content["user_expressions"]["times"]["data"]["text/plain"])
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def in_browser(runs: int) -> list[dict[str, float]]:
    """From the cell's start to the drawn markers, each time in a fresh page and kernel."""
    results = []
    with jupyter_session() as session:
        for _ in range(runs):
            notebook = session.open([CELL])
            notebook.page.set_default_timeout(400_000)
            results.append(notebook.page.evaluate(TO_DRAWN))
            notebook.close()
    return results


def median(rows: list[dict[str, float]]) -> dict[str, float]:
    """The median of every entry."""
    return {name: round(statistics.median(row[name] for row in rows), 2) for name in rows[0]}


def slowest_imports(count: int = 12) -> dict[str, int]:
    """Milliseconds of the modules whose own import takes longest."""
    code = "import scyfi_widgets as sw; sw.Explorer"
    process = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=True
    )
    rows = [line.split("|") for line in process.stderr.splitlines() if line.count("|") == 2]
    packages: dict[str, int] = {}
    for own, _, name in rows[1:]:
        top = name.strip().split(".")[0]
        packages[top] = packages.get(top, 0) + int(own.split(":")[-1])
    largest = sorted(packages, key=packages.get, reverse=True)[:count]
    return {name: round(packages[name] / 1000) for name in largest}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="warm runs (default 5)")
    arguments = parser.parse_args()
    result: dict[str, Any] = {"machine": machine()}
    in_kernel()  # fills the cache, and the operating system's own
    result["warm"] = {
        "kernel": median([in_kernel() for _ in range(arguments.runs)]),
        "browser": median(in_browser(arguments.runs)),
    }
    result["cold"] = {}
    for place, measure in (("kernel", in_kernel), ("browser", lambda: in_browser(1)[0])):
        with tempfile.TemporaryDirectory(prefix="scyfi-cold-") as folder, numba_cache(folder):
            result["cold"][place] = {name: round(t, 2) for name, t in measure().items()}
    result["own import time by package, ms"] = slowest_imports()
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
