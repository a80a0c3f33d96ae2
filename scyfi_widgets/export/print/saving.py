"""Files of figures: checked paths and widths, Matplotlib's settings, and their contents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING

from ... import __version__
from ...training.numbers import in_range

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ENDINGS = ".pdf", ".svg", ".png"
WIDTHS = {"column": 85.0, "page": 180.0}  # mm
NARROWEST, WIDEST = 20.0, 2000.0
CREATOR = f"scyfi_widgets {__version__}"
# No date and no chance: the same picture is the same file.
METADATA = {
    ".pdf": {"Creator": CREATOR, "CreationDate": None},
    ".svg": {"Creator": CREATOR, "Date": None},
    ".png": {"Software": CREATOR},
}
SETTINGS = {
    "pdf.fonttype": 42,  # TrueType, embedded: many journals refuse Type 3
    "svg.fonttype": "path",
    "svg.hashsalt": "scyfi_widgets",
    "lines.scale_dashes": False,
    "path.simplify": False,
    "axes.unicode_minus": True,
}
FALLBACK = "DejaVu Sans"  # comes with Matplotlib, and has every sign that is drawn


def require_matplotlib() -> None:
    """Import Matplotlib.

    Raises
    ------
    ImportError
        If it is not installed; says what to do.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "export_figure needs Matplotlib: pip install 'scyfi-widgets[plot]'"
        ) from error


def checked_width(width: str | float) -> float:
    """Return a width in millimetres.

    Raises
    ------
    TypeError, ValueError
        If it is none.
    """
    if isinstance(width, str):
        if width not in WIDTHS:
            names = ", ".join(f"{name!r} ({mm:g} mm)" for name, mm in WIDTHS.items())
            raise ValueError(f"width must be {names} or a number of millimetres, got {width!r}")
        return WIDTHS[width]
    return in_range("width", width, NARROWEST, WIDEST)


@contextmanager
def default_settings(size: float, font: str, formulas: bool) -> Iterator[None]:
    """Draw with Matplotlib's own settings and these; afterwards all are as they were.

    Parameters
    ----------
    size : float
        Of the text, in points.
    font : str
    formulas : bool
        Whether texts between dollar signs are formulas.

    Raises
    ------
    ValueError
        If there is no such font.
    """
    import matplotlib
    from matplotlib.font_manager import FontProperties, findfont

    try:
        findfont(FontProperties(family=[font]), fallback_to_default=False)
    except ValueError:
        raise ValueError(f"font must be one that Matplotlib finds, got {font!r}") from None
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        families = [font] if font == FALLBACK else [font, FALLBACK]
        own = {"font.family": families, "font.size": size, "text.parse_math": formulas}
        matplotlib.rcParams.update(SETTINGS | own)
        yield


def contents(figure: Figure, ending: str, dpi: int) -> bytes:
    """Return a figure as the bytes of a file."""
    stream = BytesIO()
    figure.savefig(stream, format=ending[1:], dpi=dpi, metadata=METADATA[ending])
    return stream.getvalue()
