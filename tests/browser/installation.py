"""A real server process on a folder of its own, and commands beside it."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from givens import ROOT

READY_SECONDS: Final = 40
COMMAND: Final = (sys.executable, "-m", "compliance.cli")


def environment(data: Path) -> dict[str, str]:
    """Nothing of this machine's own settings reaches the installation."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COMPLIANCE_")}
    return {**kept, "COMPLIANCE_DATA_DIR": str(data), "PYTHONPATH": str(ROOT)}


def command(data: Path, *words: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run ``compliance`` as a person types it, in a process of its own."""
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        env=environment(data),
        cwd=data.parent,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def must(data: Path, *words: str | Path, stdin: str = "") -> str:
    """The same for a command that has to succeed; what it printed."""
    done = command(data, *words, stdin=stdin)
    if done.returncode != 0:
        raise AssertionError(f"{words}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


@dataclass(slots=True, kw_only=True)
class Server:
    """``compliance run`` with what it printed until it was ready."""

    url: str
    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    def stop(self) -> int:
        """Ask it to end, as Ctrl+C does; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise
        finally:
            if self.process.stdout is not None:
                self.process.stdout.close()


def start_server(data: Path, *options: str) -> Server:
    """Start it on a free port and wait until it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    scheme = "https" if "--tls" in options else "http"
    process = subprocess.Popen(
        [*COMMAND, "run", "--port", str(port), *options],
        env={**environment(data), "PYTHONUNBUFFERED": "1"},
        cwd=data.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    server = Server(url=f"{scheme}://127.0.0.1:{port}", process=process)
    if process.stdout is None:
        raise AssertionError("the server has no output")
    _await_ready(server, port, process.stdout)
    return server


def _await_ready(server: Server, port: int, output: IO[str]) -> None:
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_pump, args=(output, lines), daemon=True).start()
    while not any(line.startswith("Aseptrail: ") for line in server.said):
        line = lines.get(timeout=READY_SECONDS)
        server.said.append(line)
        if not line:
            raise AssertionError("the server ended:\n" + "".join(server.said))
    # It says its address just before it listens.
    for _ in range(READY_SECONDS * 20):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            threading.Event().wait(0.05)
        else:
            return
    server.stop()
    raise AssertionError("nobody listens")


def _pump(output: IO[str], lines: queue.Queue[str]) -> None:
    # Reads to the end, so that the server never waits for somebody to take its words.
    try:
        for line in output:
            lines.put(line)
    except ValueError:
        pass
    lines.put("")
