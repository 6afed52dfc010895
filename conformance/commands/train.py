"""``backprop train``: train on the 8x8 digits, with the gradients checked against autodiff."""

from __future__ import annotations

import math
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from ..training.digits import Task
    from ..training.run import TrainingRun

MAX_LAYERS, MAX_UNITS = 8, 1024
SUFFIXES = {"plot": (".png", ".svg", ".pdf"), "save": (".npz",)}


def widths(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, ...]:
    """The units of the hidden layers, given like 64,64."""
    words = value.split(",")
    units = tuple(int(word) for word in words if re.fullmatch("[1-9][0-9]{0,3}", word))
    if len(units) < len(words) or len(units) > MAX_LAYERS or max(units) > MAX_UNITS:
        expected = f"1 to {MAX_LAYERS} numbers from 1 to {MAX_UNITS}, like 64,64"
        raise click.BadParameter(f"must be {expected}, got {value!r}")
    return units


def finite(ctx: click.Context, param: click.Parameter, value: float) -> float:
    """The number, unless it is inf or nan."""
    if not math.isfinite(value):
        raise click.BadParameter(f"must be a finite number, got {value}")
    return value


def target(ctx: click.Context, param: click.Parameter, path: Path | None) -> Path | None:
    """The path, if a file of its kind can be written there: tried before the training."""
    if path is None:
        return None
    suffixes = SUFFIXES[str(param.name)]
    if path.suffix.lower() not in suffixes:
        raise click.BadParameter(f"must end in {' or '.join(suffixes)}, got {path}")
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, suffix=".part"):
            return path
    except OSError as error:
        raise click.BadParameter(f"{path} cannot be written: {error.strerror}") from None


@click.command(short_help="Train on the 8x8 digits, with gradients checked against autodiff.")
@click.argument("task", metavar="digits|two-or-not", type=click.Choice(["digits", "two-or-not"]))
@click.option(
    "--epochs",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="Passes over the training set.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of the first weights and of the order of the images.",
)
@click.option(
    "--hidden",
    callback=widths,
    metavar="N,N,...",
    default="64,64",
    show_default=True,
    help="Units of each hidden layer; all are ReLU.",
)
@click.option(
    "--step-size",
    type=click.FloatRange(min=0, min_open=True),
    callback=finite,
    default=0.2,
    show_default=True,
    help="Of gradient descent.",
)
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    default=32,
    show_default=True,
    help="Images per step.",
)
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=target,
    metavar="FILE",
    show_default="no plot",
    help="Draw the loss and some held-out images into FILE (.png, .svg or .pdf).",
)
@click.option(
    "--save",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=target,
    metavar="FILE",
    show_default="not saved",
    help="Save the network to FILE (.npz), for reference.load.",
)
@click.option(
    "--none-of-the-above",
    is_flag=True,
    show_default="off",
    help="Train an eleventh output, for what is none of the digits that are known.",
)
@click.option(
    "--none",
    type=click.IntRange(0, 9),
    default=9,
    show_default=True,
    help="With --none-of-the-above: the digit that training shows as none.",
)
@click.option(
    "--unseen",
    type=click.IntRange(0, 9),
    default=4,
    show_default=True,
    help="With --none-of-the-above: the digit that training never shows.",
)
@click.pass_context
def train(
    ctx: click.Context,
    task: str,
    epochs: int,
    seed: int,
    hidden: tuple[int, ...],
    step_size: float,
    batch_size: int,
    plot: Path | None,
    save: Path | None,
    none_of_the_above: bool,
    none: int,
    unseen: int,
) -> None:
    """Train on the 8x8 digits, with the gradients checked against autodiff on the way.

    digits tells ten digits apart; two-or-not tells a 2 from all others. Every fourth image of each
    digit is held out, to measure the accuracy on.

    With --none-of-the-above an eleventh output says "none of the digits that I know". Training
    shows it one digit, --none, and mixtures of two known digits. Another digit, --unseen, is never
    shown: how often that one is called none measures what the output has understood.

    Files are written at the end, and only if the run conforms.

    Exit status: 0 conforms; 1 a gradient disagrees with autodiff, or the loss does not fall or the
    accuracy is too low (under 96 % for digits, 98 % for two-or-not, 80 % with the eleventh output)
    after 100 epochs with default settings; 2 misuse, a step size included with which the loss
    diverges.
    """
    from reference import save as save_network

    from ..training.run import Settings, TrainingRun

    settings = Settings(epochs, seed, hidden, step_size, batch_size)
    run = TrainingRun(_task(ctx, task, none_of_the_above, none, unseen), settings)
    _print_settings(run)
    _train(run)
    if run.verdict != "conforms":
        click.echo(f"{run.verdict}: {run.finding}")
        raise SystemExit(1)
    _print_results(run)
    if plot is not None:
        from ..training.plot import write_plot

        _write(plot, "--plot", lambda: write_plot(run, plot))
    if save is not None:
        _write(save, "--save", lambda: save_network(run.network, save))


