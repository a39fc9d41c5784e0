"""Looking every half minute, beside the reports, whether a time-stamp or a cosignature is due."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

EVERY_SECONDS: Final = 30.0

_LOG: Final = logging.getLogger("aseptrail.anchors")


@contextmanager
def looking_after_anchors(look: Callable[[], object] | None) -> Iterator[None]:
    """Call ``look`` at once and then every half minute, in a thread, until the block ends.

    Args:
        look: asks whoever is due; nothing where nobody is to be asked.
    """
    if look is None:
        yield
        return
    stop = threading.Event()
    # A daemon, so that an authority that is slow never keeps the worker from ending.
    thread = threading.Thread(target=_run, args=(look, stop), name="anchors", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()


def _run(look: Callable[[], object], stop: threading.Event) -> None:
    while True:
        try:
            look()
        except Exception:  # noqa: BLE001 (whatever it is, it is logged)
            # The next time may be better, and a dead thread would ask nobody at all.
            _LOG.exception("looking after time-stamps failed")
        if stop.wait(EVERY_SECONDS):
            return
