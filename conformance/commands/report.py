"""``backprop report``: run every property and the training, write the report."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import click

from ..campaigns.workers import default_workers
from ..compiled import keep_compiled
from .files import make_folder


@click.command()
@click.option(
    "--examples",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="Cases to draw for each property.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of the drawing; the same seed draws the same cases.",
)
@click.option(
    "--out",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("reports/latest"),
    show_default=True,
    help="Folder for conformance.json, .md, .html and junit.xml.",
)
@click.option(
    "--only",
    "pattern",
    default="*",
    show_default=True,
    metavar="PATTERN",
    help="Only what has such an id, like 'gradients.*'.",
)
@click.option(
    "--score-examples",
    type=click.IntRange(min=0),
    default=500,
    show_default=True,
    help="Cases for each entry of the collection of planted bugs; 0 leaves the score out.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1, max=256),
    default=default_workers,
    show_default="one for each processor, up to 4",
    help="Processes that share the work; the cases and verdicts are the same with any number.",
)
def report(
    examples: int, seed: int, directory: Path, pattern: str, score_examples: int, workers: int
) -> None:
    """Judge the whole hand-written backprop, then the harness, and write a conformance report.

    The harness is judged by its score.collection: it has to catch each of several hundred planted
    bugs, and to accuse none of the correct activations beside them.

    Exit status: 0 if all of it conforms, 1 if something does not, 2 for misuse.
    """
    make_folder(directory)
    keep_compiled()
    from ..campaigns.every_property import run_all
    from ..portraits import curves, diagram, heats
    from ..properties import PROPERTIES
    from ..provenance import provenance, typed_command
    from ..record import PropertyRecord, Report, ScoreRecord
    from ..reports import answer, write
    from ..training.run import training_run
    from .terminal import progress

    chosen = [p for p in PROPERTIES if fnmatchcase(p.id, pattern)]
    trained = [task for task in ("digits",) if fnmatchcase(f"train.{task}", pattern)]
    scores = bool(score_examples) and fnmatchcase(ScoreRecord.id, pattern)
    if not chosen and not trained and not scores:
        raise click.BadParameter(f"no property has an id like {pattern!r}", param_hint="--only")
    source = provenance(typed_command(), seed, "report", examples)
    with progress() as bars:
        bar = bars.add_task("cases", total=len(chosen) * examples)

        def advance(record: PropertyRecord) -> None:
            bars.update(bar, advance=examples, description=record.id)
            if record.verdict != "conforms":
                click.echo(f"{record.verdict}: {record.id}: {record.finding}")
                click.echo(record.counterexample or "")

        records = run_all(chosen, examples, seed, advance, workers=workers)
        bars.update(bar, description="training" if trained else "cases")
        training = tuple(training_run(task, seed=seed) for task in trained)
        scored = None
        if scores:
            from ..scoring.score import COLLECTION, score

            bar = bars.add_task("score", total=len(COLLECTION))
            scored = score(
                score_examples,
                seed,
                workers=workers,
                progress=lambda id: bars.update(bar, advance=1),
            )
    if scored is not None and scored.verdict != "conforms":
        click.echo(f"{scored.verdict}: {scored.id}: {scored.finding}")
    subjects = {p.subject for p in chosen if p.id.startswith("jacobian.")}
    picture = diagram() if any(p.id.startswith("gradients.") for p in chosen) else None
    result = Report(source, records, training, scored, curves(subjects), heats(subjects), picture)
    paths = write(result, directory)
    click.echo(answer(result))
    for run in training:
        click.echo(f"{run.title}: {run.accuracy:.1%} right on the held-out quarter")
    for path in paths:
        click.echo(f"wrote {path}")
    raise SystemExit(0 if result.conforms else 1)
