"""``backprop diff``: what has changed from one report to the next."""

from __future__ import annotations

from pathlib import Path

import click

from .files import read_report


@click.command()
@click.argument("old", metavar="OLD.json", type=click.Path(path_type=Path))
@click.argument("new", metavar="NEW.json", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
)
def diff(old: Path, new: Path, form: str) -> None:
    """Name what is newly failing, fixed, added and removed, by the ids of the records.

    Exit status: 0 without a regression, 1 with one, 2 for misuse.
    """
    from ..reports import difference

    found = difference.difference(read_report(old), read_report(new))
    render = getattr(difference, f"to_{form}")
    click.echo(render(found))
    raise SystemExit(1 if found.regression else 0)
