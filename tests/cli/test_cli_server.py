"""Stopping what was started, and saying how far a command is."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

import compliance.cli.server as server
from compliance.cli.progress import terminal_progress

# What runs in the background has been told to ignore an interrupt, and hands that on.
_WILLING = """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_DFL)
print("ready", flush=True)
time.sleep(600)
"""
_STUBBORN = """
import signal, sys, time
for each in (signal.SIGINT, signal.SIGTERM):
    signal.signal(each, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize(
    ("script", "code"),
    [(_WILLING, -2), (_STUBBORN, -9)],
    ids=["willing", "stubborn"],
)
def test_a_worker_is_asked_first_and_then_made_to_stop(
    script: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "STOP_SECONDS", 0.2 if code == -9 else 30)
    monkeypatch.setattr(server, "INSIST_SECONDS", 0.2)
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"ready\n"
        server.stop(worker)
        server.stop(worker)
        assert worker.returncode == code


def test_progress_is_for_people_who_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = io.StringIO()
    monkeypatch.setattr(sys, "stderr", watched)
    assert terminal_progress("drawing") is None
    monkeypatch.setattr(watched, "isatty", lambda: True)
    show = terminal_progress("drawing")
    assert show is not None
    show(1, 4)
    show(4, 4)
    assert watched.getvalue() == "\rdrawing:  25 % (1 of 4)\rdrawing: 100 % (4 of 4)\n"
