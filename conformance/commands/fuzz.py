"""``backprop fuzz``: is the hand-written derivative in a file right?"""

from __future__ import annotations

import json
import os
import re
import textwrap
from pathlib import Path

import click

from ..fuzz_process import Answer, Misuse, Request, judge
from .files import make_folder
from .train import finite

COLUMNS = 100


def place(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """FILE.py:NAME; for the oracle also a public name of JAX."""
    if value is None or re.fullmatch(r".+:.+", value):
        return value
    if param.name == "oracle":
        if re.fullmatch(r"jax(\.[a-zA-Z]\w*)+", value):
            return value
        raise click.BadParameter(
            f"must be FILE.py:NAME or a public name of JAX, like jax.nn.silu, got {value!r}"
        )
    raise click.BadParameter(f"must be FILE.py:NAME, like mine.py:Swish, got {value!r}")


@click.command(short_help="Judge a hand-written derivative of your own.")
@click.argument("target", metavar="FILE.py:NAME", callback=place)
@click.option(
    "--oracle",
    callback=place,
    metavar="FILE.py:NAME|jax.NAME",
    show_default="its own forward",
    help="An independent forward in JAX, of one row (n,), like jax.nn.silu or oracle.py:swish.",
)
@click.option(
    "--examples",
    type=click.IntRange(min=1),
    default=500,
    show_default=True,
    help="Cases to judge.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of the drawing; the same seed gives the same verdict.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True, max=86_400),
    callback=finite,
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="For running the file and judging; no verdict by then is an error.",
)
@click.option(
    "--out",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    show_default="not written",
    help="Folder for verdict.txt, verdict.json and, of a mistake, reproducer.py.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print the verdict as JSON, and nothing else."
)
def fuzz(
    target: str,
    oracle: str | None,
    examples: int,
    seed: int,
    timeout: float,
    directory: Path | None,
    as_json: bool,
) -> None:
    """Judge a hand-written function and its derivative, and say what is wrong with them.

    NAME is a class or an instance with forward(z) and one or more of derivative(z, y),
    jacobian(z, y) and vjp(z, y, dy); or a pair of functions (forward, backward); or two names,
    like swish,swish_backward.

    Without --oracle the forward is taken for right, and what autodiff or differences make of it is
    the judge; mistakes in the forward itself are then not seen.

    The file is run in a process of its own, so that nothing it does harms this one.

    Exit status: 0 conforms, an oracle that is found wrong included; 1 a disagreement, or code that
    raises, does not end or ends its process; 2 misuse: no such file or name, a file that cannot be
    run, no target, an oracle that fails.
    """
    if directory is not None:
        make_folder(directory)
    request = Request(target, oracle, examples, seed, timeout)
    try:
        answer = judge(request)
    except Misuse as misuse:
        raise click.BadParameter(str(misuse), param_hint=misuse.parameter or None) from None
    as_text, as_data = f"{folded(answer.text)}\n", f"{json.dumps(answer.verdict, indent=2)}\n"
    if as_json:
        click.echo(as_data, nl=False)
    else:
        from .terminal import show

        show(as_text)
    if directory is not None:
        files = {"verdict.txt": as_text, "verdict.json": as_data}
        _write(directory, files | {"reproducer.py": script(answer, request)}, silent=as_json)
    raise SystemExit(0 if answer.verdict["conforms"] else 1)


def folded(text: str) -> str:
    """The text in lines that fit; code and numbers, four columns in, stay as they are."""
    return "\n".join(
        line
        if line.startswith("    ")
        else textwrap.fill(
            line,
            COLUMNS,
            subsequent_indent=" " * 10,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in text.splitlines()
    )


def script(answer: Answer, request: Request) -> str:
    """The reproducer, made to run from any folder; empty where there is none."""
    explanation = answer.verdict["explanation"]
    if explanation is None or not explanation["reproducer"]:
        return ""
    return (
        "import os\nimport sys\n\n"
        f"os.chdir({os.getcwd()!r})  # where backprop fuzz was run\n"
        f"sys.path += {request.folders!r}\n\n"
        f"{explanation['reproducer']}"
    )


def _write(directory: Path, files: dict[str, str], *, silent: bool) -> None:
    """Write the files that have text; what an earlier run left in place of another is removed."""
    for name, text in files.items():
        path = directory / name
        try:
            if not text:
                path.unlink(missing_ok=True)
                continue
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            message = f"{path} cannot be written: {error.strerror}"
            raise click.BadParameter(message, param_hint="--out") from None
        if not silent:
            click.echo(f"wrote {path}")
