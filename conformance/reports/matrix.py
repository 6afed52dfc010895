"""Reports of several environments on one page: environments by properties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from ..record import Record, Report
from .html import environment
from .markdown import code, table
from .text import MARKS, NOTHING

#: Versions that head the column of an environment.
HEADING = ("python", "numpy", "jax", "hypothesis")


@final
@dataclass(frozen=True)
class Matrix:
    """names[i] is what environment i is called, reports[i] its report.

    rows: every id that any of them has, in the order of the first that has it, with the record of
    each environment, None where it has none.
    """

    names: tuple[str, ...]
    reports: tuple[Report, ...]
    rows: tuple[tuple[str, tuple[Record | None, ...]], ...]

    @property
    def conforms(self) -> bool:
        """Whether every report does."""
        return all(report.conforms for report in self.reports)


def join(reports: Sequence[tuple[Path, Report]]) -> Matrix:
    """The matrix of reports, each called after the folder that its file lies in."""
    by_id = [{record.id: record for record in report.records} for _, report in reports]
    ids = dict.fromkeys(id for records in by_id for id in records)
    return Matrix(
        names=tuple(path.resolve().parent.name for path, _ in reports),
        reports=tuple(report for _, report in reports),
        rows=tuple((id, tuple(records.get(id) for records in by_id)) for id in ids),
    )


def answer(matrix: Matrix) -> str:
    """In one sentence."""
    right = sum(report.conforms for report in matrix.reports)
    n = len(matrix.reports)
    verb = "Conforms" if matrix.conforms else "Does not conform"
    return f"{verb}: {right} of {n} environments, {len(matrix.rows)} rows."


def to_markdown(matrix: Matrix) -> str:
    """Versions, and a row for each id; where all conform that is said in a line."""
    versions = [[name, *(r.provenance.versions.get(name, NOTHING) for r in matrix.reports)]
                for name in HEADING]  # fmt: skip
    failing = [
        [code(id), *(NOTHING if r is None else f"{MARKS[r.verdict]} {r.verdict}" for r in records)]
        for id, records in matrix.rows
        if any(r is not None and r.verdict != "conforms" for r in records)
    ]
    parts = [f"**{answer(matrix)}**", table(["", *matrix.names], versions)]
    if failing:
        parts.append(table(["What fails", *matrix.names], failing))
    return "\n\n".join(parts) + "\n"


def to_html(matrix: Matrix) -> str:
    """The page, self-contained like that of a report."""
    template = environment().get_template("matrix.html")
    return template.render(matrix=matrix, answer=answer(matrix), heading=HEADING)
