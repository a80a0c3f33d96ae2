"""Figures for print, as files: what they hold, how large they are, and what is refused."""

from __future__ import annotations

import builtins
import re
from io import BytesIO
from pathlib import Path

import ipywidgets
import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

import scyfi_widgets as sw
from scyfi_widgets.export.print import figure as figure_module
from scyfi_widgets.export.print import panes as panes_module
from scyfi_widgets.export.print.figure import draw_panes
from scyfi_widgets.export.print.panes import panes_of
from scyfi_widgets.export.print.saving import contents, default_settings
from scyfi_widgets.palette import order_colour

QUICK = {"proof_limit": 0.0, "orbit_steps": 200}


@pytest.fixture
def space() -> sw.StateSpace:
    return sw.StateSpace(sw.systems.sixteen_cycle(), max_order=16, **QUICK)


@pytest.fixture
def replay(run) -> sw.TrainingReplay:
    return sw.TrainingReplay(run, max_order=2, bifurcations=False, epoch=20)


def page_size(path: Path) -> tuple[float, float]:
    """Return width and height of a PDF's page in millimetres."""
    box = re.search(rb"/MediaBox \[\s*0 0 ([\d.]+) ([\d.]+)", path.read_bytes())
    return tuple(float(points) * 25.4 / 72.0 for points in box.groups())


# Every kind of figure ---------------------------------------------------------------------------


def names_of(widget) -> list[str]:
    return [pane.name for pane in panes_of(widget)]


def test_the_panes_of_an_explorer(tmp_path):
    explorer = sw.Explorer(sw.systems.sixteen_cycle(), max_order=4, **QUICK)
    assert names_of(explorer) == ["state space", "bifurcation diagram"]
    explorer.plane.opened = True
    assert names_of(explorer) == ["state space", "bifurcation plane", "bifurcation diagram"]
    made = sw.export_figure(explorer, tmp_path / "figure.pdf", width="page")
    assert page_size(made.path) == pytest.approx((180.0, made.height), abs=0.01)
    assert made.size == made.path.stat().st_size
    assert repr(made).endswith(f"180 x {made.height:.4g} mm, {made.size / 1e3:.0f} kB>")
    explorer.plane.opened = False
    assert "bifurcation plane" not in names_of(explorer)


def test_the_panes_of_a_replay(replay, tmp_path):
    everything = ["state space", "eigenvalues", "path", "loss", "cycles"]
    assert names_of(replay) == everything
    for panes in (None, "loss", ("eigenvalues", "state space")):
        made = sw.export_figure(replay, tmp_path / "replay.svg", width=150, panes=panes)
        assert made.width == pytest.approx(150.0)
    text = made.path.read_text()
    assert "<text" not in text  # outlines: it looks the same without the font
    width = float(re.search(r'<svg [^>]*?width="([\d.]+)pt"', text)[1])
    assert width == pytest.approx(150.0 * 72.0 / 25.4, abs=0.01)
    words = re.findall("<!-- (.*?) -->", text)
    assert words.count("a") == words.count("b") == 1  # the letters
    assert {"Re λ", "Im λ", "z[0]", "attracting", "others"} <= set(words)
    assert "loss" not in words


def test_a_comparison_names_its_runs(run, tmp_path):
    pair = sw.compare(run, run, labels=("one run", "another"), bifurcations=False, max_order=1)
    panes = panes_of(pair)
    assert [(p.name, p.title) for p in panes[:2]] == [("loss", "one run"), ("loss", "another")]
    assert len(panes) == 8
    made = sw.export_figure(pair, tmp_path / "pair.pdf", width="page", panes="loss")
    assert made.height < 90.0  # beside one another


@pytest.mark.parametrize("ending", ["pdf", "svg", "png"])
def test_single_panes(ending, tmp_path):
    model = sw.systems.sixteen_cycle()
    for pane in (
        sw.BifurcationDiagram(model, "A[0]", (0.82, 0.86), 2, **QUICK),
        sw.BifurcationPlane(model, ("A[0]", (0.5, 1.2)), ("A[1]", (0.5, 1.2)), 1, **QUICK),
    ):
        made = sw.export_figure(pane, tmp_path / f"pane.{ending}", dpi=100)
        assert made.width == pytest.approx(85.0)
        assert made.size > 5000


def test_a_box_of_panes(space, tmp_path):
    beside = sw.StateSpace(space.live, axes=(1, 0))
    box = ipywidgets.VBox([space, ipywidgets.HTML("words"), ipywidgets.HBox([beside])])
    assert names_of(box) == ["state space", "state space"]
    assert sw.export_figure(box, tmp_path / "box.png", width="page", dpi=100).height < 100.0


