"""Pictures of a report, drawn from its records: SVG, embedded, legible on light and on dark."""

from __future__ import annotations

import base64
import io
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from ..record import Curve, Heat

BLUE, ORANGE, GRAY = "#3b82c4", "#d9772b", "#7d8590"

#: On cells, which are light on every page.
INK = "#1f2328"

STYLE: Any = {
    "font.size": 9,
    "font.family": "sans-serif",
    "text.color": GRAY,
    "axes.edgecolor": GRAY,
    "axes.labelcolor": GRAY,
    "axes.titlecolor": GRAY,
    "xtick.color": GRAY,
    "ytick.color": GRAY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "backprop",
}


def curve_picture(curve: Curve) -> str:
    """y on the left, its slope by hand and by autodiff on the right; kinks are dotted lines."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(5.2, 2.0), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.plot(curve.z, curve.y, color=BLUE)
        left.set(title="y = f(z)")
        right.plot(curve.z, curve.autodiff, color=ORANGE, linewidth=4, alpha=0.5, label="autodiff")
        right.plot(curve.z, curve.by_hand, color=BLUE, linewidth=1.2, label="by hand")
        right.set(title="f'(z)")
        right.legend(fontsize=7)
        for axes in (left, right):
            for kink in curve.kinks:
                axes.axvline(kink, color=GRAY, linestyle=":", linewidth=1)
        return _uri(figure)


def heat_picture(heat: Heat) -> str:
    """The Jacobian by hand, by autodiff, and the difference, each number in its cell."""
    by_hand, autodiff = np.array(heat.by_hand), np.array(heat.autodiff)
    shown = (
        ("by hand", by_hand),
        ("autodiff", autodiff),
        ("difference", by_hand - autodiff),
    )
    largest = max(float(np.abs(autodiff).max()), 1e-300)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(5.2, 0.9 + 0.3 * len(by_hand)), layout="constrained")
        for axes, (title, matrix) in zip(figure.subplots(1, 3), shown, strict=True):
            axes.imshow(matrix, cmap="RdBu_r", vmin=-1.7 * largest, vmax=1.7 * largest)
            axes.set(title=title, xticks=[], yticks=[])
            for (i, j), number in np.ndenumerate(matrix):
                axes.text(j, i, f"{number:.2g}", ha="center", va="center", fontsize=6, color=INK)
        return _uri(figure)


def _uri(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    data = base64.b64encode(text.getvalue().encode()).decode()
    return f"data:image/svg+xml;base64,{data}"
