"""Numba kernels whose disk cache cannot lie, cannot fail and can be found.

Numba's own cache has three traps. A cached caller does not notice that a callee in another file
changed; an unwritable cache folder makes ``cache=True`` raise at import; and the default place is
beside the source, which is often read-only. Here the cache lives in a folder named after a hash of
all sources that a kernel can depend on (so a stale entry is never looked up), in the first writable
one of several places, and is left out where there is none. Imports only ever point down the floors
of the house, so a kernel depends on its own floor and on those below: whoever works on a high floor
does not compile the lower ones again.

The cache is also keyed by the CPU's name and features: an image that is built on one machine and
run on another sets ``NUMBA_CPU_NAME=generic`` and ``NUMBA_CPU_FEATURES=""`` for both.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, partial, update_wrapper
from pathlib import Path

import numba
import platformdirs
from llvmlite import binding

PACKAGE = Path(__file__).parent
KEPT_VERSIONS = 5
# `kernel_parts` replaces private methods of Numba. Where these differ it may crash or worse, which
# nothing could catch: so it is used only with versions under which the tests of this package ran.
TRIED = {(0, minor) for minor in range(60, 69)}
FLOORS = ("models", "cycles", "bifurcations", "dynamics", "training")  # with kernels, lowest first
WITHOUT_KERNELS = {"widgets", "export", "files", "systems", "server"}
WITHOUT_KERNELS |= {"__init__.py", "warm.py", "whole.py", "palette.py"}
log = logging.getLogger(__name__)
_decorating = threading.Lock()


@cache
def source_hash(floor: str | None = None) -> str:
    """Return a short hash of Numba's version and of the sources that kernels depend on.

    Parameters
    ----------
    floor : str, optional
        One of `FLOORS`: it depends on itself and on those below. By default all of them.
    """
    above = FLOORS[FLOORS.index(floor) + 1 :] if floor else ()
    left_out = WITHOUT_KERNELS.union(above)
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(PACKAGE.rglob("*.py")):
        name = source.relative_to(PACKAGE)
        if name.parts[0] not in left_out:
            digest.update(name.as_posix().encode())
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


@cache
def cache_folder(floor: str | None = None) -> Path | None:
    """Return the writable folder for compiled kernels of one floor, or None where there is none.

    In this order: ``NUMBA_CACHE_DIR``, the user's cache folder, the package's own folder. Without a
    floor it is the folder of kernels that may depend on every floor.
    """
    root = _writable_root()
    if root is None:
        return None
    name = "scyfi_widgets_kernels" + (f"_{floor}" if floor else "")
    folder = root / f"{name}-{source_hash(floor)}"
    if not _is_writable(folder):
        return None
    _forget_old_versions(folder, f"{name}-*")
    return folder


def warm_marker() -> Path | None:
    """Return the file that says that all kernels are compiled for this CPU, or None.

    The parts of its name are those by which Numba keys its cache: the CPU's name and its features.
    """
    folder = cache_folder()
    if folder is None:
        return None
    name = numba.config.CPU_NAME or binding.get_host_cpu_name()
    features = numba.config.CPU_FEATURES
    if features is None:
        features = binding.get_host_cpu_features().flatten()
    return folder / f"warm-{name}-{hashlib.sha256(features.encode()).hexdigest()[:8]}"


def kernel(
    function: Callable | None = None,
    *,
    fastmath: frozenset[str] = frozenset(),
    optimized: bool = True,
) -> Callable:
    """Compile `function` with ``@njit(nogil=True)``, cached in `cache_folder` if there is one.

    Parameters
    ----------
    fastmath : frozenset of str
        The liberties that LLVM may take, for a kernel that no rounding can hurt.
    optimized : bool
        Whether the kernel is optimized before it is linked into the kernels that call it, and once
        more there. See `kernel_part`.
    """
    if function is None:
        return partial(kernel, fastmath=fastmath, optimized=optimized)
    return Kernel(function, {"nogil": True, "fastmath": set(fastmath)}, optimized)


# A kernel that other kernels call, and that LLVM sees first there: this halves the time of
# compiling. Not for callees whose loops must be vectorized before they are inlined.
kernel_part = partial(kernel, optimized=False)


class Kernel:
    """A compiled function: called from Python it has machine code, called by a kernel it has none.

    Numba compiles what is called by kernels as if Python called it too: with a wrapper that takes
    Python objects apart, machine code and an entry in the cache, of which nothing is ever used. So
    there are two dispatchers here, each compiled when it is needed. With a Numba that is not in
    `TRIED` both are Numba's own, and only compiling takes longer.
    """

    def __init__(self, function: Callable, options: dict, optimized: bool):
        update_wrapper(self, function)
        self._called = _njit_cached(function, options)
        self._linked = self._called
        if numba.version_info[:2] in TRIED:
            from .kernel_parts import Part

            self._linked = Part(function, options, optimized)

    def __call__(self, *arguments):
        """Run machine code for the types of these arguments, made now if there is none."""
        return self._called(*arguments)

    @property
    def _numba_type_(self):
        """What Numba takes for the type of this name when it compiles a kernel that uses it."""
        return self._linked._numba_type_

    @property
    def signatures(self) -> list:
        """The types of arguments for which there is machine code."""
        return self._called.signatures

    @property
    def stats(self):
        """How often machine code was found in the cache, and how often not."""
        return self._called.stats

    @property
    def targetoptions(self) -> dict:
        """The options of Numba."""
        return self._called.targetoptions

    @property
    def py_func(self) -> Callable:
        """The function as it was written."""
        return self.__wrapped__


def _njit_cached(function: Callable, options: dict) -> Callable:
    folder = cache_folder(_floor_of(function))
    if folder is None:
        return numba.njit(**options)(function)
    # Numba reads the folder once, while it decorates; the user's own setting is put back at once.
    with _decorating:
        before = numba.config.CACHE_DIR
        numba.config.CACHE_DIR = str(folder)
        try:
            return numba.njit(cache=True, **options)(function)
        finally:
            numba.config.CACHE_DIR = before


def _floor_of(function: Callable) -> str | None:
    """Return the floor in which a function is written; None for what stands beside the floors."""
    package, _, rest = function.__module__.partition(".")
    inside = rest.partition(".")[0]
    return inside if package == __package__ and inside in FLOORS else None


@cache
def _writable_root() -> Path | None:
    for root in _cache_roots():
        if _is_writable(root):
            return root
    log.warning(
        "no folder for compiled kernels is writable: they are compiled anew in every session "
        "(set NUMBA_CACHE_DIR to a writable folder to keep them)"
    )
    return None


def _is_writable(folder: Path) -> bool:
    """Return whether files can be written to a folder, which is made if it does not exist."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A file with a name also dates the folder: the oldest one is forgotten first.
        tempfile.NamedTemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def _cache_roots() -> Iterator[Path]:
    if given := os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(given).absolute()
    with suppress(RuntimeError):  # an account without a home folder, as in some containers
        user = platformdirs.user_cache_path("scyfi_widgets")
        if user.is_absolute():
            yield user
    yield PACKAGE / "__pycache__"


def _forget_old_versions(folder: Path, pattern: str) -> None:
    with suppress(OSError):  # another process may do the same at this moment
        siblings = sorted(folder.parent.glob(pattern), key=lambda path: path.stat().st_mtime)
        for old in siblings[:-KEPT_VERSIONS]:
            if old != folder:
                shutil.rmtree(old, ignore_errors=True)
