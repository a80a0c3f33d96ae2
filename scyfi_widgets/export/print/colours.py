"""CSS colours as they are on white paper."""

from __future__ import annotations

import re

_VARIABLE = re.compile(r"var\(\s*--[\w-]+\s*,\s*(.+)\)", re.DOTALL)
_CHANNELS = re.compile(r"rgba?\(([^)]*)\)")


def paper_colour(css: str) -> str | tuple[float, ...]:
    """Return a CSS colour as Matplotlib takes it; a theme's variable as what it is without one.

    Raises
    ------
    ValueError
        If a variable has no fallback.
    """
    css = css.strip()
    variable = _VARIABLE.fullmatch(css)
    if variable:
        return paper_colour(variable[1])
    if css.startswith("var("):
        raise ValueError(f"a colour must have a fallback, as var(--name, #222) has, got {css!r}")
    channels = _CHANNELS.fullmatch(css)
    if not channels:
        return css
    red, green, blue, *opacity = (float(part) for part in re.split(r"[\s,/]+", channels[1].strip()))
    return (red / 255.0, green / 255.0, blue / 255.0, *opacity)
