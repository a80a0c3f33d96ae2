"""The notebooks that the package ships, and the copies of them that belong to the user.

The shipped files are read-only material: a person works in copies. A copy that the person changed
is never touched again; one that was only run is replaced when the package brings a newer version.
Which is which is decided by the text of the cells, because running a notebook rewrites its outputs.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

FIRST = "01_explorer.ipynb"
COPIES = "scyfi_widgets_notebooks"
RECORD = ".scyfi_widgets.json"
_PACKAGE = Path(__file__).parents[1]


def shipped_folder() -> Path:
    """Return the folder of the shipped notebooks: in the package, or beside it in a checkout.

    Raises
    ------
    FileNotFoundError
        When neither holds the explorer notebook.
    """
    candidates = [_PACKAGE / "notebooks", _PACKAGE.parent / "notebooks"]
    for folder in candidates:
        if (folder / FIRST).is_file():
            return folder
    raise FileNotFoundError(f"{FIRST} is in none of: {', '.join(map(str, candidates))}")


def checkout_folder(start: Path) -> Path | None:
    """Return the notebooks folder of `start` when it is a checkout of this project, else None."""
    try:
        is_ours = 'name = "scyfi-widgets"' in (start / "pyproject.toml").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    folder = start / "notebooks"
    return folder if is_ours and (folder / FIRST).is_file() else None


def copy_notebooks(source: Path, target: Path) -> list[str]:
    """Bring the user's copies up to date without touching what the user changed.

    Parameters
    ----------
    source, target : Path
        The folder of the shipped notebooks and the user's folder, which is made when missing.

    Returns
    -------
    list of str
        One readable line for each notebook that was refreshed, or kept because the user changed it.

    Raises
    ------
    OSError
        When the user's folder cannot be written.
    """
    target.mkdir(parents=True, exist_ok=True)
    record = _read_record(target / RECORD)
    messages = []
    for notebook in sorted(source.glob("*.ipynb")):
        copy = target / notebook.name
        shipped, present = _digest(notebook), _digest(copy)
        last_shipped = record.get(notebook.name)
        if not copy.exists() or (present == last_shipped != shipped):
            if copy.exists():
                messages.append(f"{copy.name}, which you had not changed, is now this version's")
            _write(copy, notebook.read_bytes())
            record[notebook.name] = shipped
        elif present == shipped:
            record[notebook.name] = shipped
        elif last_shipped != shipped:
            messages.append(
                f"{copy.name} is kept as you changed it; this version brings a newer one "
                "(rename yours to get it)"
            )
    _write(target / RECORD, json.dumps(record, indent=1, sort_keys=True).encode())
    return messages


def _digest(notebook: Path) -> str | None:
    """Return a hash of the text of the cells, or of the bytes of what is not a notebook."""
    try:
        raw = notebook.read_bytes()
    except FileNotFoundError:
        return None
    try:
        cells = [[cell["cell_type"], "".join(cell["source"])] for cell in json.loads(raw)["cells"]]
    except (ValueError, KeyError, TypeError):
        return hashlib.sha256(raw).hexdigest()
    # Jupyter appends an empty cell when a notebook is run to its end.
    while cells and not cells[-1][1].strip():
        cells.pop()
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def _read_record(path: Path) -> dict[str, str]:
    try:
        record = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _write(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
