"""Compile what the explorer needs: ``python -m scyfi_widgets.warm``.

Run it once after an installation, or while an image is built, so that the first drag of a slider is
not a compilation. The compiled kernels are kept in `scyfi_widgets.compiled.cache_folder`.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence

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
    """Run every kernel once on the smallest network; return the seconds it took."""
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
    compile_all()
    compile_dynamics()
    compile_planes()
    compile_training()
    compile_exponent()
    compile_landscapes()
    compile_lens()
    model.orbit([0.0], 1)
    remember_warm()
    return time.perf_counter() - started


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
