"""How the site is built: ``python -m sphinx -W --keep-going docs build/site``.

Nothing is fetched while it is built, and the built pages fetch nothing either.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "extensions"))

import scyfi_widgets  # noqa: E402

project = "scyfi_widgets"
author = "The scyfi_widgets authors"
copyright = author
version = release = scyfi_widgets.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "myst_nb",
    "sphinx_copybutton",
    "docstrings",
    "mathml",
    "public_names",
    "shipped_notebooks",
    "live_pictures",
]
exclude_patterns = ["live"]

# Pages and notebooks.
myst_enable_extensions = ["attrs_block", "colon_fence", "dollarmath"]
myst_heading_anchors = 4
nb_execution_mode = "off"  # the tests run the notebooks, which takes minutes

# The reference.
autosummary_generate = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings tell shapes, which hints cannot
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 110
add_module_names = False
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
default_role = "py:obj"
toc_object_entries_show_parents = "hide"

# How it looks.
html_theme = "furo"
html_title = "scyfi_widgets"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
pygments_dark_style = "a11y-high-contrast-dark"
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def theme_colours(accent: str) -> dict[str, str]:
    """Return Furo's colours with one accent."""
    names = ("brand-primary", "brand-content", "brand-visited", "api-name", "api-pre-name")
    return {f"color-{name}": accent for name in names}


html_theme_options = {
    "light_css_variables": theme_colours("#1866A1"),
    "dark_css_variables": theme_colours("#6CB6F0"),
}
