"""junit.xml: what CI systems read; a test case for each record.

It keeps to what both the schema of Ant's JUnit task and that of Jenkins take: no attributes on
<testsuites>, every attribute of <testsuite>, its children in Ant's order, times without exponent.
"""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree

from ..record import PropertyRecord, Record, Report, ScoreRecord
from .summary import answer
from .text import printable


def to_junit(report: Report) -> str:
    """The report as JUnit XML: what disagrees is a failure; what could not be judged, an error."""
    tags = [_tag(record) for record in report.records]
    root = ElementTree.Element("testsuites")
    suite = _child(
        root,
        "testsuite",
        name="backprop conformance",
        package="conformance",
        id="0",
        hostname="localhost",
        timestamp=_timestamp(report.provenance.created),
        tests=str(len(tags)),
        failures=str(tags.count("failure")),
        errors=str(tags.count("error")),
        skipped="0",
        time=f"{sum(record.seconds for record in report.records):.3f}",
    )
    _properties(suite, report)
    for record in report.records:
        _test_case(suite, record)
    _child(suite, "system-out").text = answer(report)
    _child(suite, "system-err")
    ElementTree.indent(root)
    xml = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{xml}\n'


def _properties(suite: ElementTree.Element, report: Report) -> None:
    p = report.provenance
    values = {
        "seed": str(p.seed),
        "profile": p.profile,
        "examples": str(p.examples),
        "command": p.command,
        "platform": p.platform,
        "blas": p.blas,
        "source": p.source,
    }
    values |= {f"version.{name}": version for name, version in sorted(p.versions.items())}
    properties = _child(suite, "properties")
    for name, value in values.items():
        _child(properties, "property", name=name, value=value)


def _test_case(suite: ElementTree.Element, record: Record) -> None:
    finding = record.finding or record.verdict
    texts = [record.title, finding]
    group = "score" if isinstance(record, ScoreRecord) else "training"
    if isinstance(record, PropertyRecord):
        group = f"part{record.part:02d}"
        if record.counterexample is not None:
            texts.append(f"Counterexample:\n{record.counterexample}")
    case = _child(
        suite,
        "testcase",
        name=record.id,
        classname=f"conformance.{group}",
        time=f"{record.seconds:.3f}",
    )
    tag = _tag(record)
    if tag is not None:
        message = finding.strip().split("\n")[0]
        outcome = _child(case, tag, type=record.verdict, message=message)
        outcome.text = printable("\n\n".join(texts))


def _tag(record: Record) -> str | None:
    """What JUnit has of its verdict; None where it conforms."""
    if record.verdict == "conforms":
        return None
    return "failure" if record.verdict == "disagrees" else "error"


def _child(parent: ElementTree.Element, tag: str, **attributes: str) -> ElementTree.Element:
    clean = {name: printable(value) for name, value in attributes.items()}
    return ElementTree.SubElement(parent, tag, clean)


def _timestamp(created: str) -> str:
    """The instant in UTC without an offset, as JUnit has it."""
    return datetime.fromisoformat(created).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
