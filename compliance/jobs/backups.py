"""Looking once a minute, beside the reports, whether a backup is due."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

EVERY_SECONDS: Final = 60.0

_LOG: Final = logging.getLogger("aseptrail.backup")


@contextmanager
def looking_after_backups(look: Callable[[], object] | None) -> Iterator[None]:
    """Call ``look`` at once and then every minute, in a thread, until the block ends.

    Args:
        look: makes a backup if one is due; nothing where none are wanted.
    """
    if look is None:
        yield
        return
    stop = threading.Event()
    # A daemon, so that a backup under way never keeps the worker from ending: what it
    # leaves is a part file without a name.
    thread = threading.Thread(target=_run, args=(look, stop), name="backups", daemon=True)
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
            # The next minute may be better, and a dead thread would make no backup at all.
            _LOG.exception("looking after backups failed")
        if stop.wait(EVERY_SECONDS):
            return
