"""conformance.md: the short form, fit for a comment on a pull request.

GitHub takes comments of up to 65,536 characters: long texts are clipped, and many records cut off
with a word on how many. The other formats hold everything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..record import PropertyRecord, Report, TrainingRecord, Verdict
from .summary import (
    answer,
    by_part,
    failures,
    milestones,
    misjudged,
    reproduce,
    scored,
    worst_check,
)
from .text import MARKS, clip, instant, percent, printable, ratio, seconds

DETAILS = 10
ROWS = 120


def to_markdown(report: Report) -> str:
    """The report in GitHub-flavoured Markdown; its first line is the answer."""
    sections = [
        f"**{answer(report)}**",
        *_failures(report),
        *_properties(report),
        *_training(report),
        *_score(report),
        *_provenance(report),
    ]
    return "\n\n".join(sections) + "\n"


def _failures(report: Report) -> list[str]:
    failed = failures(report)
    sections = ["## What failed"] if failed else []
    for record in failed[:DETAILS]:
        name = f"{code(clip(record.id, 80))}, {_prose(clip(record.title, 200))}"
        sections.append(f"### {MARKS[record.verdict]} {record.verdict}: {name}")
        if record.finding is not None:
            finding = clip(record.finding, 1000)
            one_line = "\n" not in finding
            sections += (
                [f"Finding: {_prose(finding)}"] if one_line else ["Finding:", _fence(finding)]
            )
        if isinstance(record, PropertyRecord) and record.counterexample is not None:
            sections += ["Counterexample:", _fence(clip(record.counterexample, 1500))]
    return sections + _more(len(failed) - DETAILS)


def _properties(report: Report) -> list[str]:
    rows = [
        [
            str(p.part),
            code(clip(p.id, 80)),
            _prose(clip(p.title, 100)),
            f"{p.cases:,}",
            percent(p.live),
            ratio(p.worst),
            seconds(p.seconds),
            _verdict(p.verdict),
        ]
        for p in by_part(report)
    ]
    if not rows:
        return []
    columns = [
        "Part",
        "Id",
        "Property",
        "Cases:",
        "Live:",
        "Error / tolerance:",
        "Time:",
        "Verdict",
    ]
    return [
        "## Properties",
        table(columns, rows[:ROWS]),
        *_more(len(rows) - ROWS),
        "Part: that of the lecture. Live: the share of cases in which some gradient is not zero. "
        "Error / tolerance: the largest, up to 1 conforms.",
    ]


def _training(report: Report) -> list[str]:
    sections = ["## Training"] if report.training else []
    for run in report.training:
        title = _prose(clip(run.title, 200))
        heading = f"### {MARKS[run.verdict]} {run.verdict}: {code(clip(run.id, 80))}, {title}"
        epochs = milestones(len(run.loss))
        losses = ", ".join(f"{run.loss[k - 1]:.4g} (epoch {k:,})" for k in epochs)
        facts = [
            f"Architecture: {_prose(clip(run.architecture, 200))}",
            f"Accuracy: {percent(run.accuracy)} of {run.held_out_rows:,} held-out instances, "
            f"after training on {run.training_rows:,}",
            f"Loss: {losses or 'no epoch ended'}",
            f"Gradient checks: {_checks(run)}",
            f"Step size {run.step_size:g}, batch size {run.batch_size:,}, seed {run.seed}, "
            f"{seconds(run.seconds)}",
        ]
        sections += [heading, "\n".join(f"- {fact}" for fact in facts)]
    return sections


def _checks(run: TrainingRecord) -> str:
    worst = worst_check(run)
    if worst is None:
        return "none"
    largest = f"largest error / tolerance {ratio(worst.worst)} at step {worst.step:,}"
    return f"{len(run.checks):,}, {largest}"


def _score(report: Report) -> list[str]:
    score = report.score
    if score is None:
        return []
    columns = ["By", "Caught / planted:", "Accused / correct:", "Median time:"]
    facts = [f"{what}: {_prose(clip(', '.join(ids), 2000))}" for what, ids in misjudged(score)]
    return [
        "## Score",
        table(columns, [[_prose(cell) for cell in row] for row in scored(score)]),
        *(["\n".join(f"- {fact}" for fact in facts)] if facts else []),
        "Entries whose verdict is known beforehand: planted bugs and correct activations. "
        f"Slowest verdict: {seconds(score.max_seconds)}; all together: {seconds(score.seconds)}.",
    ]


def _provenance(report: Report) -> list[str]:
    p = report.provenance
    versions = ", ".join(f"{name} {version}" for name, version in sorted(p.versions.items()))
    facts = [
        f"Created: {instant(p.created)}",
        f"Command: {code(clip(p.command, 500))}",
        f"Seed {p.seed}, profile {_prose(clip(p.profile, 60))}, {p.examples:,} examples",
        f"Platform: {_prose(clip(p.platform, 200))}",
        f"BLAS: {_prose(clip(p.blas, 200))}",
        f"Versions: {_prose(clip(versions, 1000))}",
        f"Source: {code(p.source)}",
        f"Reproduce: {code(reproduce(report))}",
    ]
    return ["## Provenance", "\n".join(f"- {fact}" for fact in facts)]


def _more(left_out: int) -> list[str]:
    return [f"And {left_out:,} more, in conformance.html."] if left_out > 0 else []


def _verdict(verdict: Verdict) -> str:
    shown = f"{MARKS[verdict]} {verdict}"
    return shown if verdict == "conforms" else f"**{shown}**"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; a column whose name ends in a colon is of numbers, flush right."""
    names = [name.rstrip(":") for name in columns]
    rules = ["---:" if name.endswith(":") else "---" for name in columns]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (names, rules, *rows))


def _prose(text: str) -> str:
    """Text in one line that is shown as it stands: neither Markdown nor HTML, safe in a cell."""
    line = " ".join(printable(text).split())
    escaped = re.sub(r"([\\`*_\[\]|~$])", r"\\\1", line)
    return escaped.replace("&", "&amp;").replace("<", "&lt;")


def code(text: str) -> str:
    """A code span in one line, safe in a cell: its fence is longer than any backticks inside."""
    line = " ".join(printable(text).split())
    if "|" in line:  # renderers differ on how to quote it in the code span of a cell
        return _prose(line)
    fence = "`" * (_longest_backticks(line) + 1)
    padding = " " if "`" in line else ""
    return f"{fence}{padding}{line}{padding}{fence}"


def _fence(text: str) -> str:
    """A code block whose fence is longer than any backticks inside."""
    body = printable(text).strip("\n")
    fence = "`" * max(3, _longest_backticks(body) + 1)
    return f"{fence}text\n{body}\n{fence}"


def _longest_backticks(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
