"""The process that makes reports, so that drawing never slows a tablet down."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, Final

WORKER_COMMAND: Final = (sys.executable, "-m", "compliance.cli", "worker")
"""The command line's own worker, with the environment of the process that starts it."""


def start_worker() -> subprocess.Popen[bytes]:
    """Start the worker beside a server, in the same process group; the caller stops it."""
    return subprocess.Popen(WORKER_COMMAND)  # noqa: S603 (constants of this module)


def run_worker(queue: Any, *, workers: int = 1) -> None:
    """Take reports from the queue until a signal says stop; a report under way is finished.

    One worker is the default: a report keeps a processor busy, and SQLite has one writer.
    """
    queue.create_consumer(
        workers=workers, worker_type="thread", periodic=False, max_delay=1.0, backoff=1.3
    ).run()
