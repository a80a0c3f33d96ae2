"""What the notebook of the app shows; it runs in each visitor's kernel, never in the server."""

from __future__ import annotations

import json
import os
from importlib import metadata
from pathlib import Path

import ipywidgets as widgets

from scyfi_widgets import systems
from scyfi_widgets.files import load_model
from scyfi_widgets.models import Model
from scyfi_widgets.widgets import Explorer

from .networks import VARIABLE, names_of

INTRODUCTION = """\
<h1>What can a small recurrent network do?</h1>
<p><b>Drag a weight</b>, or use the arrow keys: every fixed point, every cycle and an orbit follow.
The marker says how stable a cycle is, the colour its order. <b>Click</b> into the state space to
start the orbit somewhere else, and into the diagram to move its weight. <i>preset</i> brings other
networks, <i>undo</i> takes the last change back. Nothing that you do here can break anything.</p>
"""
STYLE = """\
<style>
.sw-classroom { color: var(--jp-ui-font-color1, #222); line-height: 1.5; }
.sw-classroom h1 { font-size: 22px; font-weight: 600; margin: 14px 0 4px; }
.sw-classroom p { font-size: 14px; margin: 4px 0 8px; max-width: 110ch; }
.sw-classroom a { color: var(--jp-content-link-color, #0b61a4); }
</style>
"""


def page() -> widgets.VBox:
    """Return the app: a title, what to do, the explorer, and where to read on."""
    networks = given_networks() or known_networks()
    model = next(iter(networks.values()))
    return widgets.VBox(
        [_text(STYLE + INTRODUCTION), Explorer(model, presets=networks), _text(_footer())]
    )


def given_networks() -> dict[str, Model]:
    """Return the networks of ``scyfi-widgets app --network``, by the names of their files."""
    files = [Path(name) for name in json.loads(os.environ.get(VARIABLE, "[]"))]
    return {name: load_model(file) for name, file in zip(names_of(files), files, strict=True)}


def known_networks() -> dict[str, Model]:
    """Return networks to begin with, by what they show."""
    return {
        "a 16-cycle": systems.sixteen_cycle(),
        "a two-cycle": systems.two_cycle(),
        "the Lozi map (chaos)": systems.lozi_map(),
        "the skew tent map": systems.skew_tent_map(),
        "trained on Lorenz (M = 14)": systems.lorenz_network(),
    }


def _text(html: str) -> widgets.HTML:
    made = widgets.HTML(html)
    made.add_class("sw-classroom")
    return made


def _footer() -> str:
    about = metadata.metadata("scyfi-widgets")
    name = f"scyfi_widgets {about['Version']}"
    urls = dict(line.split(", ", 1) for line in about.get_all("Project-URL") or ())
    link = urls.get("Documentation") or urls.get("Homepage")
    read_on = (
        f'<a href="{link}" target="_blank">documentation</a>'
        if link
        else ("documentation: the folders <i>docs</i> and <i>notebooks</i> of the project")
    )
    themes = '<a href="?theme=light">light</a> / <a href="?theme=dark">dark</a>'
    return (
        f"<p>{name}, after Eisenmann, Monfared, Göring and Durstewitz (NeurIPS 2023). Your own: "
        f"<code>pip install scyfi-widgets</code>; {read_on}. Page: {themes} (starts anew).</p>"
    )
