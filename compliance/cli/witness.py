"""``compliance witness``: being a witness of other people's logs (C2SP tlog-witness).

Needs no installation: an association or an inspectorate runs it on a machine of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from compliance.cli.small_server import Question, Said
    from compliance.keys.witness import Witness

_FOLDER = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))


@click.group()
def witness() -> None:
    """Watch over logs: cosign what continues what was seen, refuse a second history."""


@witness.command()
@_FOLDER
@click.option("--name", required=True, help="How it calls itself, such as inspectorate.example/w1.")
def init(folder: Path, *, name: str) -> None:
    """Make a witness with a new key in a new folder, and print its key for policies."""
    from compliance.keys.witness import make_witness

    key = make_witness(folder, name=name)
    click.echo(key.text())
    click.echo(
        f"Keep {folder}: a witness that forgot what it saw must be replaced, not restarted.",
        err=True,
    )


@witness.command()
@_FOLDER
@click.argument("key")
def trust(folder: Path, key: str) -> None:
    """Take a log from now on; KEY is the verifier key that its reports state as note_key."""
    from compliance.keys.witness import Witness, trust_log

    Witness(folder)
    trust_log(folder, key)
    click.echo(f"{len(Witness(folder).logs())} logs are taken.")


@witness.command()
@_FOLDER
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8010, show_default=True, type=int, help="Port to listen on.")
def serve(folder: Path, *, host: str, port: int) -> None:
    """Answer requests until interrupted; put TLS before it with a proxy."""
    from compliance.cli.small_server import serve_question
    from compliance.keys.witness import Witness

    opened = Witness(folder)
    announce = f"{opened.key.text()}\nWitness of {len(opened.logs())} logs: {{url}}/add-checkpoint"
    serve_question(host, port, witness_question(opened), announce=announce)


def witness_question(opened: Witness) -> Question:
    """What a witness is asked over HTTP."""
    from compliance.app import utc_now
    from compliance.cli.small_server import Question, Said
    from compliance.keys.witness import MAX_REQUEST_BYTES, WitnessStateLost

    def answer(request: bytes) -> Said:
        try:
            given = opened.add_checkpoint(request, now=utc_now())
        except WitnessStateLost as error:
            click.echo(f"Error: {error}", err=True)
            text = "what was seen last cannot be read\n"
            return Said(status=500, content_type="text/plain; charset=utf-8", body=text.encode())
        return Said(status=given.status, content_type=given.content_type, body=given.body)

    return Question(path="/add-checkpoint", most_bytes=MAX_REQUEST_BYTES, answer=answer)
