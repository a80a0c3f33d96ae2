"""The user's copies of the shipped notebooks: what is refreshed and what is never touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scyfi_widgets.server import notebooks

NAME = notebooks.FIRST


def write_notebook(path: Path, *sources: str, outputs: bool = False) -> None:
    cells = [
        {
            "cell_type": "code",
            "source": source,
            "metadata": {},
            "outputs": [{"output_type": "stream", "name": "stdout", "text": "5"}] * outputs,
            "execution_count": 1 if outputs else None,
        }
        for source in sources
    ]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}))


@pytest.fixture
def folders(tmp_path):
    """Return the shipped folder with version 1 of a notebook, and the user's folder, copied."""
    shipped, user = tmp_path / "shipped", tmp_path / "a class" / "notebooks"
    shipped.mkdir()
    write_notebook(shipped / NAME, "version = 1")
    assert notebooks.copy_notebooks(shipped, user) == []
    return shipped, user


def test_first_start_copies(folders):
    shipped, user = folders
    assert (user / NAME).read_bytes() == (shipped / NAME).read_bytes()
    assert sorted(path.name for path in user.iterdir()) == [notebooks.RECORD, NAME]


def test_edits_survive(folders):
    shipped, user = folders
    write_notebook(user / NAME, "version = 1", "my = 'work'")
    mine = (user / NAME).read_bytes()
    assert notebooks.copy_notebooks(shipped, user) == []
    assert (user / NAME).read_bytes() == mine


def test_edits_survive_a_newer_version_and_it_is_said(folders):
    shipped, user = folders
    write_notebook(user / NAME, "version = 'mine'")
    mine = (user / NAME).read_bytes()
    write_notebook(shipped / NAME, "version = 2")
    for _ in range(2):
        (message,) = notebooks.copy_notebooks(shipped, user)
        assert "kept as you changed it" in message
        assert (user / NAME).read_bytes() == mine


def test_renaming_the_edited_copy_brings_the_new_version(folders):
    shipped, user = folders
    write_notebook(user / NAME, "version = 'mine'")
    write_notebook(shipped / NAME, "version = 2")
    (user / NAME).rename(user / "mine.ipynb")
    assert notebooks.copy_notebooks(shipped, user) == []
    assert (user / NAME).read_bytes() == (shipped / NAME).read_bytes()
    assert "'mine'" in (user / "mine.ipynb").read_text()


@pytest.mark.parametrize("ran", [False, True])
def test_unchanged_copy_is_refreshed(folders, ran):
    shipped, user = folders
    if ran:  # with the empty cell that Jupyter appends
        write_notebook(user / NAME, "version = 1", "", outputs=True)
    write_notebook(shipped / NAME, "version = 2")
    (message,) = notebooks.copy_notebooks(shipped, user)
    assert "had not changed" in message
    assert (user / NAME).read_bytes() == (shipped / NAME).read_bytes()
    assert notebooks.copy_notebooks(shipped, user) == []


def test_run_copy_of_the_same_version_keeps_its_outputs(folders):
    shipped, user = folders
    write_notebook(user / NAME, "version = 1", outputs=True)
    mine = (user / NAME).read_bytes()
    assert notebooks.copy_notebooks(shipped, user) == []
    assert (user / NAME).read_bytes() == mine


@pytest.mark.parametrize("record", ["", "[]", "{"])
def test_without_a_record_nothing_is_overwritten(folders, record):
    shipped, user = folders
    (user / notebooks.RECORD).write_text(record)
    mine = (user / NAME).read_bytes()
    write_notebook(shipped / NAME, "version = 2")
    (message,) = notebooks.copy_notebooks(shipped, user)
    assert "kept" in message
    assert (user / NAME).read_bytes() == mine


@pytest.mark.parametrize("content", [b"", b"not a notebook", b'{"cells": 3}', b"\xff\xfe"])
def test_broken_copy_is_the_users_own(folders, content):
    shipped, user = folders
    (user / NAME).write_bytes(content)
    notebooks.copy_notebooks(shipped, user)
    assert (user / NAME).read_bytes() == content


def test_checkout_is_recognised_by_its_project_file(tmp_path):
    (tmp_path / "notebooks").mkdir()
    write_notebook(tmp_path / "notebooks" / NAME, "1")
    assert notebooks.checkout_folder(tmp_path) is None
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "another"\n')
    assert notebooks.checkout_folder(tmp_path) is None
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "scyfi-widgets"\n')
    assert notebooks.checkout_folder(tmp_path) == tmp_path / "notebooks"


def test_shipped_notebooks_exist():
    assert (notebooks.shipped_folder() / NAME).is_file()
