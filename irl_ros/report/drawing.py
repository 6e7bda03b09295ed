# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a matplotlib figure to SVG that takes its colours from the page around it.

Figures are drawn in the colours of the light page. In the SVG each of them is replaced by a CSS
variable, so the same drawing is readable on a dark page too. The colours are those of Okabe and
Ito (2008), which people with any colour vision can tell apart; line styles and markers differ too.
"""

import functools
import io
import re
from collections.abc import Callable
from typing import Any, ParamSpec

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

P = ParamSpec("P")

INK = "#1b1f24"
MUTED = "#6a737d"
LINE = "#d0d7de"
DEMONSTRATION = "#0072b2"
EXECUTION = "#009e73"
FAILURE = "#d55e00"
TARGET = "#cc79a7"

VARIABLES = {
    INK: "currentColor",
    MUTED: "var(--muted)",
    LINE: "var(--line)",
    DEMONSTRATION: "var(--demonstration)",
    EXECUTION: "var(--execution)",
    FAILURE: "var(--failure)",
    TARGET: "var(--target)",
}

_STYLE: Any = {
    "axes.edgecolor": LINE,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "figure.facecolor": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.linewidth": 1.4,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "irl_ros",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def in_style(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Decorate a function that draws a figure, so that it draws in the style of the report."""

    @functools.wraps(draw)
    def styled(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with mpl.rc_context(_STYLE):
            return draw(*args, **kwargs)

    return styled


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure that belongs to no global state.

    Args:
        width: inches.
        height: inches.
    """
    return Figure(figsize=(width, height), layout="constrained")


def add_axes(figure: Figure, rows: int, columns: int, index: int, **options: Any) -> Axes:
    """Add axes with the grid behind the data, counted from 1 as matplotlib does."""
    axes: Axes = figure.add_subplot(rows, columns, index, **options)
    axes.set_axisbelow(True)
    return axes


def inline_svg(figure: Figure, description: str) -> str:
    """Return the figure as an SVG element to be put into a page.

    Args:
        figure: Drawn in the colours of this module.
        description: What it shows, for people who cannot see it.
    """
    buffer = io.StringIO()
    with mpl.rc_context(_STYLE):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    for colour, variable in VARIABLES.items():
        text = text.replace(colour, variable)
    # Text that matplotlib leaves black, and fonts: the page's own.
    text = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", text)
    text = re.sub(r'<svg ([^>]*?)width="[^"]*" ?', r"<svg \1", text, count=1)
    text = re.sub(r'<svg ([^>]*?)height="[^"]*" ?', r"<svg \1", text, count=1)
    label = description.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return text.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
