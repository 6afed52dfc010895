"""All four files of a report, each of them whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from ..record import Report
from .html import to_html
from .json_report import to_json
from .junit import to_junit
from .markdown import to_markdown

FORMATS = {
    "conformance.json": to_json,
    "conformance.md": to_markdown,
    "junit.xml": to_junit,
    "conformance.html": to_html,
}


def write(report: Report, directory: Path) -> list[Path]:
    """Write the report in every format into ``directory``, made where missing; the paths written.

    Nothing is written before every format is rendered. Raises ValueError for a report that its
    JSON Schema refuses, OSError where the directory takes no files.
    """
    rendered = {directory / name: render(report) for name, render in FORMATS.items()}
    directory.mkdir(parents=True, exist_ok=True)
    for path, text in rendered.items():
        replace_file(path, text)
    return list(rendered)


def replace_file(path: Path, text: str) -> None:
    """Write beside ``path``, then replace it: a reader sees the old file or the new, whole."""
    # A lone surrogate has no UTF-8; as \udXXX it is valid JSON, and legible elsewhere.
    data = text.encode("utf-8", "backslashreplace")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
