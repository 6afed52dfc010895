"""Pictures of a report, drawn from its records: SVG, embedded, legible on light and on dark."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from ..campaigns.coverage import SMALLEST_ERROR, together
from ..record import Curve, Diagram, Heat, PropertyRecord, TrainingRecord
from ..tolerance import ROUNDINGS

BLUE, ORANGE, GRAY = "#3b82c4", "#d9772b", "#7d8590"

#: On cells, which are light on every page.
INK = "#1f2328"
CELL = "#eef3f8"

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


def error_picture(properties: Sequence[PropertyRecord]) -> str:
    """How many cases had which largest error, in ulps of the terms, by dtype."""
    seen = together(record.seen for record in properties)
    by_dtype = {
        trait.removeprefix("error "): counts
        for trait, counts in sorted(seen.items())
        if trait.startswith("error ")
    }
    powers, unit = range(SMALLEST_ERROR, 1), ROUNDINGS.bit_length() - 1
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(5.2, 2.2), layout="constrained")
        axes = figure.subplots()
        for k, (dtype, counts) in enumerate(by_dtype.items()):
            heights = [counts.get("exact", 0), *(counts.get(str(p), 0) for p in powers)]
            places = np.array([SMALLEST_ERROR - 2, *powers]) + 0.4 * k - 0.2
            axes.bar(places, heights, 0.4, color=(BLUE, ORANGE, GRAY)[k % 3], label=dtype)
        ticks = range(SMALLEST_ERROR, 1, 5)
        axes.set_xticks(
            [SMALLEST_ERROR - 2, *ticks], ["0", *(f"$2^{{{p + unit}}}$" for p in ticks)]
        )
        axes.set(xlabel="largest error of a case, in ulps of its terms, up to", ylabel="cases")
        axes.legend(fontsize=7)
        return _uri(figure)


def layers_picture(properties: Sequence[PropertyRecord]) -> str:
    """How many networks had which depth and which widest layer."""
    counts = together(record.seen for record in properties)["layers"]
    sizes = {tuple(map(int, size.split(" x "))): n for size, n in counts.items()}
    depths, widths = (range(1, max(side) + 1) for side in zip(*sizes, strict=True))
    matrix = [[sizes.get((depth, width), 0) for width in widths] for depth in depths]
    return _counts(matrix, list(map(str, depths)), list(map(str, widths)), "depth", "widest layer")


def pairs_picture(properties: Sequence[PropertyRecord]) -> str:
    """How often which activation came after which, in the networks."""
    counts = together(record.seen for record in properties)["pair"]
    names = sorted({name for pair in counts for name in pair.split(" ")})
    matrix = [[counts.get(f"{f} {g}", 0) for g in names] for f in names]
    return _counts(matrix, names, names, "layer", "next layer")


def samples_picture(run: TrainingRecord) -> str:
    """Held-out images, each with what it shows; a wrong prediction stands beside it."""
    columns = 8
    rows = -(-len(run.samples) // columns)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(5.2, 0.85 * rows), layout="constrained")
        for axes, sample in zip(
            figure.subplots(rows, columns, squeeze=False).flat, run.samples, strict=False
        ):
            axes.imshow(sample.pixels, cmap="Greys", vmin=0, vmax=1)
            right = sample.label == sample.predicted
            title = sample.label if right else f"{sample.label}, not {sample.predicted}"
            axes.set_title(title, fontsize=7, color=GRAY if right else ORANGE, parse_math=False)
        for axes in figure.axes:
            axes.set_axis_off()
        return _uri(figure)


def diagram_picture(diagram: Diagram) -> str:
    """From left to right: values in the nodes, below each the derivative of the divergence."""
    columns: dict[str, list[str]] = {}
    for name in diagram.values:
        columns.setdefault(name.partition("[")[0].rstrip("123456789") + _layer(name), []).append(
            name
        )
    places = {
        name: (x, (len(names) - 1) / 2 - k)
        for x, names in enumerate(columns.values())
        for k, name in enumerate(names)
    }
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 2.6), layout="constrained")
        axes = figure.subplots()
        for edge in diagram.edges:
            (x0, y0), (x1, y1) = places[edge.tail], places[edge.head]
            color = BLUE if edge.slope >= 0 else ORANGE
            width = 0.5 + 2 * min(abs(edge.slope), 2)
            axes.plot([x0, x1], [y0, y1], color=color, linewidth=width, alpha=0.6, zorder=1)
            label = f"{edge.slope:.2g}"
            axes.text(x0 + 0.3 * (x1 - x0), y0 + 0.3 * (y1 - y0), label, fontsize=6, zorder=3)
        for name, (x, y) in places.items():
            axes.scatter([x], [y], s=750, color=CELL, edgecolors=GRAY, zorder=2)
            text = f"{name}\n{diagram.values[name]:.2g}"
            axes.text(x, y, text, ha="center", va="center", fontsize=6, color=INK, zorder=4)
            slope = f"{diagram.slopes[name]:.2g}"
            axes.text(x, y - 0.42, slope, ha="center", va="center", fontsize=7, color=ORANGE)
        axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(-1.1, 1.0))
        axes.set_axis_off()
        return _uri(figure)


def _layer(name: str) -> str:
    """The number of a node's layer, from names like z2[1]; inputs and Div have none."""
    return name.partition("[")[0][1:] if "[" in name else ""


def _counts(
    matrix: list[list[int]], rows: list[str], columns: list[str], below: str, across: str
) -> str:
    """Counts as a heat map, each in its cell where there is room."""
    counts = np.array(matrix)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(5.2, 0.9 + 0.24 * len(rows)), layout="constrained")
        axes = figure.subplots()
        axes.imshow(counts, cmap="Blues", vmin=0, vmax=1.7 * counts.max(), aspect="auto")
        axes.set_xticks(range(len(columns)), columns, rotation=90 if len(columns) > 9 else 0)
        axes.set_yticks(range(len(rows)), rows)
        axes.tick_params(labelsize=6)
        axes.set(xlabel=across, ylabel=below)
        for (i, j), count in np.ndenumerate(counts):
            axes.text(j, i, f"{count}", ha="center", va="center", fontsize=5, color=INK)
        return _uri(figure)


def _uri(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    data = base64.b64encode(text.getvalue().encode()).decode()
    return f"data:image/svg+xml;base64,{data}"
