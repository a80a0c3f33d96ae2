"""One HTML file that keeps a figure alive without a kernel and without a network."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from string import Template

import ipywidgets as widgets

from .. import __version__
from ..training.progress import Report, reporter
from ..whole import write_whole
from ..widgets.pane import Panel
from ..widgets.replay.compare import Comparison
from ..widgets.replay.replay import TrainingReplay
from ..widgets.replay.transport import Transport
from .packing import pack
from .sheet import sheet_of
from .sliders import MOST_FRAMES, Ranges, Slider, checked_number, coarse, frames
from .stage import EpochStage, Stage, panels_in, stage_of
from .summary import summary_of
from .target import checked_target
from .windows import given_back, hold

HERE = Path(__file__).parent / "page"
ENDINGS = ".html", ".htm"
SIZE_LIMIT = 8_000_000  # bytes
PROOF_SECONDS = 2.0
LOOKS = 9  # frames of each slider that the windows are chosen for


@dataclass(frozen=True)
class ExportedPage:
    """What was written.

    Attributes
    ----------
    path : Path
    frames : int
    size : int
        Bytes of the file.
    """

    path: Path
    frames: int
    size: int

    def __repr__(self) -> str:
        number = f"{self.frames:,} frame{'s' if self.frames > 1 else ''}"
        return f"<{self.path}: {number}, {_size_text(self.size)}, no kernel and no network needed>"


def export_html(
    widget: widgets.Widget,
    path: str | os.PathLike,
    sliders: Ranges | None = None,
    *,
    title: str | None = None,
    caption: str = "",
    most_frames: int = MOST_FRAMES,
    size_limit: int = SIZE_LIMIT,
    proof_seconds: float = PROOF_SECONDS,
    progress: bool | Report | None = None,
) -> ExportedPage:
    """Write a figure as one HTML file whose sliders go on moving, without a kernel.

    The file asks for nothing when it is opened: neither a network, nor Python, nor a server. What
    its sliders show was computed here, frame by frame, with the widget's own settings; between two
    values the nearest one is shown. The widget goes through the frames while they are computed, and
    is as it was in the end.

    Parameters
    ----------
    widget : Widget
        An `Explorer`, a `StateSpace`, a `BifurcationDiagram`, a `BifurcationPlane`, a
        `TrainingReplay`, a comparison, another pane, or a box of panes that share one `Live`.
    path : path
        Where to write; it must end in ``.html``. An existing file is replaced, and only by a whole
        one.
    sliders : dict of str to (low, high, number) or to an array, optional
        The weights that can be moved, such as ``{"W[0,1]": (-1, 1, 101)}``; several make a grid.
        The present value is a frame as well. What else a pane calls `movable` can be moved too,
        such as ``{"alpha": (0, 1, 21)}`` of a `ForcedOrbit`. Of a training it is
        ``{"epoch": (0, 2000, 101)}``; by default evenly spaced epochs, and those around loss jumps
        and changes of what attracts. Without sliders a network's figure stands still.
    title, caption : str, optional
        What stands above the figure, as plain text.
    most_frames : int
        More frames than that are an error.
    size_limit : int
        Bytes; a larger file is an error.
    proof_seconds : float
        How long the proof of one frame may go on; where it did not end, the frame says so.
    progress : bool or callable, optional
        True shows a bar; a callable is called with the number of frames done and of all.

    Returns
    -------
    ExportedPage
        With the number of frames and the size of the file.

    Raises
    ------
    TypeError, KeyError, ValueError
        If an argument is not of its kind, there is no such weight, or the file would have too many
        frames or become too large.
    FileNotFoundError
        If the folder does not exist.
    RuntimeError
        If somebody moves the sliders all the time.

    Examples
    --------
    >>> import scyfi_widgets as sw
    >>> explorer = sw.Explorer(sw.systems.sixteen_cycle(), max_order=16)
    >>> sw.export_html(explorer, "figure.html", sliders={"W[0,1]": (-1, 1, 101)})
    """
    target = checked_target(path, ENDINGS)
    stage = stage_of(widget)
    moving = stage.sliders(sliders)
    number = checked_number(moving, most_frames)
    sheet = sheet_of(widget, tuple(slider.name for slider in moving), number)
    summary = sheet.add_text(lambda _: _summary(stage))
    start = _start(moving)
    code = stage.lives[0].model.to_code()
    with (
        given_back(panels_in(widget)),
        stage.borrowed(proof_seconds),
        reporter(progress, "exporting", "frame") as report,
    ):
        hold(panels_in(widget), _looks(stage, moving))
        checks = {max(1, number * part // 10) for part in range(1, 10)}
        for done, values in enumerate(frames(moving), 1):
            stage.go_to(values)
            sheet.take(stage.lives[0].model)
            if done in checks:
                _check_size(len(pack({}, sheet.slots)), size_limit, done, number)
            report(done, number)
    header = {
        "tree": sheet.tree,
        "summary": summary,
        "sliders": [_slider(slider) for slider in moving],
        "clock": _clock(widget),
    }
    texts = {
        "title": title or default_title(widget),
        "caption": caption,
        "beginning": sheet.slots[summary].values[sheet.slots[summary].frames[start]],
        "code": code if not isinstance(stage, EpochStage) else "",
    }
    content = page_html(pack(header, sheet.slots), texts, number).encode("utf-8")
    _check_size(len(content), size_limit, number, number)
    write_whole(target, content)
    return ExportedPage(target, number, len(content))


def page_html(packed: str, texts: dict[str, str], number: int) -> str:
    """Return the page: nothing of it comes from elsewhere, and its policy forbids it.

    Parameters
    ----------
    packed : str
        The frames, see `pack`.
    texts : dict
        ``title``, ``caption``, ``beginning`` and ``code`` as plain text.
    number : int
        Of frames.
    """
    script = page_script()
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    caption, code = texts["caption"], texts["code"]
    size = _size_text(len(packed) + len(script) + len(page_style()))
    frames_text = f"{number:,} frame{'s' if number > 1 else ''}"
    return _template().substitute(
        policy=policy,
        generator=f"scyfi_widgets {__version__}",
        title=escape(texts["title"]),
        caption=f'<p class="caption">{escape(caption)}</p>' if caption else "",
        beginning=escape(texts["beginning"]),
        style=page_style(),
        code=_details(code) if code else "",
        footer=f"Made with scyfi_widgets {__version__}: {frames_text}, {size}, no kernel.",
        frames=packed,
        script=script,
    )


@cache
def page_script() -> str:
    """Return the page's program: the clock of a replay, which is the notebook's, and the rest."""
    clock = re.sub(r"export default \{render\};\s*$", "return {render};", Transport._esm)
    return f"const transport = (() => {{\n{clock}\n}})();\n{_read('page.js')}"


@cache
def page_style() -> str:
    """Return the page's style: that of the panes, that of the clock and that of the page."""
    from ..widgets.style import STYLE

    panes = re.sub(r"</?style>", "", STYLE)
    page = _read("page.css").replace("DARK", _read("dark.css"))
    return "\n".join([page, panes, Transport._css])


