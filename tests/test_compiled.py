"""The cache of compiled kernels: it cannot be stale, it may be unwritable, it knows the CPU.

Every test runs the package, mostly a copy of it, in processes of its own, with folders of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numba
import psutil
import pytest

import scyfi_widgets
from scyfi_widgets import compiled, warm

PACKAGE = Path(scyfi_widgets.__file__).parent
GENERIC = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
# The cheapest kernels to compile; one calls the other across two decorators.
STEP = "import scyfi_widgets as sw; print(sw.PLRNN([0.5], [[0.0]], [1.0]).orbit([4.0], 1)[1, 0])"
FIND = (
    "import scyfi_widgets as sw; print(sw.find_cycles(sw.PLRNN([2.0], [[-4.0]], [1.0]), 3).counts)"
)
FOUND = "{1: 2, 2: 1, 3: 2}"


class Installation:
    """A package, and processes that see it and a cache folder of their own."""

    def __init__(self, folder: Path, package: Path, cache: Path):
        self.folder, self.package, self.cache = folder, package, cache
        self.home = folder / "home"
        self.home.mkdir()

    def environment(self, **variables: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("NUMBA_", "XDG_"))}
        return {
            **kept,
            "HOME": str(self.home),
            "PYTHONPATH": str(self.package.parent),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONIOENCODING": "utf-8",
            "NUMBA_CACHE_DIR": str(self.cache),
            **variables,
        }

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment(**variables),
            check=True,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def python(self, code: str, **variables: str) -> str:
        return self.run("-c", code, **variables).stdout.strip()

    def versions(self) -> set[Path]:
        return set(self.cache.glob("scyfi_widgets_kernels-*"))

    def compiled(self) -> Mapping[Path, int]:
        """Return every compiled kernel, and when it was written."""
        return {path: path.stat().st_mtime_ns for path in self.cache.rglob("*.nbc")}


@pytest.fixture
def installation(tmp_path) -> Installation:
    """Return a copy that a test may change."""
    copy = tmp_path / "site" / "scyfi_widgets"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return Installation(tmp_path, copy, tmp_path / "cache")


@pytest.fixture
def cold(tmp_path) -> Installation:
    """Return the package under test with an empty cache: that of all tests, where nothing ran yet.

    What is compiled there need not be compiled again by the tests that follow.
    """
    given = os.environ.get("NUMBA_CACHE_DIR")
    empty = given and not any(path.is_file() for path in Path(given).rglob("*.nbc"))
    return Installation(tmp_path, PACKAGE, Path(given) if empty else tmp_path / "cache")


# A stale entry -----------------------------------------------------------------------------------


def test_a_changed_callee_in_another_file_is_seen(installation):
    caller = installation.package / "twice.py"
    caller.write_text(
        "import numpy as np\n"
        "from .compiled import kernel\n"
        "from .models.kernels import step_into\n\n\n"
        "@kernel\n"
        "def step_once(A, W1, W2, h1, h2, z, rectified, out):\n"
        "    step_into(A, W1, W2, h1, h2, z, rectified, out)\n"
        "    return out[0]\n"
    )
    code = (
        "import numpy as np, scyfi_widgets as sw\n"
        "from scyfi_widgets.twice import step_once\n"
        "form = sw.PLRNN([0.5], [[0.0]], [1.0]).relu_form\n"
        "print(step_once(*form, np.array([4.0]), np.empty(1), np.empty(1)))\n"
    )
    assert installation.python(code) == "3.0"
    first = installation.compiled()
    assert first
    assert installation.python(code) == "3.0"
    assert installation.compiled() == first, "the second process compiled again"

    callee = installation.package / "models" / "kernels.py"
    source = callee.read_text()
    assert source.count("out[i] = total") == 1
    callee.write_text(source.replace("out[i] = total", "out[i] = total + 1.0"))
    assert installation.python(code) == "4.0"
    assert len(installation.versions()) == 2


def test_old_versions_are_forgotten(installation):
    installation.cache.mkdir()
    old = [installation.cache / f"scyfi_widgets_kernels-{n:016x}" for n in range(8)]
    for age, folder in enumerate(reversed(old)):
        (folder / "inside").mkdir(parents=True)
        os.utime(folder, (1e9 - age, 1e9 - age))
    other = installation.cache / "another_package"
    other.mkdir()
    where = installation.python("from scyfi_widgets.compiled import *; print(cache_folder())")
    kept = {Path(where), *old[-compiled.KEPT_VERSIONS + 1 :]}
    assert len(kept) == compiled.KEPT_VERSIONS
    assert installation.versions() == kept
    assert other.exists()


def test_a_version_in_use_is_younger_than_one_that_was_left(installation):
    where = "from scyfi_widgets.compiled import *; print(cache_folder())"
    folder = Path(installation.python(where))
    os.utime(folder, (0, 0))
    for n in range(compiled.KEPT_VERSIONS):
        other = installation.cache / f"scyfi_widgets_kernels-{n:016x}"
        other.mkdir()
        os.utime(other, (1e9 + n, 1e9 + n))
    assert Path(installation.python(where)) == folder
    assert folder in installation.versions()
    assert folder.stat().st_mtime > 1.1e9


# An unwritable cache -----------------------------------------------------------------------------


def without_a_folder(installation: Installation) -> dict[str, str]:
    """Put a file wherever a cache folder would go: root may write into any folder."""
    obstacle = installation.folder / "obstacle"
    obstacle.write_text("a file, not a folder")
    (installation.package / "__pycache__").write_text("a file, not a folder")
    return {
        "NUMBA_CACHE_DIR": str(obstacle),
        "HOME": str(obstacle),
        "XDG_CACHE_HOME": str(obstacle),
        "LOCALAPPDATA": str(obstacle),
    }


@pytest.mark.slow
def test_without_any_writable_folder_it_works_and_says_so_once(installation):
    result = installation.run("-c", FIND, **without_a_folder(installation))
    assert result.stdout.strip() == FOUND
    lines = result.stderr.splitlines()
    assert len(lines) == 1
    assert "no folder for compiled kernels is writable" in lines[0]
    assert "NUMBA_CACHE_DIR" in lines[0]


def test_without_any_writable_folder_it_is_never_warm(installation):
    variables = without_a_folder(installation)
    code = "from scyfi_widgets.warm import is_warm; print(is_warm())"
    assert installation.python(code, **variables) == "False"


@pytest.mark.parametrize("place", ["user", "package"])
def test_the_next_folder_is_taken(installation, place):
    variables = without_a_folder(installation)
    if place == "user":
        variables |= {"XDG_CACHE_HOME": str(installation.home)}
        variables |= {"HOME": str(installation.home), "LOCALAPPDATA": str(installation.home)}
        expected = installation.home
    else:
        expected = installation.package / "__pycache__"
        expected.unlink()
    code = "from scyfi_widgets.compiled import *; print(cache_folder())"
    folder = Path(installation.python(code, **variables))
    assert folder.is_relative_to(expected)
    assert folder.is_dir()


@pytest.mark.skipif(os.name != "posix", reason="looks a home folder up in the password file")
@pytest.mark.parametrize("given", [True, False])
def test_an_account_without_a_home(installation, given):
    variables = without_a_folder(installation)
    if given:
        variables["NUMBA_CACHE_DIR"] = str(installation.cache)
    code = (
        "import os, pwd\n"
        "def nobody(uid): raise KeyError(uid)\n"
        "pwd.getpwuid = nobody\n"
        "for name in ('HOME', 'XDG_CACHE_HOME'): del os.environ[name]\n"
        "from scyfi_widgets.compiled import *; print(cache_folder())"
    )
    found = installation.python(code, **variables)
    assert found == (str(*installation.versions()) if given else "None")
    assert not (installation.folder / "~").exists()


# The CPU -----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.first
def test_warm_compiles_all_there_is_for_this_cpu(cold):
    is_warm = "from scyfi_widgets.warm import is_warm; print(is_warm())"
    assert cold.python(is_warm) == "False"

    said, *_ = cold.run("-m", "scyfi_widgets.warm").stdout.splitlines()
    (folder,) = cold.versions()
    assert said.startswith("kernels compiled in ")
    assert said.endswith(f" s, kept in {folder}")
    assert cold.python(is_warm) == "True"
    entries = cold.compiled()
    assert entries

    # The same CPU: every architecture runs from the cache.
    use_everything = (
        "import numpy as np, scyfi_widgets as sw\n"
        "A, h, W = np.array([0.5, 0.4]), np.ones(2), np.array([[0.0, -2.0], [1.0, 0.0]])\n"
        "for model in (\n"
        "    sw.PLRNN(A, W, h),\n"
        "    sw.PLRNN(np.diag(A), W, h),\n"
        "    sw.ShallowPLRNN(A, W, W.T, h, h),\n"
        "    sw.ClippedShallowPLRNN(A, W, W.T, h, h),\n"
        "    sw.DendriticPLRNN(A, W, h, [1.0], [[0.0], [1.0]]),\n"
        "    sw.AlmostLinearRNN(A, W, h, 1),\n"
        "    sw.PLRNN([2.0], [[-4.0]], [1.0]),\n"
        "    sw.AlmostLinearRNN([0.5] * 3, -np.eye(3)[::-1], np.ones(3), 2),\n"
        "):\n"
        "    for method in ('complete', 'search', 'auto'):\n"
        "        cycles = sw.find_cycles(model, 3, method=method, time_limit=60, seed=2**40)\n"
        "    sw.verify(model, cycles)\n"
        "    z = np.ones(model.M)\n"
        "    model.orbit(z, 5), model.orbit(np.stack([z, z]), 5)\n"
        "    sw.lyapunov_spectrum(model, steps=5)\n"
        "    name = next(name for name in model.parameter_names if name[0] == 'h')\n"
        "    line = model, name, (0.9, 1.1)\n"
        "    sw.orbit_diagram(*line, values=2, transient=0, kept=1).image()\n"
        "    sw.bifurcation_diagram(*line, max_order=3)\n"
        "from scyfi_widgets.cycles.branching.complementarity import split_words\n"
        "from scyfi_widgets.cycles.search.curves import follow_curves\n"
        "from scyfi_widgets.cycles.polygons.kernels import search_prefixes\n"
        "from scyfi_widgets.cycles.solving.solve import judge_words\n"
        "from scyfi_widgets.models.kernels import fill_orbits\n"
        "for kernel in (split_words, follow_curves, judge_words, fill_orbits, search_prefixes):\n"
        "    hits, misses = kernel.stats.cache_hits, kernel.stats.cache_misses\n"
        "    print(sum(hits.values()), sum(misses.values()))\n"
    )
    hits_and_misses = cold.python(use_everything).split()
    assert hits_and_misses == ["1", "0"] * 5
    assert cold.compiled() == entries

    # Other CPUs: not warm, and entries of their own beside the first.
    every = entries
    for other in (GENERIC, GENERIC | {"NUMBA_CPU_FEATURES": "-sse4.1"}):
        assert cold.python(is_warm, **other) == "False"
        assert cold.python(STEP, **other) == "3.0"
        before, every = every, cold.compiled()
        assert len(every) > len(before)
        assert {path: every[path] for path in before} == before
        assert cold.python(STEP, **other) == "3.0"
        assert cold.compiled() == every

    # Once more, from the cache.
    assert cold.run("-m", "scyfi_widgets.warm").stdout.startswith("kernels loaded in ")
    assert cold.run("-m", "scyfi_widgets.warm", "--quiet").stdout == ""
    assert cold.compiled() == every


@pytest.mark.slow
def test_what_warm_started_ends_with_it(installation):
    installation.folder.joinpath("two.py").write_text(
        "from scyfi_widgets import warm\nwarm._processors = lambda: 2\nwarm.warm()\n"
    )
    begun = subprocess.Popen(
        [sys.executable, "two.py"], cwd=installation.folder, env=installation.environment()
    )
    try:
        helpers = wait_for(psutil.Process(begun.pid).children, 2)
        wait_for(installation.compiled, 1)
        assert all(helper.is_running() for helper in helpers)
    finally:
        begun.kill()
        begun.wait()
    _, left = psutil.wait_procs(helpers, timeout=30)
    assert left == []


def wait_for(things, number: int):
    """Return things as soon as there are so many of them."""
    deadline = time.monotonic() + 120
    while len(found := things()) < number:
        assert time.monotonic() < deadline, f"{len(found)} of {number}"
        time.sleep(0.1)
    return found


@pytest.mark.parametrize(
    ("part", "module", "kernel"),
    [
        ("cycles", "cycles.branching.complementarity", "split_words"),
        ("bifurcations", "bifurcations.intervals.kernels", "search_groups"),
        ("dynamics", "training.gradients.evaluate", "evaluate_rows"),
    ],
)
def test_a_helper_of_warm_knows_its_part(part, module, kernel):
    code = f"{warm.HELPER}; from scyfi_widgets.{module} import {kernel}; {kernel}.signatures[0]"
    command = [sys.executable, "-c", code, str(PACKAGE.parent), part]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as helper:
        assert helper.wait(300) == 0


@pytest.mark.parametrize("helper", ["raise SystemExit(3)", "import os; os.abort()"])
def test_what_helpers_of_warm_leave_undone_is_done(helper, monkeypatch, tmp_path):
    marker = tmp_path / "warm"
    monkeypatch.setattr(warm, "warm_marker", lambda: marker)
    monkeypatch.setattr(warm, "_processors", lambda: 2)
    monkeypatch.setattr(warm, "HELPER", helper)
    assert not warm.is_warm()
    assert warm.warm() > 0.0
    assert warm.is_warm()


@pytest.mark.parametrize("variables", [{}, GENERIC])
def test_warm_speaks_of_other_machines_unless_it_is_for_them(monkeypatch, capsys, variables):
    for name in GENERIC:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(warm, "warm", lambda: 1.0)
    assert warm.main([]) == 0
    said = capsys.readouterr().out
    assert " in 1.0 s, kept in " in said
    assert ("set NUMBA_CPU_NAME=generic" in said) == (not variables)


def test_warm_help(installation):
    said = installation.run("-m", "scyfi_widgets.warm", "--help").stdout
    assert "--quiet" in said
    assert installation.compiled() == {}


# Kernels that kernels call -----------------------------------------------------------------------

CALLERS = (
    "from .compiled import kernel, kernel_part\n\n\n"
    "@{decorator}\n"
    "def divide(x, y, scale):\n"
    "    return scale * x / y\n\n\n"
    "@kernel\n"
    "def divide_twice(x, y):\n"
    "    return divide(x, y, 1) + divide(x, y, int(y))\n"
)


with_parts = pytest.mark.skipif(
    numba.version_info[:2] not in compiled.TRIED,
    reason="this Numba compiles parts in its own way: see compiled.TRIED",
)
# Another Numba, in which what kernel_parts needs may be missing: importing it is an error.
UNTRIED = (
    "import sys, numba\n"
    "numba.version_info = numba.version_info._replace(minor=99)\n"
    "sys.modules['scyfi_widgets.kernel_parts'] = None\n"
)


@with_parts
@pytest.mark.parametrize("decorator", ["kernel", "kernel_part"])
def test_what_only_kernels_call_has_no_machine_code(installation, decorator):
    (installation.package / "callers.py").write_text(CALLERS.format(decorator=decorator))
    call = (
        "from scyfi_widgets.callers import divide, divide_twice\n"
        "print(divide_twice(3.0, 2.0))\n"
        "try:\n"
        "    divide_twice(3.0, 0.0)\n"
        "except ZeroDivisionError as error:\n"
        "    print(error, len(divide.signatures), len(divide_twice.signatures))\n"
    )
    expected = ["4.5", "division by zero 0 1"]
    assert installation.python(call).splitlines() == expected
    (entry,) = installation.compiled()
    assert "divide_twice" in entry.name
    assert installation.python(call).splitlines() == expected, "from the cache"

    # Called from Python, it has: an entry of its own.
    both = installation.python(call + "print(divide(3.0, 2.0, 2), len(divide.signatures))")
    assert both.splitlines() == [*expected, "3.0 1"]
    assert len(installation.compiled()) == 2


@pytest.mark.parametrize("decorator", ["kernel", "kernel_part"])
def test_with_an_untried_numba_the_answers_are_the_same(installation, decorator):
    (installation.package / "callers.py").write_text(CALLERS.format(decorator=decorator))
    call = UNTRIED + (
        "from scyfi_widgets.callers import divide, divide_twice\n"
        "print(divide_twice(3.0, 2.0), divide(3.0, 2.0, 2))\n"
        "try:\n"
        "    divide_twice(3.0, 0.0)\n"
        "except ZeroDivisionError as error:\n"
        "    print(error, len(divide.signatures) > 0, len(divide_twice.signatures))\n"
    )
    expected = ["4.5 3.0", "division by zero True 1"]
    assert installation.python(call).splitlines() == expected
    entries = installation.compiled()
    assert installation.python(call).splitlines() == expected, "from the cache"
    assert installation.compiled() == entries


@pytest.mark.slow
def test_with_an_untried_numba_the_cycles_are_the_same(installation):
    assert installation.python(UNTRIED + FIND) == FOUND


@with_parts
@pytest.mark.parametrize("decorator", ["kernel", "kernel_part"])
def test_what_only_kernels_call_has_no_python_objects(installation, decorator):
    (installation.package / "callers.py").write_text(
        "from .compiled import kernel, kernel_part\n\n\n"
        f"@{decorator}\n"
        "def shown(x):\n"
        "    print('x is', x)\n"
        "    return x\n\n\n"
        "@kernel\n"
        "def show(x):\n"
        "    return shown(x)\n"
    )
    code = (
        "from numba.core.errors import NumbaError\n"
        "from scyfi_widgets.callers import show\n"
        "try:\n"
        "    show(1.0)\n"
        "except NumbaError as error:\n"
        "    print('cannot use Python objects' in str(error))\n"
    )
    assert installation.python(code) == "True"


@with_parts
def test_a_literal_argument_is_compiled_as_a_variable(installation):
    (installation.package / "callers.py").write_text(CALLERS.format(decorator="kernel"))
    code = (
        "from numba.core import event\n"
        "from scyfi_widgets.callers import divide_twice\n"
        "with event.install_recorder('numba:compile') as recorder:\n"
        "    divide_twice(3.0, 2.0)\n"
        "started = [e.data['dispatcher'] for _, e in recorder.buffer if e.is_start]\n"
        "names = [dispatcher.py_func.__name__ for dispatcher in started]\n"
        "print(names.count('divide'), names.count('divide_twice'))\n"
    )
    assert installation.python(code) == "1 1"


# Manners -----------------------------------------------------------------------------------------


def test_the_users_own_cache_setting_is_left_as_it_was(installation):
    code = (
        "import numba\n"
        "numba.config.CACHE_DIR = 'mine'\n"
        "import scyfi_widgets.cycles\n"
        "print(numba.config.CACHE_DIR)"
    )
    assert installation.python(code) == "mine"
    assert not (installation.folder / "mine").exists()


def test_kernels_run_without_the_interpreters_lock():
    from scyfi_widgets.cycles.search.curves import follow_curves
    from scyfi_widgets.models.kernels import fill_orbits

    for compiled_kernel in (follow_curves, fill_orbits):
        assert compiled_kernel.targetoptions["nogil"]


def test_the_hash_depends_on_every_source_with_kernels_and_on_numba(monkeypatch, tmp_path):
    monkeypatch.setattr(compiled, "PACKAGE", tmp_path)
    hashes = set()

    def add():
        hashes.add(compiled.source_hash.__wrapped__())

    add()
    (tmp_path / "one.py").write_text("x = 1\n")
    add()
    (tmp_path / "one.py").write_text("x = 2\n")
    add()
    (tmp_path / "one.py").rename(tmp_path / "two.py")
    add()
    monkeypatch.setattr(numba, "__version__", "0.0")
    add()
    assert len(hashes) == 5
    (tmp_path / "widgets").mkdir()
    (tmp_path / "widgets" / "slider.py").write_text("x = 1\n")
    add()
    assert len(hashes) == 5


def test_a_floor_depends_on_itself_and_on_those_below(monkeypatch, tmp_path):
    monkeypatch.setattr(compiled, "PACKAGE", tmp_path)
    floors = (*compiled.FLOORS, None)
    before = {floor: compiled.source_hash.__wrapped__(floor) for floor in floors}
    for place, changed in enumerate(compiled.FLOORS):
        (tmp_path / changed).mkdir()
        (tmp_path / changed / "kernels.py").write_text("x = 1\n")
        after = {floor: compiled.source_hash.__wrapped__(floor) for floor in floors}
        assert [floor for floor in floors if after[floor] != before[floor]] == [*floors[place:]]
        before = after


def test_a_change_on_a_high_floor_compiles_no_low_one_again(installation):
    assert installation.python(STEP) == "3.0"
    first = installation.compiled()
    (installation.package / "dynamics" / "more.py").write_text("x = 1\n")
    assert installation.python(STEP) == "3.0"
    assert installation.compiled() == first


def test_only_places_without_kernels_are_left_out_of_the_hash():
    for place in compiled.WITHOUT_KERNELS:
        path = compiled.PACKAGE / place
        for source in [path] if path.suffix else path.rglob("*.py"):
            assert "@kernel" not in source.read_text(encoding="utf-8"), source
