"""``python -m benchmarks``: print each ratio with its goal, and write them as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Iterable
from dataclasses import asdict
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click

from conformance.kernels import choose_kernels

GROUPS = ("startup", "trainer", "harness", "fuzz", "workers")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("groups", nargs=-1, type=click.Choice(GROUPS), metavar=f"[{'|'.join(GROUPS)}]...")
@click.option("--json", "path", default="reports/benchmarks.json", show_default=True)
def main(groups: tuple[str, ...], path: str) -> None:
    """Measure GROUPS, or all: ratios against a floor or a peer of the same run, some in seconds."""
    choose_kernels()  # before NumPy is imported
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package is compiled once
    rows: list[dict[str, Any]] = []
    for group in groups or GROUPS:
        ratios: Callable[[], Iterable[Any]] = import_module(f"benchmarks.{group}").ratios
        for ratio in ratios():
            mark, bound = "ok" if ratio.reached else "miss", "least" if ratio.at_least else "most"
            click.echo(f"{mark:4} {ratio.value:8.2f} (at {bound} {ratio.goal:g})  {ratio.name}")
            click.echo(f"{'':15}{ratio.how}")
            rows.append({**asdict(ratio), "reached": ratio.reached})
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps({"versions": _versions(), "ratios": rows}, indent=1) + "\n")
    click.echo(f"wrote {path}")


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "processor": platform.machine()}
    for name in ("numpy", "scipy", "jax", "hypothesis", "scikit-learn", "torch"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


if __name__ == "__main__":
    main()
