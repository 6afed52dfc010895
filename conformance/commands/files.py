"""Reports that a command is given as files, and folders that it is to write to."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..record import Report


def read_report(path: Path) -> Report:
    """The report in a conformance.json; a message and exit status 2 where there is none."""
    from ..reports import read

    try:
        return read(path)
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def make_folder(directory: Path) -> None:
    """The folder is made, and tried with a file, before the work: a bad path costs no time."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise click.BadParameter(f"{directory}: {error.strerror}", param_hint="--out") from None
