"""The replay of a training under the mouse and the keys: one clock, and panes that follow it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from harness import (
    Notebook,
    click_at,
    drawn_lines,
    drawn_points,
    front_end_state,
    place_in_page,
)
from harness.figures import drawn_points_of_all
from harness.notebook import DARK, LIGHT

from scyfi_widgets.widgets.replay.path_text import value_text

Opener = Callable[..., Notebook]

# A alone is trained until the 16-cycle is learned: quick to make, with a jump and bifurcations.
RUN = """
import numpy as np
import scyfi_widgets as sw
target = sw.systems.sixteen_cycle()
run = sw.train(
    target.replace({"A": target["A"] + np.array([0.3, -0.3])}), sw.systems.toy_series(50),
    epochs=300, trainable="A", clip=1.0, optimizer=sw.Adam(0.01), progress=False,
)
jumps = sw.find_loss_jumps(run.loss)
found = sw.bifurcations_along(run, 4)
replay = sw.TrainingReplay(run, bifurcations=found, max_order=4)
panes = replay.panes
"""
LOSS = "panes['loss']._marks"
PATH = "panes['path']._marks"
SPACE = "panes['state space']"
STABILITIES = ("stable", "saddle", "unstable", "neutral")


def open_replay(open_notebook: Opener, **options) -> Notebook:
    """Open a notebook that shows the replay, and wait until all panes are drawn."""
    notebook = open_notebook(RUN, "replay", **{"width": 900, "height": 2000, **options})
    notebook.wait_for("replay.live.wait(0.5, finest=True)", 120)
    see_epoch(notebook, 0)
    return notebook


def see_epoch(notebook: Notebook, epoch: int) -> None:
    """Wait until the clock, the kernel and the marks of all panes in the page are at an epoch."""
    notebook.wait_for(f"replay.epoch == {epoch} and replay.wait(0.2)", 20)
    readout = notebook.locator(".sw-epoch").first
    notebook.wait_for(lambda: readout.inner_text().startswith(f"epoch {epoch} of "))
    x, y = notebook.evaluate(f"run.parameters['A'][{epoch}]")
    wanted = dict(zip(("A[0]", "A[1]"), (x, y), strict=True))
    names = notebook.evaluate("panes['path'].weights")
    place = np.array([wanted[name] for name in names])
    size = np.ptp(np.array(notebook.evaluate("panes['path'].bounds")), axis=1)

    def drawn() -> bool:
        at = {
            name: drawn_lines(notebook, f"{mark}._now")
            for name, mark in (("loss", LOSS), ("cycles", "panes['cycles']._marks"))
        }
        lines = [curves and curves[0] and curves[0][0][0][0] for curves in at.values()]
        dot = drawn_points(notebook, f"{PATH}._dot")
        return (
            all(line is not None and abs(line - epoch) < 0.5 for line in lines)
            and bool(dot)
            and bool((np.abs(np.array(dot[0]) - place) / size < 0.005).all())
        )

    notebook.wait_for(drawn, 20)


def focus(notebook: Notebook) -> None:
    """Give the keys to the clock."""
    notebook.locator(".sw-transport").first.focus()


def test_play_moves_all_panes(open_notebook: Opener) -> None:
    notebook = open_replay(open_notebook)
    focus(notebook)
    notebook.execute("replay.transport.speed = 60.0")
    notebook.page.keyboard.press("Space")
    notebook.wait_for("replay.transport.playing")
    notebook.wait_for("replay.epoch > 20", 30)
    notebook.page.keyboard.press("Space")
    notebook.wait_for("not replay.transport.playing")
    epoch = notebook.evaluate("replay.transport.epoch")
    assert 20 < epoch < 300
    see_epoch(notebook, epoch)
    notebook.page.wait_for_timeout(300)
    assert notebook.evaluate("replay.epoch") == epoch  # paused is paused

    # At the end it stops by itself.
    notebook.execute("replay.epoch = 290")
    see_epoch(notebook, 290)
    focus(notebook)
    notebook.page.keyboard.press("Space")
    notebook.wait_for("replay.epoch == 300 and not replay.transport.playing", 30)
    see_epoch(notebook, 300)
    assert notebook.errors == []


def test_jumps_and_bifurcations_are_one_key_away(open_notebook: Opener) -> None:
    notebook = open_replay(open_notebook)
    jumps = notebook.evaluate("[jump.start for jump in jumps]")
    assert jumps, "the run has no jump"
    focus(notebook)
    notebook.page.keyboard.press("j")
    see_epoch(notebook, jumps[0])
    notebook.page.keyboard.press("Home")
    see_epoch(notebook, 0)
    notebook.locator(".sw-transport button:has-text('jump ⇥')").first.click()
    see_epoch(notebook, jumps[0])

    events = notebook.evaluate("[event.epoch for event in found.qualitative]")
    assert events, "the run has no bifurcation"
    focus(notebook)
    notebook.page.keyboard.press("Home")
    see_epoch(notebook, 0)
    for event in sorted({int(np.ceil(epoch)) for epoch in events}):
        notebook.page.keyboard.press("b")
        see_epoch(notebook, event)
    notebook.page.keyboard.press("Shift+ArrowLeft")
    see_epoch(notebook, event - 10)
    assert notebook.errors == []


def test_the_cycles_drawn_are_those_of_the_epoch(open_notebook: Opener) -> None:
    notebook = open_replay(open_notebook)
    for epoch in (40, 170, 260):
        notebook.execute(f"replay.epoch = {epoch}")
        see_epoch(notebook, epoch)
        # Found anew in the kernel, without the replay.
        cycles = notebook.evaluate(
            "[[c.stability, c.points] for c in sw.find_cycles(run.model(replay.epoch), 4)]"
        )
        assert cycles
        (x0, x1), (y0, y1) = notebook.evaluate(f"{SPACE}.limits")
        low, size = np.array([x0, y0]), np.array([x1 - x0, y1 - y0])
        marks = [f"{SPACE}._cycle_marks[{name!r}]" for name in STABILITIES]

        def is_drawn(cycles=cycles, low=low, size=size, marks=marks) -> bool:
            drawn = drawn_points_of_all(notebook, marks)
            for name, points in zip(STABILITIES, drawn, strict=True):
                wanted = [p for kind, points in cycles if kind == name for p in points]
                wanted = (np.array(wanted).reshape(-1, 2) - low) / size
                wanted = wanted[((wanted >= 0.0) & (wanted <= 1.0)).all(axis=1)]
                got = (np.array(points).reshape(-1, 2) - low) / size
                got = got[((got >= -1e-3) & (got <= 1.0 + 1e-3)).all(axis=1)]
                if len(got) != len(wanted):
                    return False
                if len(got):
                    away = np.abs(got[:, None] - wanted[None]).max(axis=2)
                    if away.min(axis=1).max() > 0.004 or away.min(axis=0).max() > 0.004:
                        return False
            return True

        notebook.wait_for(is_drawn, 20)
    assert notebook.errors == []


def test_clicks_go_to_epochs_and_tooltips_tell(open_notebook: Opener) -> None:
    notebook = open_replay(open_notebook)
    low, high = notebook.evaluate("panes['loss'].picture.limits")
    click_at(notebook, f"{LOSS}._clicks", 120.0, 0.4 * low + 0.6 * high)
    notebook.wait_for("abs(replay.epoch - 120) <= 1")
    see_epoch(notebook, notebook.evaluate("replay.epoch"))

    x, y = notebook.evaluate("panes['path'].picture.at(60)")
    click_at(notebook, f"{PATH}._clicks", x, y)
    notebook.wait_for("abs(replay.epoch - 60) <= 2")
    see_epoch(notebook, notebook.evaluate("replay.epoch"))

    jump = notebook.evaluate("panes['loss'].picture.jumps[0][:, 0]")
    mouse = notebook.page.mouse
    mouse.move(*place_in_page(notebook, f"{LOSS}._clicks", 20.0, 0.5 * (low + high)))
    mouse.move(*place_in_page(notebook, f"{LOSS}._jumps[jumps[0].direction]", *jump))
    tooltip = notebook.locator(".bqplot_tooltip_div").filter(has_text="loss jump")
    tooltip.first.wait_for()
    start, stop = notebook.evaluate("[jumps[0].start, jumps[0].stop]")
    assert f"epochs {start} to {stop}" in tooltip.first.inner_text()

    name, point, epoch = notebook.evaluate(
        "next([name, points[:, 0], events[0].epoch]"
        " for name, (points, events) in panes['loss'].picture.signs.items() if events)"
    )
    mouse.move(*place_in_page(notebook, f"{LOSS}._clicks", 20.0, 0.5 * (low + high)))
    mouse.move(*place_in_page(notebook, f"{LOSS}._signs[{name!r}]", *point))
    tooltip = notebook.locator(".bqplot_tooltip_div").filter(has_text=f"epoch {epoch:.8g}")
    tooltip.first.wait_for()
    assert notebook.errors == []


@pytest.mark.parametrize(("theme", "name"), [(LIGHT, "light"), (DARK, "dark")])
def test_looks_in_both_themes(open_notebook: Opener, theme: str, name: str) -> None:
    notebook = open_replay(open_notebook, theme=theme)
    focus(notebook)
    notebook.page.keyboard.press("b")
    notebook.wait_for("replay.epoch > 0 and replay.live.wait(0.5, finest=True)", 60)
    see_epoch(notebook, notebook.evaluate("replay.epoch"))
    output = notebook.output(1)
    assert output.evaluate("e => e.scrollWidth <= e.clientWidth")
    widths = notebook.evaluate("[pane.layout.flex for pane in panes.values()]")
    assert widths.count("1 1 340px") == 3

    # The surface lies under the path, and its scale tells the values in the picture.
    image = notebook.locator(".sw-path image").first
    image.wait_for()
    scale = notebook.locator(".sw-path-pane .sw-legend:has-text('loss, free running')").first
    low, high = notebook.evaluate(
        "[panes['path'].ground.surface.low, panes['path'].ground.surface.high]"
    )
    text = scale.inner_text()
    assert value_text(low) in text
    assert value_text(high) in text
    curves = notebook.evaluate("sum(len(l[1]) for l in panes['path'].ground.curves.lines.values())")
    drawn = [
        drawn_lines(notebook, f"{PATH}._lines[{kind!r}]")
        for kind in notebook.evaluate("list(panes['path']._marks._lines)")
    ]
    assert sum(sum(bool(curve) for curve in lines or ()) for lines in drawn) == curves > 0
    state = front_end_state(notebook, f"{PATH}._past", "x")
    assert len(state["x"]) == notebook.evaluate("len(panes['path'].picture.past(replay.epoch)[0])")
    picture = notebook.screenshot(f"replay-{name}", output)
    assert picture.stat().st_size > 30_000
    assert notebook.errors == []
