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
    if not target.name or (target.exists() and target.samefile(file)):
        raise click.BadParameter(f"must be a page to write, got {str(out)!r}", param_hint="--out")
    try:
        page = to_html(report)
    except Exception as error:  # the schema cannot see what is missing in one place for another
        reason = f"{type(error).__name__}: {error}"
        raise click.UsageError(f"{file} cannot be shown, it contradicts itself: {reason}") from None
    try:
        replace_file(target, page)
    except OSError as error:
        raise click.BadParameter(f"{target}: {error.strerror}", param_hint="--out") from None
    click.echo(f"wrote {target}")