def _task(ctx: click.Context, name: str, with_none: bool, none: int, unseen: int) -> Task:
    from ..training.digits import none_of_the_above
    from ..training.run import TASKS

    if not with_none:
        for option in ("none", "unseen"):
            if ctx.get_parameter_source(option) is not ParameterSource.DEFAULT:
                raise click.UsageError(f"--{option} is for --none-of-the-above", ctx)
        return TASKS[name]()
    if name != "digits":
        raise click.UsageError(f"--none-of-the-above is for digits, not for {name}", ctx)
    try:
        return none_of_the_above(none, unseen)
    except ValueError as error:
        raise click.UsageError(str(error), ctx) from None


def _train(run: TrainingRun) -> None:
    """Train, with a progress bar where stderr is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from reference import DivergedError

    with Progress(
        TextColumn("epoch"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    ) as progress:
        bar = progress.add_task("", total=run.settings.epochs)
        try:
            for epoch in run.train():
                progress.update(bar, advance=1, description=f"loss {epoch.loss:.4f}")
        except DivergedError as error:
            raise click.BadParameter(str(error), param_hint="--step-size") from None


def _print_settings(run: TrainingRun) -> None:
    s = run.settings
    click.echo(f"{run.task.title}: {run.architecture}, {type(run.task.divergence).__name__}")
    click.echo(
        f"{len(run.x)} images to train on, {len(run.held_out)} held out; "
        f"{s.batch_size} images a step, step size {s.step_size:g}, seed {s.seed}"
    )


def _print_results(run: TrainingRun) -> None:
    import numpy as np

    from ..reports.summary import count, milestones
    from ..reports.text import percent, ratio

    click.echo("\nepoch      loss  held out")
    for k in milestones(len(run.history.loss)):
        loss, held_out = run.history.loss[k - 1], run.history.validation_loss[k - 1]
        click.echo(f"{k:5}  {loss:8.4f}  {held_out:8.4f}")

    right = run.right()
    click.echo(f"\nheld out: {percent(run.accuracy)} right, {right.sum()} of {len(right)}")
    for name, digits in run.task.groups.items():
        group = right[np.isin(run.held_out.digit, digits)]
        click.echo(f"  {name}: {percent(group.mean())}, {group.sum()} of {len(group)}")
    confused = _most_confused(run)
    if confused:
        click.echo(f"most confused: {', '.join(confused)}")
    worst = max(check.worst for check in run.checks)
    click.echo(
        f"gradients: checked against autodiff at {count(len(run.checks), 'step', 'steps')}, "
        f"largest error {ratio(worst)} of its tolerance"
    )
    click.echo("conforms")


def _most_confused(run: TrainingRun) -> list[str]:
    """The three most frequent errors, like ``5 for 3 (2)``: called 5, twice, where 3 is right."""
    names, right = run.task.names, run.right()
    said, is_ = run.predictions()[~right], run.task.labels(run.held_out)[~right]
    pairs = Counter(zip(said.tolist(), is_.tolist(), strict=True)).most_common(3)
    return [f"{names[s]} for {names[i]} ({times})" for (s, i), times in pairs]


def _write(path: Path, option: str, write: Callable[[], None]) -> None:
    try:
        write()
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror or error}"
        raise click.BadParameter(message, param_hint=option) from None
    click.echo(f"wrote {path}")