def default_title(widget: widgets.Widget) -> str:
    """Return what a page is called: the figure and its network."""
    first: Panel = panels_in(widget)[0]
    model = first.live.model
    states = f"{model.M} state{'s' if model.M > 1 else ''}"
    return f"{first.figure_name.capitalize()}: {type(model).__name__}, {states}"


def _details(code: str) -> str:
    text = escape(f"import scyfi_widgets as sw\n\nmodel = {code}")
    summary = "<summary>The network at the beginning, as Python</summary>"
    return f"<details>{summary}<pre>{text}</pre></details>"


def _looks(stage: Stage, sliders: Sequence[Slider]):
    """Go through some of the frames, for the windows."""
    if isinstance(stage, EpochStage):
        return
    for values in frames([coarse(slider, LOOKS if len(sliders) == 1 else 4) for slider in sliders]):
        stage.go_to(values)
        yield values


def _start(sliders: Sequence[Slider]) -> int:
    place = 0
    for slider in sliders:
        place = place * len(slider.values) + slider.start
    return place


def _summary(stage: Stage) -> str:
    texts = [summary_of(live) for live in stage.lives]
    return texts[0] if len(texts) == 1 else " — ".join(texts)


def _slider(slider: Slider) -> dict:
    return {"name": slider.name, "values": slider.values.tolist(), "start": slider.start}


def _clock(widget: widgets.Widget) -> dict:
    """Return the marks on the clock's track."""
    for panel in panels_in(widget):
        if isinstance(panel, (TrainingReplay, Comparison)):
            clock = panel.transport
            return {"jumps": clock.jumps, "events": clock.events, "speed": clock.speed}
    return {}


def _check_size(size: int, limit: int, done: int, number: int) -> None:
    if size > limit:
        raise ValueError(
            f"the page would be larger than size_limit={_size_text(limit)}: {_size_text(size)} "
            f"after {done:,} of {number:,} frames. Give fewer values, fewer panes or a larger limit"
        )


def _size_text(size: int) -> str:
    if size >= 1e6:
        return f"{size / 1e6:.1f} MB"
    return f"{size / 1e3:.0f} kB" if size >= 1e3 else f"{size} bytes"


@cache
def _template() -> Template:
    return Template(_read("page.html"))


def _read(name: str) -> str:
    return (HERE / name).read_text("utf-8")
