"""A training run as a picture: the loss per epoch, and held-out digits with their predictions."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from .digits import SIDE
from .run import TrainingRun

#: By the file's suffix; the metadata that would make two files of the same run differ.
FORMATS: dict[str, dict[str, Any]] = {
    ".png": {},
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}

COLUMNS, ROWS = 8, 5
BLUE, ORANGE, RED, GRAY = "#2b6cb0", "#c05621", "#b3261e", "#5f6368"

STYLE: Any = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GRAY,
    "axes.labelcolor": GRAY,
    "xtick.color": GRAY,
    "ytick.color": GRAY,
    "svg.hashsalt": "backprop",
}


def draw(run: TrainingRun) -> Figure:
    """The loss on the left, images on the right: wrong ones (said ≠ is) first, then right ones."""
    figure = Figure(figsize=(12, 5.4), layout="constrained", facecolor="white")
    columns = figure.add_gridspec(1, 2, width_ratios=(1, 1.25), wspace=0.04)
    _draw_loss(figure.add_subfigure(columns[0]).subplots(), run)
    _draw_images(figure.add_subfigure(columns[1]), run)
    return figure


def write_plot(run: TrainingRun, path: Path) -> None:
    """Draw the run into a file in one of FORMATS, by its suffix; whole or not at all."""
    suffix = path.suffix.lower()
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, matplotlib.rc_context(STYLE):
        part = Path(folder) / "plot.part"
        draw(run).savefig(part, format=suffix[1:], dpi=150, metadata=FORMATS[suffix])
        os.replace(part, path)


def _draw_loss(axes: Axes, run: TrainingRun) -> None:
    epochs = np.arange(1, len(run.history.loss) + 1)
    marker = "o" if len(epochs) == 1 else None
    axes.plot(epochs, run.history.loss, color=BLUE, marker=marker, label="training")
    axes.plot(
        epochs, run.history.validation_loss, "--", color=ORANGE, marker=marker, label="held out"
    )
    axes.set_yscale("log")
    axes.grid(axis="y", color="#e4e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
    axes.set_xlabel("epoch")
    axes.set_ylabel("mean divergence")
    axes.set_title(f"{run.task.title}: loss\n", loc="left", fontweight="bold")
    axes.text(0, 1.02, run.architecture, transform=axes.transAxes, color=GRAY)
    axes.legend(frameon=False)


def _draw_images(figure: SubFigure, run: TrainingRun) -> None:
    right = run.right()
    predictions, labels = run.predictions(), run.task.labels(run.held_out)
    grid = figure.subplots(ROWS, COLUMNS).ravel()
    rows = _rows_to_show(right)
    for axes in grid[len(rows) :]:
        axes.remove()
    for axes, row in zip(grid, rows, strict=False):
        axes.imshow(run.held_out.x[row].reshape(SIDE, SIDE), cmap="gray_r", vmin=0, vmax=1)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set(visible=True, color="#d5d9de")
        said, is_ = (run.task.names[labels_[row]] for labels_ in (predictions, labels))
        if right[row]:
            axes.set_xlabel(said)
        else:
            axes.spines[:].set(color=RED, linewidth=2)
            axes.set_xlabel(f"{said} ≠ {is_}", color=RED, fontweight="bold")
    figure.suptitle(
        f"Held-out digits and predictions: {right.sum()} of {len(right)} right (red: said ≠ is)",
        x=0.01,
        ha="left",
        fontweight="bold",
    )


def _rows_to_show(right: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Up to two lines of images that are wrong, then right ones, both spread over all there are."""
    wrong = _spread(np.flatnonzero(~right), 2 * COLUMNS)
    return np.concatenate([wrong, _spread(np.flatnonzero(right), ROWS * COLUMNS - len(wrong))])


def _spread(rows: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    return rows[np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(np.intp)]
