"""`compliance demo` as a process: starts, lets people in, stops cleanly, starts again at once."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path

START_SECONDS = 120
"""A slow machine that tests in parallel makes thirty days of data in less."""

STOP_SECONDS = 40


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


@contextmanager
def serving(data_dir: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("COMPLIANCE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "compliance.cli", "demo", "--port", str(port)],
        env={**environ, "DATA_DIR": str(data_dir)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until_ready(process, port)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_until_ready(process: subprocess.Popen[str], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"it ended with {process.returncode}: {process.communicate()}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            # Asked again soon; the loop is bounded by the clock.
            time.sleep(0.1)
    raise AssertionError("it was not ready in time")


def stop(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=STOP_SECONDS)
    return process.returncode, out, err


def log_in(port: int, username: str) -> str:
    """Sign in as a browser does and return the address one arrives at."""
    base = f"http://127.0.0.1:{port}"
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with opener.open(f"{base}/login") as page:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.read().decode())
    assert found is not None
    form = {"csrf_token": found[1], "username": username, "password": f"demo-{username}"}
    with opener.open(f"{base}/login", urllib.parse.urlencode(form).encode()) as arrived:
        assert arrived.status == 200
        return str(urllib.parse.urlsplit(arrived.url).path)


def test_an_interrupted_demo_is_made_again_lets_people_in_stops_and_keeps_its_data(
    tmp_path: Path,
) -> None:
    """One story, because making thirty days of data is the longest wait of the whole suite."""
    data_dir, port = tmp_path / "data", free_port()
    data_dir.mkdir(mode=0o700)
    (data_dir / "demo-data").write_text("making\n")
    (data_dir / "keys").mkdir(mode=0o700)
    (data_dir / "my notes.txt").write_text("not of the demo")
    with serving(data_dir, port) as process:
        assert log_in(port, "manager") != "/login"
        code, out, err = stop(process)
    assert (code, "Traceback" in err) == (0, False), err
    assert f"http://127.0.0.1:{port}/login" in out
    assert "demo-practitioner" in out
    assert "colleague" not in out
    assert "Making the demo" in err
    assert (data_dir / "demo-data").read_text() == "complete\n"
    assert (data_dir / "my notes.txt").exists(), "only the demo's own files are removed"
    made = (data_dir / "demo-data").stat().st_mtime_ns
    assert (data_dir / "keys").stat().st_mode & 0o777 == 0o700
    started = time.monotonic()
    with serving(data_dir, port) as process:
        seconds = time.monotonic() - started
        process.kill()
    # Two seconds on an idle machine.
    assert seconds < 30
    # What was killed leaves no orphan behind that holds port and data.
    with serving(data_dir, port) as process:
        code, _, err = stop(process)
    assert (code, "Making the demo" in err) == (0, False), err
    assert (data_dir / "demo-data").stat().st_mtime_ns == made