def test_data_that_draw_themselves(tmp_path):
    model = sw.systems.sixteen_cycle()
    diagram = sw.bifurcation_diagram(model, "A[0]", (0.82, 0.86), max_order=2)
    plane = sw.bifurcation_plane(model, ("A[0]", (0.5, 1.2)), ("A[1]", (0.5, 1.2)), max_order=1)
    orbits = sw.orbit_diagram(model, "A[0]", (0.82, 0.86), values=20)
    for subject in (diagram, plane, orbits):
        made = sw.export_figure(subject, tmp_path / "data.pdf", width=100)
        assert page_size(made.path)[0] == pytest.approx(100.0, abs=0.01)
        assert b"/Type3" not in made.path.read_bytes()
    with_legend = sw.export_figure(diagram, tmp_path / "data.pdf")
    without = sw.export_figure(diagram, tmp_path / "data.pdf", legend=False)
    assert with_legend.height > without.height
    assert sw.export_figure(diagram, tmp_path / "data.pdf", height=50).height == pytest.approx(50.0)
    with pytest.raises(ValueError, match="panes belong to widgets"):
        sw.export_figure(diagram, tmp_path / "data.pdf", panes="loss")


# What a file holds ------------------------------------------------------------------------------


def test_fonts_are_embedded_and_none_is_of_type_3(space, tmp_path):
    content = sw.export_figure(space, tmp_path / "figure.pdf").path.read_bytes()
    assert b"/Type3" not in content
    fonts = re.findall(rb"/Subtype /CIDFontType2.*?>>\s*endobj", content, re.DOTALL)
    descriptors = re.findall(rb"/Type /FontDescriptor.*?>>\s*endobj", content, re.DOTALL)
    assert fonts
    assert descriptors
    assert all(b"/FontFile2" in descriptor for descriptor in descriptors)


@pytest.mark.parametrize("ending", ["pdf", "svg", "png"])
def test_the_same_picture_is_the_same_file(space, ending, tmp_path):
    first = sw.export_figure(space, tmp_path / f"first.{ending}", dpi=100)
    sw.export_figure(space, tmp_path / "between.svg", width="page", legend=False)
    second = sw.export_figure(space, tmp_path / f"second.{ending}", dpi=100)
    assert first.path.read_bytes() == second.path.read_bytes()
    assert b"CreationDate" not in first.path.read_bytes()
    assert b"dc:date" not in first.path.read_bytes()


@pytest.mark.parametrize(("width", "mm"), [("column", 85.0), ("page", 180.0), (120, 120.0)])
def test_widths(space, width, mm, tmp_path):
    made = sw.export_figure(space, tmp_path / "figure.pdf", width=width)
    assert page_size(made.path)[0] == pytest.approx(mm, abs=0.01)
    picture = sw.export_figure(space, tmp_path / "figure.png", width=width, dpi=100)
    pixels = imread(picture.path)
    assert pixels.shape[1] == pytest.approx(mm / 25.4 * 100, abs=1)
    assert pixels.shape[0] == pytest.approx(picture.height / 25.4 * 100, abs=1)
    assert (pixels[..., 3] == 1.0).all()  # nothing is transparent


def test_a_height(space, tmp_path):
    made = sw.export_figure(space, tmp_path / "figure.pdf", height=120)
    assert page_size(made.path) == pytest.approx((85.0, 120.0), abs=0.01)


def test_cycles_are_printed_where_they_are(space):
    assert space.live.wait(60, finest=True)
    with default_settings(7.0, "DejaVu Sans", formulas=False):
        figure = draw_panes(panes_of(space), 241.0, None, 7.0, True, True)
        pixels = imread(BytesIO(contents(figure, ".png", 600)))
    ax = next(ax for ax in figure.axes if ax.get_xlim() == space.limits[0])
    assert ax.get_ylim() == space.limits[1]
    height, width = pixels.shape[:2]
    box = ax.get_position()
    for cycle in space.cycles.stable:
        for z in cycle.points:
            part = [
                (value - low) / (high - low)
                for value, (low, high) in zip(z, space.limits, strict=True)
            ]
            column = int(width * (box.x0 + part[0] * box.width))
            row = int(height * (1.0 - box.y0 - part[1] * box.height))
            near = pixels[row - 4 : row + 5, column - 4 : column + 5, :3].reshape(-1, 3)
            hits = np.abs(near - to_rgb(order_colour(cycle.order))).max(axis=1) < 0.02
            assert hits.mean() > 0.3, (cycle, z)  # a saddle may lie over it


def test_letters_and_legends_can_be_left_out(replay, tmp_path):
    def height(**settings) -> float:
        panes = ("loss", "cycles")
        path = tmp_path / "figure.pdf"
        return sw.export_figure(replay, path, panes=panes, **settings).height

    plain = height(legend=False, letters=False)
    assert plain < height(legend=False) < height()


