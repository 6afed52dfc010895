"""A limit on how long hand-written code may take, loops without end included."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class TimeIsUp(BaseException):
    """Raised in whatever runs when the limit strikes; no ``except Exception`` holds it up."""


@contextlib.contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise TimeIsUp in the body after so many seconds; None is no limit.

    It needs a timer signal and the main thread; elsewhere the body is not limited.
    """
    available = hasattr(signal, "setitimer")
    if (
        seconds is None
        or not available
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def strike(signum: int, frame: FrameType | None) -> None:
        raise TimeIsUp

    before = signal.signal(signal.SIGALRM, strike)
    try:
        # Where the first is swallowed by the body, another follows every second.
        signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
