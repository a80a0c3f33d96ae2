"""Docstrings as they are: `|x|` is a modulus there, and `name` may be a mere argument."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.nodes import find_pending_xref_condition

import scyfi_widgets

_LITERAL = re.compile(r"(``.*?``)")


def escape_bars(app: Sphinx, what, name, value, options, lines: list[str]) -> None:
    """Keep docutils from reading ``|x|`` as a substitution."""
    for place, line in enumerate(lines):
        if "|" in line and not line.lstrip().startswith(">>>"):
            parts = _LITERAL.split(line)
            lines[place] = "".join(
                part if part.startswith("``") else part.replace("|", r"\|") for part in parts
            )


def drop_local_names(app: Sphinx, doctree: nodes.document) -> None:
    """Leave only the public names to be linked: `start` or M are arguments and sizes.

    Sphinx would look for an attribute of that name in any class.
    """
    for node in list(doctree.findall(addnodes.pending_xref)):
        if node["refdomain"] != "py" or node["reftype"] not in ("obj", "class"):
            continue
        target = node["reftarget"]
        is_class = re.fullmatch(r"[A-Z]\w*[a-z]\w*", target)
        if "." not in target and target not in scyfi_widgets.__all__ and not is_class:
            shown = find_pending_xref_condition(node, "*")
            node.replace_self((shown or node).children)


def setup(app: Sphinx) -> dict[str, bool]:
    """Come before napoleon, which has the default priority."""
    app.connect("autodoc-process-docstring", escape_bars, priority=400)
    app.connect("doctree-read", drop_local_names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
