"""The command ``backprop``. Its subcommands are imported when they are called, not before."""

from __future__ import annotations

from importlib import import_module

import click

SUBCOMMANDS = {
    "fuzz": "Judge a hand-written derivative of your own.",
    "report": "Judge the whole hand-written backprop and write a conformance report.",
    "diff": "Say what has changed from one report to the next.",
    "render": "Write the page of a report from its JSON.",
    "matrix": "Join the reports of several environments into one page.",
    "doctor": "Say what is installed, and what makes it slow or wrong.",
    "train": "Train on the 8x8 digits, with gradients checked against autodiff.",
    "completion": "Print what a shell needs to complete this command.",
}


class LateGroup(click.Group):
    """A group that imports ``conformance.commands.NAME`` when NAME is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, without importing anything."""
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command in the module of its name."""
        if cmd_name not in SUBCOMMANDS:
            return None
        module = import_module(f"{__name__}.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUBCOMMANDS.items()))


@click.group(cls=LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="backprop-conformance", prog_name="backprop")
def main() -> None:
    """Is this hand-written gradient right? Matrix backprop by hand, judged by JAX autodiff.

    Exit status: 0 conforms, 1 a disagreement, 2 misuse.
    """
