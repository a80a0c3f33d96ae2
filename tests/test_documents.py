"""What the documents tell a user to run runs."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import ipywidgets as widgets
import matplotlib.pyplot as plt
import nbformat
import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@dataclass(frozen=True)
class Block:
    """A fenced block of Python: its code, where it begins, and what stands behind the fence."""

    code: str
    line: int
    note: str


def python_blocks(page: Path) -> list[Block]:
    text = page.read_text("utf-8")
    found = re.finditer(r"^```python([^\n]*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [Block(b[2], text.count("\n", 0, b.start()) + 2, b[1].strip()) for b in found]


def run_as_in_a_notebook(code: str, page: Path, names: dict) -> object:
    """Run a block and return the value of its last line, which a notebook would show."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, page.name, "exec"), names)
    return last and eval(compile(ast.Expression(last.value), page.name, "eval"), names)


PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
REASONS = {"no-run: the reader's own file"}
FILES = {"models/leaky.py"}  # tests/models/test_new_architecture.py


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in PAGES if python_blocks(page)], ids=lambda page: page.name
)
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    names: dict[str, object] = {}
    shown = []
    try:
        for block in python_blocks(page):
            if block.note:
                assert block.note in REASONS | FILES, f"{page.name}:{block.line}: {block.note}"
                continue
            try:
                shown.append(run_as_in_a_notebook(block.code, page, names))
            except Exception as error:
                raise AssertionError(f"{page.name}, block at line {block.line}") from error
    finally:
        for value in {id(value): value for value in [*names.values(), *shown]}.values():
            if isinstance(value, widgets.Widget):
                value.close()
        plt.close("all")


def test_a_readme_without_code_would_be_noticed():
    assert len(python_blocks(ROOT / "README.md")) >= 4
    assert len(python_blocks(ROOT / "docs" / "gallery.md")) >= 8


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_of_a_notebook_are_stripped(path):
    """That it runs is tested in the image of Binder: tests/server/test_binder_image.py."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert "widgets" not in notebook.metadata


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_of_a_page_exist(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target
