"""Reports that a command is given as files."""

from __future__ import annotations

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
