"""Formulas as MathML, which browsers draw on their own: no script, no font, no network."""

from __future__ import annotations

from html import escape

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

log = logging.getLogger(__name__)


def visit_inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line."""
    translator.body.append(_mathml(node, "inline"))
    raise nodes.SkipNode


def visit_block(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on lines of its own."""
    translator.body.append(f'<div class="math-block">{_mathml(node, "block")}</div>\n')
    raise nodes.SkipNode


def _mathml(node: nodes.Element, display: str) -> str:
    try:
        written = convert(node.astext(), display=display)
    except Exception as error:  # the library has no class for what it cannot read
        written, problem = "", str(error) or type(error).__name__
    else:
        problem = "an unknown command" if "\\" in written else ""
    if problem:
        log.warning("no MathML for %r: %s", node.astext(), problem, location=node, type="mathml")
        return f"<code>{escape(node.astext())}</code>"
    return written


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
