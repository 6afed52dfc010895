"""``backprop completion``: what a shell needs to complete the command."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion of backprop for a shell.

    For bash: eval "$(backprop completion bash)", likewise for zsh; for fish:
    backprop completion fish | source.
    """
    complete = get_completion_class(shell)
    assert complete is not None
    click.echo(complete(ctx.find_root().command, {}, "backprop", "_BACKPROP_COMPLETE").source())
