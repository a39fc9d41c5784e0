"""Closing over HTTP, beside the same POST to an address that needs no database."""

from __future__ import annotations

import http.client
import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from bench.clinic import START, WHOLE, BenchClinic, made_clinic
from bench.close import Timed, run_many
from bench.loading import MINUTE, load_sessions, record_exemplar
from bench.measuring import HERE, Figure, machine, median
from compliance.cli.server import THREADS
from compliance.domain.access import system_actor
from compliance.operations.people.tokens import CreateToken, create_token
from compliance.web.identity import API_PREFIX

CLIENTS: Final = 8
ROUNDS: Final = 5
EACH: Final = 400
PORT: Final = 18453
PATIENCE: Final = timedelta(seconds=60)


class Caller:
    """Connections that are kept open, one for each thread that calls."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._local = threading.local()

    def post(self, path: str, key: str, *, signed_in: bool) -> None:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
            self._local.connection = connection
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        if signed_in:
            headers["Authorization"] = f"Bearer {self._token}"
        connection.request("POST", path, body=b"{}", headers=headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"{path} answered {answer.status}: {text[:300]!r}")


@contextmanager
def served(folder: Path) -> Iterator[None]:
    """The app in a process of its own, one worker with many threads, as `compliance run`."""
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1"),
        *("--blocking-threads", str(THREADS), "--host", "127.0.0.1", "--port", str(PORT)),
        *("--log-level", "warning", "bench.server:app"),
    ]
    environment = {
        **os.environ,
        "COMPLIANCE_DATA_DIR": str(folder),
        "COMPLIANCE_JOBS_URL": "inline",
    }
    process = subprocess.Popen(command, cwd=HERE.parent, env=environment)
    try:
        _await_server(process)
        yield
    finally:
        process.terminate()
        process.wait(30)


def _await_server(process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE.total_seconds()
    while time.monotonic() < end and process.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not start")


def run(folder: Path) -> tuple[list[Figure], dict[str, Any]]:
    """Measure requests a second from 8 clients; the server has a process of its own."""
    facts = machine(folder)
    with made_clinic(folder / "http") as clinic:
        exemplar = record_exemplar(clinic, WHOLE, closed=False, now=START + MINUTE)
        count = (ROUNDS + 1) * EACH
        fresh = iter(load_sessions(clinic, count, exemplar, first=START + 3 * MINUTE))
        caller = Caller(_token(clinic))
        with served(clinic.folder):
            floors, closes = _rounds(caller, fresh)
    return [_throughput(floors, closes), _slowest(closes)], facts


def _rounds(caller: Caller, fresh: Iterator[str]) -> tuple[list[Timed], list[Timed]]:
    floors, closes = [], []
    for number in range(ROUNDS + 1):
        chosen = list(itertools.islice(fresh, EACH))
        floor = run_many(_calls(caller, chosen, f"{API_PREFIX}/bench/{{}}", False), CLIENTS)
        path = f"{API_PREFIX}/sessions/{{}}/close"
        close = run_many(_calls(caller, chosen, path, True), CLIENTS)
        if number:
            # The first round warms caches and connections and does not count.
            floors.append(floor)
            closes.append(close)
    return floors, closes


def _calls(
    caller: Caller, sessions: Sequence[str], path: str, signed_in: bool
) -> list[Callable[[], object]]:
    def call(session_id: str) -> Callable[[], object]:
        return lambda: caller.post(path.format(session_id), session_id, signed_in=signed_in)

    return [call(session_id) for session_id in sessions]


def _token(clinic: BenchClinic) -> str:
    command = CreateToken(
        user_id=clinic.practitioner.user_id,
        label="bench",
        scopes=frozenset({"read", "write", "sign"}),
        expires_at=None,
    )
    now = START + timedelta(days=50)
    with clinic.database.writing() as tx:
        actor = system_actor(clinic.clinic_id, "bench")
        return create_token(tx, command, actor=actor, now=now).secret


def _throughput(floors: Sequence[Timed], closes: Sequence[Timed]) -> Figure:
    floor = median(each.rate for each in floors)
    close = median(each.rate for each in closes)
    return Figure(
        what=f"close over HTTP, {CLIENTS} clients",
        measured=f"{close:.0f}/s",
        floor=f"{floor:.0f}/s",
        ratio=close / floor,
        at_least=0.5,
        note="The floor is the same POST in the same server to an address that parses the body"
        " and answers the same JSON, without token, gate, record or database.",
        why="recognising the token, asking the gate, encoding the record and sixteen statements"
        " cost several times the bare request, and one process has one interpreter.",
    )


def _slowest(closes: Sequence[Timed]) -> Figure:
    mean, p99 = median(each.mean for each in closes), median(each.p99 for each in closes)
    return Figure(
        what=f"99th percentile of a close over HTTP at {CLIENTS} clients against the mean",
        measured=f"{1000 * p99:.1f} ms",
        floor=f"{1000 * mean:.1f} ms",
        ratio=p99 / mean,
        at_most=4,
    )