def test_a_font(space, tmp_path):
    path = sw.export_figure(space, tmp_path / "serif.pdf", font="DejaVu Serif").path
    assert b"DejaVuSerif" in path.read_bytes()
    with pytest.raises(ValueError, match="font must be one that Matplotlib finds, got 'Nowhere'"):
        sw.export_figure(space, tmp_path / "figure.pdf", font="Nowhere")


# What it leaves alone ---------------------------------------------------------------------------


def test_settings_of_matplotlib_neither_change_nor_matter(space, tmp_path):
    first = sw.export_figure(space, tmp_path / "first.pdf").path.read_bytes()
    with matplotlib.rc_context({"font.size": 30, "text.usetex": True, "axes.facecolor": "red"}):
        before = dict(matplotlib.rcParams)
        second = sw.export_figure(space, tmp_path / "second.pdf").path.read_bytes()
        assert dict(matplotlib.rcParams) == before
    assert first == second


def test_no_figure_of_pyplot_stays(space, tmp_path):
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    backend = matplotlib.get_backend()
    sw.export_figure(space, tmp_path / "figure.png", dpi=50)
    assert plt.get_fignums() == before
    assert matplotlib.get_backend() == backend


def test_a_file_is_replaced_by_a_whole_one_only(space, tmp_path, monkeypatch):
    path = tmp_path / "figure.pdf"
    path.write_bytes(b"before")

    def fail(*_):
        raise MemoryError("no memory")

    monkeypatch.setattr(figure_module, "contents", fail)
    with pytest.raises(MemoryError):
        sw.export_figure(space, path)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


# What is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"width": "wide"}, ValueError, r"width must be 'column' \(85 mm\), 'page' \(180 mm\) or"),
        ({"width": 5}, ValueError, "width must be at least 20 and at most 2000, got 5"),
        ({"width": None}, TypeError, "width must be a number, got None"),
        ({"height": -1}, ValueError, "height must be above 0, got -1"),
        ({"height": 20}, ValueError, r"height must be at least \d+ mm"),
        ({"dpi": 0}, ValueError, "dpi must be at least 1, got 0"),
        ({"dpi": 72.5}, TypeError, "dpi must be a whole number, got 72.5"),
        ({"text_size": 1}, ValueError, "text_size must be at least 4 and at most 20, got 1"),
        ({"timeout": 0}, ValueError, "timeout must be a positive number of seconds, got 0"),
        ({"panes": "loss"}, ValueError, r"panes must be some of 'state space', each once, got"),
        ({"panes": ()}, ValueError, r"panes must be some of 'state space', each once, got \(\)"),
        ({"panes": ["state space"] * 2}, ValueError, "each once"),
    ],
)
def test_bad_settings(space, settings, error, message, tmp_path):
    with pytest.raises(error, match=message):
        sw.export_figure(space, tmp_path / "figure.pdf", **settings)
    assert not list(tmp_path.iterdir())


def test_bad_paths(space, tmp_path):
    for name in ("figure.jpg", "figure", "figure.pdf.txt"):
        with pytest.raises(ValueError, match=r"path must end with \.pdf, \.svg, \.png, got"):
            sw.export_figure(space, tmp_path / name)
    with pytest.raises(FileNotFoundError, match=r"path names the folder .*missing', which is not"):
        sw.export_figure(space, tmp_path / "missing" / "figure.pdf")


def test_bad_subjects(space, tmp_path):
    path = tmp_path / "figure.pdf"
    for subject in (sw.systems.sixteen_cycle(), 3, ipywidgets.VBox(), sw.CycleTable(space.live)):
        with pytest.raises(TypeError, match="subject must be a figure such as an Explorer"):
            sw.export_figure(subject, path)
    space.close()
    with pytest.raises(ValueError, match="subject was closed: make it anew"):
        sw.export_figure(space, path)


def test_a_picture_that_is_not_the_finest_is_told(space, tmp_path, monkeypatch):
    monkeypatch.setattr(panes_module, "_finest", lambda panel, timeout: False)
    with pytest.warns(UserWarning, match="still getting finer after 5 s: it is printed as it is"):
        sw.export_figure(space, tmp_path / "figure.png", dpi=50, timeout=5)


def test_a_pane_that_shows_an_error_is_not_printed(space, tmp_path):
    assert space.live.wait(60, finest=True)
    space.fail(ValueError("no such thing"))
    with pytest.raises(RuntimeError, match="the state space could not be drawn: ValueError: no su"):
        sw.export_figure(space, tmp_path / "figure.pdf")


def test_without_matplotlib(space, tmp_path, monkeypatch):
    original = builtins.__import__

    def refuse(name, *arguments, **settings):
        if name.partition(".")[0] == "matplotlib":
            raise ModuleNotFoundError(f"No module named {name!r}")
        return original(name, *arguments, **settings)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match=r"pip install 'scyfi-widgets\[plot\]'"):
        sw.export_figure(space, tmp_path / "figure.pdf")
