"""``compliance tsa``: the installation's own time-stamp authority, which is not independent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from compliance.cli.small_server import Question, Said
    from compliance.keys.time_authority import TimeAuthority


@click.group()
def tsa() -> None:
    """The installation's own time-stamp authority, for trying out.

    It is NOT INDEPENDENT: whoever has this machine can make it say any time, so its
    tokens prove nothing to an inspector. COMPLIANCE_TSA_URL=local uses it without serving it.
    """


@tsa.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8020, show_default=True, type=int, help="Port to listen on.")
def serve(host: str, port: int) -> None:
    """Answer RFC 3161 requests until interrupted."""
    from compliance.cli.small_server import serve_question

    announce = "Local time-stamp authority, NOT INDEPENDENT: {url}/"
    serve_question(host, port, authority_question(_authority()), announce=announce)


@tsa.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; standard output otherwise.",
)
def certificate(output: Path | None) -> None:
    """Write its certificate, for who wants to pin it on purpose."""
    from cryptography.hazmat.primitives.serialization import Encoding

    pem = _authority().certificate.public_bytes(Encoding.PEM)
    if output is None:
        click.echo(pem.decode(), nl=False)
    else:
        output.write_bytes(pem)


@tsa.command()
def renew() -> None:
    """Certify its key for 5 more years; what it stamped before holds as it did."""
    from compliance.app import settings_from_environment, utc_now
    from compliance.keys.renewing import renew_time_authority

    folder = settings_from_environment().data_dir / "keys"
    certificate = renew_time_authority(folder, now=utc_now()).certificate
    click.echo(f"Time-stamps until {certificate.not_valid_after_utc:%-d %b %Y}")
    click.echo("Where `compliance tsa serve` runs, start it again.")
    click.echo("Whoever pinned the certificate needs the new one: compliance tsa certificate")
    click.echo("Back the keys up now: compliance backup --keys DEST")


def _authority() -> TimeAuthority:
    from compliance.app import settings_from_environment, utc_now
    from compliance.keys.storage import load_root
    from compliance.keys.time_authority import ensure_time_authority

    folder = settings_from_environment().data_dir / "keys"
    return ensure_time_authority(folder, root=load_root(folder), now=utc_now())


def authority_question(authority: TimeAuthority) -> Question:
    """What a time-stamp authority is asked over HTTP (RFC 3161 section 3.4)."""
    from compliance.app import utc_now
    from compliance.cli.small_server import Question, Said
    from compliance.keys.time_authority import MAX_QUERY_BYTES, BadQuery, answer_query

    def answer(query: bytes) -> Said:
        try:
            given = answer_query(authority, query, clock=utc_now)
        except BadQuery as error:
            text = f"{error}\n".encode()
            return Said(status=400, content_type="text/plain; charset=utf-8", body=text)
        return Said(status=200, content_type="application/timestamp-reply", body=given)

    return Question(path="/", most_bytes=MAX_QUERY_BYTES, answer=answer)
