"""Make the gallery's pictures, and the live figures, from the code in the gallery itself.

Usage: ``python docs/figures.py [NAME ...] [--pictures] [--live]``: by default both, of all.

A picture that follows a block of code in ``gallery.md`` is made from the value of the block's last
line. The pictures belong to the repository, the live figures go to ``docs/live``, which git
ignores.
"""

from __future__ import annotations

import argparse
import ast
import re
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib.axes import Axes
from PIL import Image

import scyfi_widgets as sw

HERE = Path(__file__).parent
MOST_BYTES = 300_000
COLOURS = 128
PROOF_SECONDS = 10.0  # for a frame, at most
SLIDERS = {
    "sixteen_cycle": {"W[0,1]": (-0.70, -0.56, 57)},
    "lozi_map": {"A[1,0]": (0.1, 0.6, 26)},
    "parameter_plane": {"W[0,0]": (-4.0, -1.0, 13)},
    "birth_of_the_16_cycle": {"A[1]": (0.955, 0.975, 21)},
    "tent_map": {"A[0]": (-1.0, 1.5, 51), "W[0,0]": (-3.0, 0.0, 31)},
    "lorenz_network": {"A[0]": (0.9, 1.02, 25)},
}
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
_PICTURE = re.compile(r"\s*!\[(.*)\]\(images/gallery/(\w+)\.png\)")


def figures(page: str) -> list[tuple[str, str | None, str]]:
    """Return the code of each block, the name of the picture that follows, and its description."""
    found = []
    for block in _BLOCK.finditer(page):
        picture = _PICTURE.match(page, block.end())
        found.append((block[1], picture and picture[2], picture[1] if picture else ""))
    return found


def run_block(code: str, names: dict) -> object:
    """Run code, and return the value of its last line if that is an expression."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "gallery.md", "exec"), names)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), "gallery.md", "eval"), names)


def save_picture(figure: object, path: Path) -> None:
    """Write a picture of a widget or of Matplotlib's axes, with few colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(figure, Axes):
        figure.figure.set_size_inches(5.0, 4.2)
        figure.figure.savefig(path, dpi=200, bbox_inches="tight")
    else:
        sw.export_figure(figure, path, width="column")
    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"{path} has {path.stat().st_size:,} bytes, more than {MOST_BYTES:,}")
    print(f"{path.relative_to(HERE.parent)}: {path.stat().st_size / 1000:.0f} kB", flush=True)


def main() -> None:
    """Run the gallery from top to bottom and save what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--pictures", action="store_true")
    parser.add_argument("--live", action="store_true")
    options = parser.parse_args()
    both = not (options.pictures or options.live)
    gallery = figures((HERE / "gallery.md").read_text("utf-8"))
    known = {name for _, name, _ in gallery if name}
    if unknown := {*options.names, *SLIDERS} - known:
        parser.error(f"the gallery has no {', '.join(sorted(unknown))}, but {', '.join(known)}")
    names: dict[str, object] = {}
    for code, name, description in gallery:
        figure = run_block(code, names)
        if name is None or (options.names and name not in options.names):
            continue
        if both or options.pictures:
            save_picture(figure, HERE / "images" / "gallery" / f"{name}.png")
        if (both or options.live) and name in SLIDERS:
            (HERE / "live").mkdir(exist_ok=True)
            path = HERE / "live" / f"{name}.html"
            page = sw.export_html(
                figure, path, sliders=SLIDERS[name], title=description, proof_seconds=PROOF_SECONDS
            )
            print(page, flush=True)


if __name__ == "__main__":
    main()
