"""One-file pages: what is in them is what the library says, and nothing else gets in or out."""

from __future__ import annotations

import re
from html import unescape

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.export import export_html
from scyfi_widgets.export.html import page_script, page_style

MODEL = sw.systems.sixteen_cycle()
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&\"'$title"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "figure.html"


def test_the_cycles_of_every_frame_are_those_of_find_cycles(path, read_page):
    explorer = sw.Explorer(MODEL, max_order=8)
    before = explorer.model
    said = export_html(explorer, path, sliders={"W[0,1]": (-1.0, 1.0, 9)})
    assert explorer.model == before
    page = read_page(path)
    assert (said.path, said.frames, said.size) == (path, 10, path.stat().st_size)
    (slider,) = page.sliders
    assert slider["values"][slider["start"]] == MODEL["W[0,1]"]
    space = next(node for node in page.nodes("figure") if node["title"] == "State space")
    for frame, value in enumerate(slider["values"]):
        cycles = sw.find_cycles(MODEL.replace({"W[0,1]": value}), max_order=8)
        axes = page.axes(space, frame)
        ends = np.array([axes["x"]["limits"], axes["y"]["limits"]])
        wide = ends[:, 1] - ends[:, 0]
        expected = np.concatenate([np.empty((0, 2)), *(cycle.points for cycle in cycles)])
        near = ((expected > ends[:, 0] - wide) & (expected < ends[:, 1] + wide)).all(axis=1)
        drawn = [points for style, points in page.marks(space, frame) if style["kind"] == "signs"][
            :-1
        ]  # the last one is the orbit's start
        drawn = np.concatenate(drawn)
        expected = expected[near]
        assert len(drawn) == len(expected)
        for point in expected:
            assert np.abs((drawn - point) / wide).max(axis=1).min() < 1e-4
        assert "complete to order 8, proved" in page.summary(frame)


def test_the_window_holds_still(path, read_page):
    space = sw.StateSpace(MODEL, max_order=4)
    space.live.wait(30)
    view = space.view
    export_html(space, path, sliders={"h[0]": (0.1, 0.9, 6)})
    page = read_page(path)
    (figure,) = page.nodes("figure")
    windows = {str(page.axes(figure, frame)["x"]["limits"]) for frame in range(7)}
    assert len(windows) == 1
    assert space.view == view


def test_two_sliders_make_a_grid(path, read_page):
    table = sw.CycleTable(MODEL, max_order=2)
    sliders = {"A[0]": [0.5, 1.5], "A[1]": [0.25, 0.75, 1.25]}
    export_html(table, path, sliders)
    page = read_page(path)
    first, second = (slider["values"] for slider in page.sliders)
    assert len(first) == 3  # with the present value
    for frame, (a, b) in enumerate((a, b) for a in first for b in second):
        cycles = sw.find_cycles(MODEL.replace({"A[0]": a, "A[1]": b}), max_order=2)
        rows = page.texts(frame)[1].count("<tr>") - 1
        assert rows == len(cycles)


def test_without_sliders_it_stands_still(path, read_page):
    diagram = sw.BifurcationDiagram(MODEL, "A[0]", (0.5, 1.2), max_order=2)
    assert export_html(diagram, path).frames == 1
    page = read_page(path)
    assert page.sliders == []
    assert "proved" in page.summary(0)


def test_a_replay_keeps_its_clock(path, read_page, run):
    replay = sw.TrainingReplay(run, max_order=2, epoch=5)
    export_html(replay, path)
    page = read_page(path)
    (slider,) = page.sliders
    assert slider["name"] == "epoch"
    assert slider["values"] == list(range(41))
    assert slider["start"] == 5
    assert page.summary(12).startswith(f"Epoch 12, loss {run.loss[12]:.4g}: ")
    assert page.header["clock"]["events"] == replay.transport.events
    assert len(page.nodes("figure")) == 5
    assert replay.epoch == 5


