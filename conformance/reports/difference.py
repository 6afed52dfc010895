"""What has changed from one report to the next, by the stable ids of the records."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import final

from ..record import Report, Verdict
from .markdown import code
from .text import MARKS

#: What became of a record, in words.
HEADINGS = {
    "newly_failing": "Newly failing",
    "fixed": "Fixed",
    "flipped": "Failing in another way",
    "added": "Added",
    "removed": "Removed",
}


@final
@dataclass(frozen=True)
class Change:
    """A record by its id, with its verdict before and after; None where it was not there."""

    id: str
    before: Verdict | None
    after: Verdict | None


@final
@dataclass(frozen=True)
class Difference:
    """All changes, each in one list. added: those that conform; one that fails is newly failing."""

    newly_failing: tuple[Change, ...]
    fixed: tuple[Change, ...]
    flipped: tuple[Change, ...]
    added: tuple[Change, ...]
    removed: tuple[Change, ...]

    @property
    def regression(self) -> bool:
        """Whether something fails that did not, or was not there."""
        return bool(self.newly_failing)


def difference(old: Report, new: Report) -> Difference:
    """Compare the verdicts of all records; of the score, those of its entries too."""
    before, after = _verdicts(old), _verdicts(new)
    there: Verdict = "conforms"  # a score lists what it misjudges: the rest is judged rightly
    lists: dict[str, list[Change]] = {name: [] for name in HEADINGS}
    for id in sorted(before.keys() | after.keys()):
        score = id.startswith("score.")
        if score and new.score is None:
            continue  # there is nothing to compare with
        was = before.get(id, there if score and old.score is not None else None)
        is_ = after.get(id, there if score else None)
        if was == is_:
            continue
        lists[_kind(was, is_)].append(Change(id, was, is_))
    return Difference(**{name: tuple(changes) for name, changes in lists.items()})


def to_text(found: Difference) -> str:
    """A heading for each kind of change that there is, and a line for each change."""
    lines = []
    for name, heading in HEADINGS.items():
        changes: tuple[Change, ...] = getattr(found, name)
        if changes:
            lines.append(f"{heading}:")
            lines += [f"  {change.id}: {_words(change)}" for change in changes]
    return "\n".join(lines) or "no change"


def to_markdown(found: Difference) -> str:
    """The same in Markdown."""
    lines = [f"**{'A regression.' if found.regression else 'No regression.'}**"]
    for name, heading in HEADINGS.items():
        changes: tuple[Change, ...] = getattr(found, name)
        if changes:
            lines += ["", f"{heading}:", ""]
            lines += [f"- {code(change.id)}: {_words(change)}" for change in changes]
    return "\n".join(lines)


def to_json(found: Difference) -> str:
    """The lists, and whether there is a regression."""
    return json.dumps({"regression": found.regression} | asdict(found), indent=2)


def _verdicts(report: Report) -> dict[str, Verdict]:
    """The verdict of each record by its id; of the score, of each entry that is misjudged."""
    verdicts: dict[str, Verdict] = {record.id: record.verdict for record in report.records}
    if report.score is not None:
        verdicts |= {f"score.missed.{id}": "disagrees" for id in report.score.missed}
        verdicts |= {f"score.accused.{id}": "disagrees" for id in report.score.accused}
        verdicts |= {f"score.missed.{id}": "disagrees" for id in report.score.network_missed}
    return verdicts


def _kind(before: Verdict | None, after: Verdict | None) -> str:
    if before not in (None, "conforms") and after not in (None, "conforms"):
        return "flipped"
    if after not in (None, "conforms"):
        return "newly_failing"
    if before is None:
        return "added"
    return "removed" if after is None else "fixed"


def _words(change: Change) -> str:
    sides = [
        "not there" if verdict is None else f"{MARKS[verdict]} {verdict}"
        for verdict in (change.before, change.after)
    ]
    return " → ".join(sides)
