"""Imports point down: a lower floor of the house knows nothing of a higher one (DESIGN.md)."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import scyfi_widgets

PACKAGE = Path(scyfi_widgets.__file__).parent
FLOORS = [
    "models",
    "cycles",
    "bifurcations",
    "dynamics",
    "training",
    "systems",
    "files",
    "widgets",
    "export",
]
GROUND = {"compiled", "cancellation", "palette", "whole"}  # below all floors
WIDGET_STACK = {"ipywidgets", "bqplot", "bqscales", "anywidget", "traitlets", "IPython"}
NUMERIC = FLOORS[: FLOORS.index("widgets")]
SOURCES = [path for floor in FLOORS for path in sorted((PACKAGE / floor).rglob("*.py"))]


def imported_modules(path: Path) -> set[str]:
    """Return the absolute names of all modules that a source file imports, wherever it does."""
    package = ("scyfi_widgets", *path.relative_to(PACKAGE).parent.parts)
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*base, *([node.module] if node.module else [])])
            names |= {f"{base}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_down(path):
    floor = path.relative_to(PACKAGE).parts[0]
    below = {*FLOORS[: FLOORS.index(floor) + 1], *GROUND}
    for name in imported_modules(path):
        top, _, rest = name.partition(".")
        if top == "scyfi_widgets":
            inside = rest.partition(".")[0]
            assert inside in below or not (PACKAGE / inside).is_dir(), f"{floor} imports {name}"
            if floor in NUMERIC:
                assert inside in below, f"{floor} imports {name}"
        if floor in NUMERIC:
            assert top not in WIDGET_STACK, f"{floor} imports {name}"


def test_relative_imports_are_understood():
    names = imported_modules(PACKAGE / "cycles" / "search" / "search.py")
    assert {"scyfi_widgets.cycles.search.scyfi.search_order", "scyfi_widgets.models.Model"} <= names


def modules_after(code: str) -> set[str]:
    """Return the names of the modules that a fresh interpreter has loaded after `code`."""
    output = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return set(output.stdout.split())


def test_importing_the_package_loads_nothing_heavy():
    loaded = modules_after("import scyfi_widgets; dir(scyfi_widgets)")
    assert not loaded & {*WIDGET_STACK, "numba", "numpy", "scipy", "pandas", "jupyter_server"}


def test_the_numeric_layers_load_no_widget_stack():
    code = "import scyfi_widgets.cycles, scyfi_widgets.files, scyfi_widgets.systems"
    loaded = modules_after(code)
    assert "scyfi_widgets.cycles.find" in loaded
    assert not loaded & {*WIDGET_STACK, "pandas", "scyfi_widgets.widgets"}
