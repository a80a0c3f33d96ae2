"""Compile what the explorer needs: ``python -m scyfi_widgets.warm``.

Run it once after an installation, or while an image is built, so that the first drag of a slider is
not a compilation. The compiled kernels are kept in `scyfi_widgets.compiled.cache_folder`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress

from .compiled import PACKAGE, cache_folder, warm_marker

# The package of this very process: kernels are kept apart by where their sources lie.
HELPER = (
    "import sys; sys.path[0] = sys.argv[1]; "
    "from scyfi_widgets.warm import compile_part; compile_part(sys.argv[2])"
)


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

    Kernels that are not on disk yet are compiled in two processes at once. What these leave undone,
    for whatever reason, is compiled here.
    """
    from .bifurcations.compile import compile_planes
    from .cycles.find import compile_all
    from .dynamics import compile_dynamics
    from .models import PLRNN
    from .training import compile_training
    from .training.along.exponent import compile_exponent
    from .training.landscape.compile import compile_landscapes
    from .training.lens.compile import compile_lens

    started = time.perf_counter()
    model = PLRNN(A=[0.5], W=[[-2.0]], h=[0.1])
    shared = cache_folder() is not None and not is_warm() and _processors() > 1
    if shared:
        with _beside("cycles", "bifurcations"):  # about as long as one another
            pass
    with _beside("dynamics") if shared else nullcontext():
        compile_planes()  # needs what was compiled before
    compile_all()
    compile_dynamics()
    compile_training()
    compile_exponent()
    compile_landscapes()
    compile_lens()
    model.orbit([0.0], 1)
    remember_warm()
    return time.perf_counter() - started


@contextmanager
def _beside(*parts: str) -> Iterator[None]:
    """Compile parts in processes of their own, for which the end of the block waits."""
    helpers = []
    try:
        with suppress(OSError):
            for part in parts:
                helpers.append(
                    subprocess.Popen(
                        [sys.executable, "-c", HELPER, str(PACKAGE.parent), part],
                        stdin=subprocess.PIPE,
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                    )
                )
        yield
        for helper in helpers:
            helper.wait()
    finally:
        for helper in helpers:
            helper.kill()
            helper.communicate()


def compile_part(part: str) -> None:
    """Compile one part of what there is; end the process as soon as what started it has ended."""
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    if part == "cycles":
        from .cycles.find import compile_all

        compile_all()
    elif part == "bifurcations":
        from .bifurcations.compile import compile_bifurcations

        compile_bifurcations()
    elif part == "dynamics":
        from .dynamics import compile_dynamics
        from .training import compile_training

        compile_dynamics()
        compile_training()


def _end_with_the_parent() -> None:
    os.read(sys.stdin.fileno(), 1)  # nothing is ever written: the pipe ends with who holds it
    os._exit(1)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
