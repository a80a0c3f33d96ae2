"""The directive ``public``: public names, one a line, as a table and then with their docstrings."""

from __future__ import annotations

import inspect
from operator import attrgetter

import ipywidgets
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import scyfi_widgets

_TEXT = """````{{eval-rst}}
.. currentmodule:: scyfi_widgets

.. autosummary::
   :nosignatures:

{listed}

{documented}
````"""
_CLASS = """
   :members:
   :show-inheritance:
   :special-members: __getitem__, __call__, __contains__
"""


class PublicNames(SphinxDirective):
    """Markdown sees a list of names, so that a page reads well on a repository's host."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return what Sphinx makes of the names."""
        names = [line.strip() for line in self.content if line.strip()]
        text = _TEXT.format(
            listed="\n".join(f"   {name}" for name in names),
            documented="\n".join(map(_documented, names)),
        )
        return self.parse_text_to_nodes(text)


def _documented(name: str) -> str:
    value = attrgetter(name)(scyfi_widgets)
    if not inspect.isclass(value):
        return f".. autofunction:: scyfi_widgets.{name}\n"
    text = f".. autoclass:: scyfi_widgets.{name}{_CLASS}"
    if issubclass(value, ipywidgets.Widget):  # our own base classes, but none of ipywidgets
        text += "   :inherited-members: VBox, HasTraits\n"
    return text


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("public", PublicNames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
