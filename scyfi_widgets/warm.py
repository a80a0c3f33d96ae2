"""Compile what the explorer needs: ``python -m scyfi_widgets.warm``.

Run it once after an installation, or while an image is built, so that the first drag of a slider is
not a compilation. The compiled kernels are kept in `scyfi_widgets.compiled.cache_folder`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress

from .compiled import cache_folder, warm_marker


def is_warm() -> bool:
    """Return True when `warm` ran before, for this version of the package and this CPU."""
    marker = warm_marker()
    return marker is not None and marker.exists()


def remember_warm() -> None:
    """Note on disk that all kernels are compiled."""
    if (marker := warm_marker()) is not None:
        marker.touch()


def warm() -> float:
    """Run every kernel once on the smallest network; return the seconds it took.

    Kernels that are not on disk yet are compiled in two processes at once.
    """
    from .models import PLRNN

    started = time.perf_counter()
    if cache_folder() is not None and not is_warm() and (os.cpu_count() or 1) > 1:
        context = multiprocessing.get_context("spawn")
        # What a process that ended before its time did not compile is compiled below.
        with suppress(BrokenProcessPool, OSError), ProcessPoolExecutor(2, context) as pool:
            list(pool.map(_compile, range(len(_parts()))))
    for number in range(len(_parts())):
        _compile(number)
    PLRNN(A=[0.5], W=[[-2.0]], h=[0.1]).orbit([0.0], 1)
    remember_warm()
    return time.perf_counter() - started


def _parts() -> tuple[Callable[[], None], ...]:
    """Return what compiles the kernels, the longest first; imported late, for it takes a second."""
    from .bifurcations.compile import compile_planes
    from .cycles.find import compile_all
    from .dynamics import compile_dynamics
    from .training import compile_training

    return compile_planes, compile_all, compile_training, compile_dynamics


def _compile(number: int) -> None:
    _parts()[number]()


def main(arguments: Sequence[str] | None = None) -> int:
    """Compile and say where the result is kept."""
    parser = argparse.ArgumentParser(
        prog="python -m scyfi_widgets.warm",
        description="Compile the kernels that the explorer needs and keep them on disk.",
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing")
    options = parser.parse_args(arguments)
    was_warm = is_warm()
    seconds = warm()
    if not options.quiet:
        verb = "loaded" if was_warm else "compiled"
        print(f"kernels {verb} in {seconds:.1f} s, kept in {cache_folder() or 'memory only'}")
        if "NUMBA_CPU_NAME" not in os.environ:
            print(
                "they run on this machine's CPU; for an image that moves to others, set "
                "NUMBA_CPU_NAME=generic and NUMBA_CPU_FEATURES='' here and where it runs"
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
