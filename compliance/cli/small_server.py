"""A small HTTP server for one question, with limits: what a witness and the local authority need.

Records are served by `compliance run`; this one knows nothing of them.
"""

from __future__ import annotations

import socketserver
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any, Final

import click

SECONDS: Final = 10
"""A request may take so long to come, a connection so long to be quiet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is answered."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The one thing that can be asked."""

    path: str
    """Exactly this."""

    most_bytes: int
    """Inclusive."""

    answer: Callable[[bytes], Said]


class SmallServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Answers one question, each asker in a thread of its own."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], question: Question) -> None:
        self.question = question
        super().__init__(address, _Handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    timeout = SECONDS
    protocol_version = "HTTP/1.1"
    server_version = "aseptrail"
    sys_version = ""
    server: SmallServer

    def do_POST(self) -> None:
        question = self.server.question
        if self.path != question.path:
            self._say(_plain(404, "nothing is asked here"))
            return
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            self._say(_plain(411, "how long is it?"))
            return
        if len(length) > 9 or int(length) > question.most_bytes:
            self._say(_plain(413, "that is too long"))
            return
        self._say(question.answer(self.rfile.read(int(length))))

    def do_GET(self) -> None:
        self._say(_plain(405, "this is asked with POST"))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class fixes the name)
        """Keep quiet: standard error is for what an operator must know."""

    def _say(self, said: Said) -> None:
        # What was not read would be taken for the next request.
        self.close_connection = said.status != 200
        self.send_response(said.status)
        self.send_header("Content-Type", said.content_type)
        self.send_header("Content-Length", str(len(said.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(said.body)


def serve_question(host: str, port: int, question: Question, *, announce: str) -> None:
    """Serve until interrupted; ``announce`` is printed with the address put into ``{url}``."""
    with SmallServer((host, port), question) as server:
        shown = f"[{host}]" if ":" in host else host
        click.echo(announce.format(url=f"http://{shown}:{server.port}"))
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


def _plain(status: int, text: str) -> Said:
    return Said(status=status, content_type="text/plain; charset=utf-8", body=f"{text}\n".encode())
