"""``backprop matrix``: the reports of several environments on one page."""

from __future__ import annotations

from pathlib import Path

import click

from .files import read_report


@click.command()
@click.argument("files", metavar="FILE.json...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--out",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("reports/matrix"),
    show_default=True,
    help="Folder for matrix.html and matrix.md.",
)
def matrix(files: tuple[Path, ...], directory: Path) -> None:
    """Join reports into one page, environments by properties.

    An environment is called after the folder that its conformance.json lies in. Exit status: 0 if
    all of them conform, 1 if not, 2 for misuse.
    """
    if not files:
        raise click.UsageError("name at least one conformance.json")
    from ..reports import matrix as page
    from ..reports.writer import replace_file
    from .report import make_folder

    make_folder(directory)
    joined = page.join([(path, read_report(path)) for path in files])
    for name, text in (
        ("matrix.html", page.to_html(joined)),
        ("matrix.md", page.to_markdown(joined)),
    ):
        replace_file(directory / name, text)
        click.echo(f"wrote {directory / name}")
    click.echo(page.answer(joined))
    raise SystemExit(0 if joined.conforms else 1)
