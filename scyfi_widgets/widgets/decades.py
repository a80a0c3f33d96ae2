"""Powers of ten at the ticks of an axis that shows a logarithm."""

from __future__ import annotations

import bqplot
import numpy as np

from .ticks import round_ticks

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
MOST_TICKS = 6


def label_ticks(axis: bqplot.Axis, limits: tuple[float, float], log: bool) -> None:
    """Write powers of ten at the ticks of a decimal logarithm, or what bqplot writes.

    Parameters
    ----------
    axis : bqplot.Axis
    limits : (low, high)
        The ends of its scale.
    log : bool
        Whether its scale is one of decimal logarithms.
    """
    ticks = round_ticks(*limits, most=MOST_TICKS)
    if log:
        whole = np.unique(np.round(ticks) + 0.0)  # no -0
        whole = whole[(whole >= limits[0]) & (whole <= limits[1])]
        ticks = whole if len(whole) > 1 else ticks
    labels = {}
    if log:
        labels = DECADES | {f"{tick:g}": power_text(tick) for tick in ticks}  # as JavaScript does
    # bqplot labels new ticks with the texts that it has by then: these must come before.
    if axis.tick_labels != labels:
        axis.tick_labels = labels
    if not np.array_equal(axis.tick_values, ticks):
        axis.tick_values = ticks


def power_text(exponent: float) -> str:
    """Return a power of ten as text: ``10⁻³``, or the number where the exponent is not whole."""
    if float(exponent).is_integer():
        return "10" + str(int(exponent)).translate(SUPERSCRIPTS)
    return f"{10.0**exponent:.3g}"


DECADES = {f"{exponent}": power_text(exponent) for exponent in range(-30, 31)}
