"""conformance.json: the report for programs, and the one format that is read back."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]
from jsonschema.exceptions import best_match  # type: ignore[import-untyped]

from ..record import (
    SCHEMA_VERSION,
    Curve,
    Diagram,
    Edge,
    GradientCheck,
    Heat,
    PeerRecord,
    PropertyRecord,
    Provenance,
    Report,
    Sample,
    ScoreRecord,
    TrainingRecord,
)
from .summary import summarize
from .text import clip

#: The published JSON Schema (draft 2020-12) of conformance.json.
SCHEMA: dict[str, Any] = json.loads(files(__package__).joinpath("schema.json").read_text("utf-8"))


def _is_instant(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


_FORMATS = FormatChecker(formats=())
_FORMATS.checks("date-time", raises=ValueError)(_is_instant)


def to_json(report: Report) -> str:
    """The report as strict JSON: keys sorted, records in their order, no NaN and no Infinity.

    A measured number that is not finite is the string "inf", "-inf" or "nan". Raises ValueError
    for a report that the schema refuses, like a live share of 2.
    """
    document = _encode(asdict(report) | _derived(report))
    if report.score is not None:
        document["score"] |= _counts(report.score)
    _check(document)
    return (
        json.dumps(document, allow_nan=False, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    )


def from_json(text: str) -> Report:
    """The report that ``to_json`` wrote, with equal records; version 1.0 had no score, 1.1 no
    pictures, 1.2 no diagram, no samples, and nothing of what was seen, 1.3 nothing undecided.

    Raises ValueError for what is not JSON, is of another major version of the schema, breaks the
    schema, or contradicts itself.
    """
    try:
        document = json.loads(text, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from error
    _check(document)
    report = Report(
        provenance=Provenance(**document["provenance"]),
        properties=tuple(
            PropertyRecord(**p | {"worst": _number(p["worst"])}) for p in document["properties"]
        ),
        training=tuple(_training(run) for run in document["training"]),
        score=_score(document.get("score")),
        curves=tuple(Curve(**_tuples(curve)) for curve in document.get("curves", [])),
        heats=tuple(Heat(**_tuples(heat)) for heat in document.get("heats", [])),
        diagram=_diagram(document.get("diagram")),
        schema_version=document["schema_version"],
    )
    document["summary"] = {"undecided": 0} | document["summary"]
    for name, value in _derived(report).items():
        if document[name] != value:
            raise ValueError(f"{name} must follow from the records: {value}, got {document[name]}")
    return report


def read(path: Path) -> Report:
    """The report in a conformance.json. Raises OSError, or ValueError as ``from_json`` does."""
    try:
        return from_json(path.read_bytes().decode("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} holds no report: {error}") from error


def _derived(report: Report) -> dict[str, Any]:
    """What a program would otherwise have to count for itself."""
    return {"conforms": report.conforms, "summary": asdict(summarize(report))}


def _check(document: Any) -> None:
    """Hold the document against the version and the schema, and its ids against each other."""
    version = document.get("schema_version") if isinstance(document, dict) else None
    major = SCHEMA_VERSION.split(".")[0]
    if isinstance(version, str) and version.split(".")[0] != major:
        raise ValueError(f"schema_version must be {major}.x, got {version}")
    validator = Draft202012Validator(SCHEMA, format_checker=_FORMATS)
    error = best_match(validator.iter_errors(document))
    if error is not None:
        raise ValueError(f"{error.json_path}: {clip(error.message, 300)}")
    for kind in ("properties", "training"):
        _check_unique(kind, (record["id"] for record in document[kind]))


def _check_unique(kind: str, ids: Iterable[str]) -> None:
    seen = set()
    for name in ids:
        if name in seen:
            raise ValueError(f"{kind} must have unique ids, got {name} twice")
        seen.add(name)


def _training(run: dict[str, Any]) -> TrainingRecord:
    checks = tuple(GradientCheck(c["step"], _number(c["worst"])) for c in run["checks"])
    loss = tuple(map(_number, run["loss"]))
    samples = tuple(
        Sample(tuple(map(tuple, sample["pixels"])), sample["label"], sample["predicted"])
        for sample in run.get("samples", [])
    )
    return TrainingRecord(**run | {"loss": loss, "checks": checks, "samples": samples})


def _diagram(document: dict[str, Any] | None) -> Diagram | None:
    if document is None:
        return None
    return Diagram(**document | {"edges": tuple(Edge(**edge) for edge in document["edges"])})


def _counts(score: ScoreRecord) -> dict[str, int]:
    """What a program would otherwise have to subtract."""
    return {"caught": score.caught, "network_caught": score.network_caught}


def _score(document: dict[str, Any] | None) -> ScoreRecord | None:
    if document is None:
        return None
    names = {f.name for f in fields(ScoreRecord)}
    lists = ("missed", "accused", "network_missed")
    score = ScoreRecord(
        **{name: value for name, value in document.items() if name in names}
        | {name: tuple(document[name]) for name in lists}
        | {"peers": tuple(PeerRecord(**peer) for peer in document["peers"])}
    )
    for name, value in _counts(score).items():
        if document[name] != value:
            raise ValueError(
                f"score.{name} must follow from the ids: {value}, got {document[name]}"
            )
    return score


def _tuples(value: Any) -> Any:
    """Lists as tuples, and what ``_encode`` wrote of numbers as numbers, but for the subject."""
    if isinstance(value, dict):
        return {k: v if k == "subject" else _tuples(v) for k, v in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else _number(value)


def _encode(value: Any) -> Any:
    """Tuples as lists, and numbers that JSON lacks as strings."""
    if isinstance(value, dict):
        return {key: _encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encode(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(float(value))
    return value


def _number(value: Any) -> Any:
    """The measured number that ``_encode`` wrote; None stays None."""
    return float(value) if isinstance(value, str) else value


def _finite(literal: str) -> float:
    """The number of a JSON literal: NaN and Infinity are none, and 1e999 is too large."""
    number = float(literal)
    if not math.isfinite(number):
        raise ValueError(f"{literal} is not a finite number")
    return number
