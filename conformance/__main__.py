"""``python -m conformance`` is the command ``backprop``."""

import sys

from .kernels import choose_kernels


def run() -> None:
    """The command; without the packages of the extra ``conformance``, a message and status 2."""
    choose_kernels()
    try:
        from .commands import main
    except ModuleNotFoundError as error:
        print(
            f"backprop needs {error.name}: pip install 'backprop-conformance[conformance]'",
            file=sys.stderr,
        )
        raise SystemExit(2) from None
    main(prog_name="backprop")


if __name__ == "__main__":
    run()
