"""conformance.html: one plain page that needs no network and runs no script."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..campaigns.coverage import Coverage, together
from ..record import PropertyRecord, Report
from ..tolerance import ROUNDINGS
from .pictures import (
    curve_picture,
    diagram_picture,
    error_picture,
    heat_picture,
    layers_picture,
    pairs_picture,
    samples_picture,
)
from .summary import (
    PARTS,
    answer,
    by_part,
    count,
    failures,
    grid,
    milestones,
    misjudged,
    reproduce,
    scored,
    summarize,
    worst_check,
)
from .text import MARKS, instant, percent, printable, ratio, seconds, ulps


def to_html(report: Report) -> str:
    """The report as a page: the answer and what failed first, then every record."""
    return (
        environment()
        .get_template("report.html")
        .render(report=report, kind="report", conforms=report.conforms, sentence=answer(report))
    )


def environment() -> Environment:
    """Templates that escape, with the words and numbers of every format."""
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "instant": instant,
        "percent": percent,
        "printable": printable,
        "ratio": ratio,
        "seconds": seconds,
        "ulps": ulps,
    }
    environment.globals |= {
        "MARKS": MARKS,
        "PARTS": PARTS,
        "ROUNDINGS": ROUNDINGS,
        "count": count,
        "curve": _curve,
        "curve_picture": curve_picture,
        "diagram_picture": diagram_picture,
        "error_picture": error_picture,
        "heat_picture": heat_picture,
        "layers_picture": layers_picture,
        "pairs_picture": pairs_picture,
        "samples_picture": samples_picture,
        "seen": _seen,
        "failures": failures,
        "grid": grid,
        "milestones": milestones,
        "misjudged": misjudged,
        "parts": _parts,
        "reproduce": reproduce,
        "scored": scored,
        "summarize": summarize,
        "worst_check": worst_check,
    }
    return environment


def _printable(value: object) -> object:
    """Markup has been through here; whatever else is shown loses its control characters."""
    return value if isinstance(value, Markup) else printable(str(value))


def _parts(report: Report) -> list[tuple[int, list[PropertyRecord]]]:
    """The parts of the lecture that are covered, each with its properties."""
    return [(part, list(group)) for part, group in groupby(by_part(report), lambda p: p.part)]


def _seen(report: Report) -> Coverage:
    """What the cases of all properties together were like."""
    return together(record.seen for record in report.properties)


@final
@dataclass(frozen=True)
class Curve:
    """A line through ``points``, "x,y x,y ...", in a box of 100 x 100 from 0 up to ``highest``."""

    points: str
    highest: float


def _curve(loss: tuple[float, ...]) -> Curve | None:
    """The loss over the epochs; None for fewer than two finite losses, or none above 0."""
    finite = [(k, value) for k, value in enumerate(loss) if math.isfinite(value)]
    highest = max((value for _, value in finite), default=0.0)
    if len(finite) < 2 or highest <= 0:
        return None
    width = 100 / (len(loss) - 1)
    points = [f"{k * width:.2f},{100 * (1 - value / highest):.2f}" for k, value in finite]
    return Curve(" ".join(points), highest)
