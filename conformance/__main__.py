"""``python -m conformance`` is the command ``backprop``."""

from .commands import main

if __name__ == "__main__":
    main(prog_name="backprop")
