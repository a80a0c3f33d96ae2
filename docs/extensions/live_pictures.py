"""Pictures that move: below ``images/gallery/NAME.png`` stands ``live/NAME.html``, if it was made.

``python docs/figures.py`` makes both. A page is plain Markdown with a picture, so it reads the same
on a repository's host; without the folder ``live`` the site has the pictures alone.
"""

from __future__ import annotations

import shutil
from html import escape
from pathlib import Path, PurePosixPath

from docutils import nodes
from sphinx.application import Sphinx

FOLDER = "live"
_TEXT = """<details class="live">
<summary>Move it <span>here, or <a href="{address}">on a page of its own</a></span></summary>
<iframe src="{address}" title="{title}, with sliders" loading="lazy"></iframe>
</details>"""


def live_name(uri: str) -> str | None:
    """Return the name of the live figure that belongs to a picture, whether or not it was made."""
    path = PurePosixPath(uri)
    return path.stem if path.parent.name == "gallery" and path.suffix == ".png" else None


def add_live_figures(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Give pictures a column's width, and put a live figure, closed at first, below its own."""
    if app.builder.format != "html":
        return
    for image in list(doctree.findall(nodes.image)):
        name = live_name(image["uri"])
        if name is None:
            continue
        image["classes"].append("column")
        if not (Path(app.srcdir) / FOLDER / f"{name}.html").is_file():
            continue
        if not isinstance(image.parent, nodes.paragraph):
            continue
        root = "../" * page.count("/")
        text = _TEXT.format(
            address=escape(f"{root}{FOLDER}/{name}.html"), title=escape(image.get("alt", name))
        )
        place = image.parent.parent.index(image.parent) + 1
        image.parent.parent.insert(place, nodes.raw("", text, format="html"))


def copy_live_figures(app: Sphinx, error: Exception | None) -> None:
    """Put the live figures beside the pages."""
    source = Path(app.srcdir) / FOLDER
    if error is None and app.builder.format == "html" and source.is_dir():
        shutil.copytree(source, Path(app.outdir) / FOLDER, dirs_exist_ok=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Look at every page that is written."""
    app.connect("doctree-resolved", add_live_figures)
    app.connect("build-finished", copy_live_figures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
