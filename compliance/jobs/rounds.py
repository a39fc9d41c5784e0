"""Looking again and again whether something is due, beside the reports."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def going_round(
    name: str, look: Callable[[], object] | None, *, every_seconds: float
) -> Iterator[None]:
    """Call ``look`` at once and then every so often, in a thread, until the block ends.

    Args:
        name: of the thread and of its logger.
        look: does what is due; nothing where nothing is wanted.
    """
    if look is None:
        yield
        return
    stop = threading.Event()
    # A daemon, so that what is under way never keeps the worker from ending.
    thread = threading.Thread(
        target=_run, args=(name, look, every_seconds, stop), name=name, daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()


def _run(
    name: str, look: Callable[[], object], every_seconds: float, stop: threading.Event
) -> None:
    while True:
        try:
            look()
        except Exception:
            # The next round may be better, and a dead thread would do nothing at all.
            logging.getLogger(f"aseptrail.{name}").exception("looking after %s failed", name)
        if stop.wait(every_seconds):
            return
