"""The process that serves: one web process with many threads, and the worker beside it."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from compliance.app import create_app
from compliance.cli.installation import PRIVATE_UMASK
from compliance.errors import ComplianceError
from compliance.jobs.worker import start_worker
from compliance.settings import Settings

THREADS: Final = 12
"""Requests answered at once; the database writes one at a time whatever their number."""

BACKLOG: Final = 1024
STOP_SECONDS: Final = 15
"""A request or a report under way may take so long to end before it is cut off."""

INSIST_SECONDS: Final = 3

PARENT: Final = "ASEPTRAIL_PARENT"
"""Tells the worker which process it belongs to; not a setting."""

_LOCK_PATIENCE: Final = 5.0
"""Seconds. The workers of a server that was killed need a moment to notice."""

_PR_SET_PDEATHSIG: Final = 1


class CannotServe(ComplianceError):
    """Somebody else serves at this address or from this data folder."""

    code = "cannot_serve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to listen."""

    host: str
    port: int
    tls: tuple[Path, Path] | None = None
    """Certificate and key in PEM."""

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'http' if self.tls is None else 'https'}://{host}:{self.port}"

    @property
    def ip(self) -> str:
        """The number behind the name; the server itself knows no names.

        Raises:
            CannotServe: the name is unknown.
        """
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise CannotServe(f"there is no address for {self.host!r}: {error.strerror}") from error
        # A name that means both is taken as IPv4, which every browser here can reach.
        found.sort(key=lambda each: each[0] is not socket.AF_INET)
        return str(found[0][4][0])

    def require_free(self) -> None:
        """See that nobody listens there before anything slow is done.

        Raises:
            CannotServe: the port is taken or not allowed.
        """
        ip = self.ip
        family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        try:
            socket.create_server((ip, self.port), family=family).close()
        except OSError as error:
            cause = os.strerror(error.errno or 0)
            raise CannotServe(f"cannot listen at {self.url}: {cause}") from error


@contextmanager
def only_server(settings: Settings) -> Iterator[None]:
    """Hold the data folder for one server: SQLite has one web process.

    The lock ends with the last process of the server, however it ends.

    Raises:
        CannotServe: another server holds it.
    """
    os.umask(PRIVATE_UMASK)
    with (settings.data_dir / "server.lock").open("a") as lock:
        deadline = time.monotonic() + _LOCK_PATIENCE
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise CannotServe(
                        f"another server already works on {settings.data_dir}"
                    ) from error
                time.sleep(0.1)
        yield


def serve(settings: Settings, address: Address) -> None:
    """Serve until SIGINT or SIGTERM; requests under way are finished.

    The caller has migrated the database and holds no connection: the web process
    is forked from this one.
    """
    server: Any = Granian(
        target="aseptrail",
        address=address.ip,
        port=address.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        backlog=BACKLOG,
        websockets=False,
        log_level=LogLevels.error,
        workers_kill_timeout=STOP_SECONDS,
        ssl_cert=None if address.tls is None else address.tls[0],
        ssl_key=None if address.tls is None else address.tls[1],
    )
    workers: list[subprocess.Popen[bytes]] = []
    if settings.jobs_url != "inline":
        # Started by the server, when it already listens to signals: none can come in
        # between and leave the worker alone.
        server.on_startup(lambda: workers.append(_start_worker()))
    try:
        server.serve(target_loader=partial(_load_app, settings, os.getpid()), wrap_loader=False)
    finally:
        for worker in workers:
            stop(worker)


def _load_app(settings: Settings, parent: int) -> Callable[..., Any]:
    """Build the app, in the web process."""
    die_with_parent(parent)
    return create_app(settings)


def _start_worker() -> subprocess.Popen[bytes]:
    """Start it with SIGINT held back until it is ready: else one that comes while Python
    itself is starting would end in a traceback."""
    os.environ[PARENT] = str(os.getpid())
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return start_worker()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def unblock_interrupts() -> None:
    """Let SIGINT through; one that waited raises ``KeyboardInterrupt`` here."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def stop(worker: subprocess.Popen[bytes]) -> None:
    """Ask the worker to finish what it has begun, then insist."""
    for request, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGTERM, INSIST_SECONDS)):
        if worker.poll() is not None:
            return
        worker.send_signal(request)
        try:
            worker.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    worker.kill()
    worker.wait()


def die_with_parent(parent: int) -> None:
    """End this process when the one that started it is killed without a chance to say so.

    Else an orphan would keep the port and the data folder. Linux only; elsewhere
    the next start says that the port is taken.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        # It was gone before we could ask.
        os.kill(os.getpid(), signal.SIGTERM)
