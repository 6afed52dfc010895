"""What a terminal shows more of than a file: colours, and how far a long run has come.

Rich leaves all of it out where the output is no terminal, and the colours where NO_COLOR is set.
"""

from __future__ import annotations

import re
import sys

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

COLOURS = {
    "conforms": "bold green",
    "disagrees": "bold red",
    "error": "bold red",
    "oracle suspect": "bold yellow",
    "undecided": "bold yellow",
}


def show(text: str) -> None:
    """Print a verdict: the outcome in its colour, the labels faint."""
    console = Console(highlight=False, soft_wrap=True)
    for line in text.splitlines():
        shown = Text(line)
        outcome = re.match(r"([a-z ]+):", line)
        label = re.match(r"  [a-z][a-z ]{0,14}(?=  |$)", line)
        if outcome:
            shown.stylize(COLOURS.get(outcome[1], "bold"), 0, outcome.end(1))
        elif label:
            shown.stylize("cyan", 0, label.end())
        console.print(shown)


class Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        """Empty until something is known."""
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="progress.data.speed")


def progress() -> Progress:
    """Bars on stderr where that is a terminal: how many of how many, the rate, the time left."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
