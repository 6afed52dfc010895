"""``backprop render``: the page of a report from its JSON alone."""

from __future__ import annotations

from pathlib import Path

import click

from .files import read_report


@click.command()
@click.argument("file", metavar="FILE.json", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The page to write; beside FILE.json unless said otherwise.",
)
def render(file: Path, out: Path | None) -> None:
    """Write the HTML page of a conformance.json, also of an older version."""
    from ..reports.html import to_html
    from ..reports.writer import replace_file

    report = read_report(file)
    target = file.with_suffix(".html") if out is None else out
    try:
        replace_file(target, to_html(report))
    except OSError as error:
        raise click.BadParameter(f"{target}: {error.strerror}", param_hint="--out") from None
    click.echo(f"wrote {target}")
