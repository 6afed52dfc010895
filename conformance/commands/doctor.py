"""``backprop doctor``: what is this machine, and is something to be changed?"""

from __future__ import annotations

import json as json_module
from typing import Any

import click


@click.command()
@click.option("--json", is_flag=True, help="Print one JSON document.")
def doctor(json: bool) -> None:
    """Say what is installed, which matrix kernels and devices are used, and what to change.

    Exit status: 0 if all is well, 1 if something should be changed.
    """
    from ..compiled import keep_compiled
    from ..health import examine

    keep_compiled()
    checkup = examine()
    if json:
        document: dict[str, Any] = {"found": checkup.found, "advice": list(checkup.advice)}
        click.echo(json_module.dumps(document, indent=1))
    else:
        width = max(map(len, checkup.found))
        for name, value in checkup.found.items():
            click.echo(f"{name:<{width}}  {value}")
        for advice in checkup.advice or ("all is well",):
            click.echo(f"\n{advice}")
    raise SystemExit(1 if checkup.advice else 0)
