"""``python -m benchmarks.growth``: how time and memory grow, in curves and in numbers.

Time of a training step against batch, width and depth, the floor beside; time and memory of a
campaign against its cases; time of a report against its workers.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

import click

from conformance.kernels import choose_kernels

BATCHES = (8, 16, 32, 64, 128, 256, 512, 1024)
WIDTHS = (16, 32, 64, 128, 256, 512, 1024, 2048)
DEPTHS = (1, 2, 3, 4, 6, 8, 12, 16)
WORKERS = (1, 2)
ROUNDS = 7
CASES, SLICE = 50_000, 2_500


@final
@dataclass(frozen=True)
class Curve:
    """What grew with what; ``floor`` has a value beside each of ``values``, or is empty."""

    name: str
    along: str
    unit: str
    sizes: list[float]
    values: list[float]
    floor: list[float]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--out", default="reports/growth", show_default=True, help="Folder of the pictures.")
@click.option("--cases", default=CASES, show_default=True, help="Of the campaign.")
def main(out: str, cases: int) -> None:
    """Measure how time and memory grow, draw it, and write growth.json."""
    choose_kernels()  # before NumPy is imported
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    curves = [
        _steps("batch", BATCHES, lambda size: ((256, 256, 256, 10), size)),
        _steps("width", WIDTHS, lambda size: ((size, size, 10), 128)),
        _steps("depth", DEPTHS, lambda size: ((*[256] * (size + 1), 10), 128)),
        *_campaign(cases),
        _workers(),
    ]
    for curve in curves:
        _draw(curve, folder / f"growth-{curve.name}.svg")
        for k, (size, value) in enumerate(zip(curve.sizes, curve.values, strict=True)):
            beside = f"  floor {curve.floor[k]:.4g}" if curve.floor else ""
            click.echo(f"{curve.name:8} {size:>8,.0f}  {value:.4g} {curve.unit}{beside}")
    target = folder / "growth.json"
    target.write_text(json.dumps([asdict(curve) for curve in curves], indent=1) + "\n")
    click.echo(f"wrote {target}")


def _steps(
    name: str, sizes: tuple[int, ...], setting: Callable[[int], tuple[tuple[int, ...], int]]
) -> Curve:
    """Seconds of a step of the trainer, and of its matrix products alone."""
    from .ratio import paired
    from .trainer import Setting, data, floor, ours

    mine, alone = [], []
    for size in sizes:
        widths, batch = setting(size)
        steps = max(2, min(200, 2**24 // (batch * widths[0])))
        chosen = Setting(widths, batch, steps, goal=1.0)
        x, d = data(chosen)
        _, ours_seconds, floor_seconds = paired(ours(chosen, x, d), floor(chosen), ROUNDS)
        mine.append(ours_seconds / steps)
        alone.append(floor_seconds / steps)
    return Curve(name, f"{name} of a training step", "s", [*map(float, sizes)], mine, alone)


def _campaign(cases: int) -> tuple[Curve, Curve]:
    """Seconds so far and memory in use, as cases of a network property are judged."""
    from conformance.campaigns.campaign import run
    from conformance.properties import PROPERTIES

    (property_,) = (p for p in PROPERTIES if p.id == "gradients.KLDivergence")
    run(property_, 50, 0)  # compiles
    sizes, seconds, memory = [], [], []
    started = time.perf_counter()
    for start in range(0, cases, SLICE):
        record = run(property_, SLICE, seed=start + 1)
        if record.verdict != "conforms":
            raise SystemExit(f"{record.verdict}: {record.finding}")
        sizes.append(float(start + SLICE))
        seconds.append(time.perf_counter() - started)
        memory.append(_resident_mib())
    return (
        Curve("cases", "network cases judged", "s", sizes, seconds, []),
        Curve("memory", "network cases judged", "MiB", sizes, memory, []),
    )


def _resident_mib() -> float:
    """The memory of this process now; of its most so far where the system does not say."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


def _workers() -> Curve:
    """Seconds of a report of 24,000 network cases."""
    from .workers import seconds

    seconds(1, examples=100)  # what XLA compiles is in the user's cache from here on
    times = [seconds(n) for n in WORKERS]
    ideal = [times[0] / n for n in WORKERS]
    return Curve("workers", "processes of a report", "s", [*map(float, WORKERS)], times, ideal)


def _draw(curve: Curve, path: Path) -> None:
    """Log-log, but for memory, which ought to be a level line."""
    import matplotlib
    from matplotlib.figure import Figure

    style: Any = {"svg.hashsalt": "backprop", "axes.spines.top": False, "axes.spines.right": False}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(4.2, 2.8), layout="constrained")
        axes = figure.subplots()
        axes.plot(curve.sizes, curve.values, "o-", color="#3b82c4", markersize=4, label="measured")
        if curve.floor:
            axes.plot(curve.sizes, curve.floor, "--", color="#d9772b", label="floor")
            axes.legend(frameon=False)
        if curve.name == "memory":
            axes.set_ylim(0, 1.3 * max(curve.values))
        else:
            axes.set_xscale("log", base=2)
            axes.set_yscale("log")
        axes.set(xlabel=curve.along, ylabel=curve.unit)
        figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