def test_two_exports_are_the_same(tmp_path):
    files = []
    for number in range(2):
        explorer = sw.Explorer(MODEL, max_order=8, parameter="A[0]")
        files.append(tmp_path / f"{number}.html")
        export_html(explorer, files[-1], sliders={"W[0,1]": (-1.0, 1.0, 4)})
        explorer.close()
    assert files[0].read_bytes() == files[1].read_bytes()


def test_texts_cannot_break_out(path):
    space = sw.StateSpace(MODEL, max_order=1)
    export_html(space, path, title=HOSTILE, caption=HOSTILE)
    text = path.read_text("utf-8")
    assert text.count("<script") == 2
    assert text.count("</script>") == 2
    assert "<img" not in text
    assert unescape(re.search(r"<title>(.*?)</title>", text)[1]) == HOSTILE
    assert unescape(re.search(r"<h1>(.*?)</h1>", text)[1]) == HOSTILE


def test_the_page_asks_for_nothing(path):
    export_html(sw.StateSpace(MODEL, max_order=1), path)
    text = path.read_text("utf-8")
    assert "default-src 'none'" in text
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", text)
    assert "@import" not in page_style()
    assert "url(" not in page_style()
    for forbidden in ("fetch(", "XMLHttpRequest", "import(", "http:", "https:"):
        assert forbidden not in page_script().replace("http://www.w3.org/2000/svg", "")
    assert "</script" not in page_script()


def test_of_many_weights_those_that_move_are_shown(path, read_page):
    explorer = sw.Explorer(sw.systems.lorenz_network(), max_order=1)
    export_html(explorer, path, sliders={"W[0,11]": (0.0, 0.1, 2)}, proof_seconds=0.1)
    page = read_page(path)
    (network,) = (node for node in page.nodes("html") if node["class"] == "sw-network")
    assert "W[0,11] = <b>0.1</b>" in page.content(network["slot"], 2)


def test_the_network_is_there_as_text(path):
    export_html(sw.StateSpace(MODEL, max_order=1), path)
    code = unescape(re.search(r"<pre>(.*?)</pre>", path.read_text("utf-8"), re.DOTALL)[1])
    names: dict = {}
    exec(code, names)
    assert names["model"] == MODEL


def test_progress_is_reported(path):
    told = []
    export_html(
        sw.CycleTable(MODEL, max_order=1),
        path,
        sliders={"h[0]": [0.1, 0.2]},
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"path": "figure.pdf"}, ValueError, r"must end with \.html"),
        ({"path": "nowhere/figure.html"}, FileNotFoundError, "nowhere"),
        ({"sliders": {"Q": (0, 1, 3)}}, KeyError, "Q"),
        ({"sliders": {"h[0]": (0, 1, 50), "h[1]": (0, 1, 60)}}, ValueError, "most_frames"),
        ({"sliders": {"h[0]": (0, 1, 3)}, "size_limit": 500}, ValueError, "size_limit=500 bytes"),
        ({"size_limit": 30_000}, ValueError, "size_limit=30 kB"),
        ({"progress": 3}, TypeError, "progress"),
    ],
)
def test_bad_input_writes_nothing(tmp_path, arguments, error, words):
    table = sw.CycleTable(MODEL, max_order=1)
    arguments = {"path": "figure.html", **arguments}
    with pytest.raises(error, match=words):
        export_html(table, tmp_path / arguments.pop("path"), **arguments)
    assert list(tmp_path.iterdir()) == []
    assert table.model == MODEL
    assert not table.live.borrowed


def test_a_failed_export_leaves_the_earlier_file(path):
    path.write_text("earlier")
    with pytest.raises(ValueError, match="size_limit"):
        export_html(sw.CycleTable(MODEL, max_order=1), path, size_limit=1)
    assert path.read_text() == "earlier"


def test_a_larger_grid_may_be_allowed(path):
    table = sw.CycleTable(MODEL, max_order=1)
    said = export_html(table, path, {"h[0]": [0.1, 0.2], "h[1]": [0.1, 0.2]}, most_frames=4)
    assert said.frames == 4
    assert repr(said).endswith("no kernel and no network needed>")
