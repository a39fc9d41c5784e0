"""``compliance verify``: judging a report. Works on a machine without any installation."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from cryptography import x509

from compliance.cli.pinning import SETTING, Pinned, pins_to_json, print_times, read_pins
from compliance.errors import ComplianceError
from compliance.keys.certificates import fingerprint
from compliance.keys.storage import KeysMissing, export_root_pem
from compliance.settings import data_folder

if TYPE_CHECKING:
    from compliance.report.verifying.verdict import Verdict

NOT_JUDGED: Final = 2
_MARKS: Final = {True: "✓", False: "✗", None: "–"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trust:
    pem: bytes
    source: str

    @property
    def fingerprint(self) -> str:
        return fingerprint(x509.load_pem_x509_certificate(self.pem))


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--trust",
    "trust_files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="ROOT.pem",
    help="A root certificate you hold; repeat it for several. Without it: this installation's own.",
)
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Remember accepted reports here, and compare with those of earlier visits.",
)
@click.option(
    "--tsa",
    "authorities",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="CERT.pem",
    help="A time-stamp authority, or its issuer, whose word you take; repeat it for several.",
)
@click.option(
    "--witness-policy",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Witnesses you know, and how many must agree (C2SP tlog-policy).",
)
@click.option(
    "--crl",
    "lists",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="CRL.pem",
    help="A list of revoked certificates by the root, newer than the report; repeat it for several.",
)
@click.option(
    "--challenge",
    metavar="TEXT",
    help="What you had entered at the clinic: a report made since then holds it.",
)
@click.option("--json", "as_json", is_flag=True, help="The verdict as JSON.")
@click.pass_context
def verify(
    ctx: click.Context,
    file: Path,
    trust_files: tuple[Path, ...],
    state: Path | None,
    authorities: tuple[Path, ...],
    witness_policy: Path | None,
    lists: tuple[Path, ...],
    *,
    challenge: str | None,
    as_json: bool,
) -> None:
    """Judge a report with nothing but the file and what you hold.

    Exit code 0: accepted; 1: rejected; 2: cannot be judged.
    """
    # Any refusal here must be 2: the code 1 says that a report was rejected.
    try:
        trust = _read_trust(trust_files)
        pinned = read_pins(
            authorities,
            witness_policy,
            lists,
            setting=os.environ.get(SETTING, ""),
            own_keys=None if trust_files else data_folder(os.environ) / "keys",
        )
        with file.open("rb"):
            pass
        verdict, kept = _judge(file, trust, state, pinned, challenge)
    except ComplianceError as error:
        click.echo(f"Error: {error}", err=True)
        ctx.exit(NOT_JUDGED)
    except OSError as error:
        from compliance.cli import describe

        click.echo(f"Error: {describe(error)}", err=True)
        ctx.exit(NOT_JUDGED)
    if as_json:
        _print_json(verdict, trust, kept, pinned)
    else:
        _print(verdict, trust, kept, pinned)
    ctx.exit(verdict.exit_code)


class BadTrust(ComplianceError):
    """A file given as a root certificate is none."""

    code = "bad_trust"


def _read_trust(files: Sequence[Path]) -> list[_Trust]:
    trust = [_Trust(pem=path.read_bytes(), source=str(path)) for path in files]
    for each in trust:
        try:
            x509.load_pem_x509_certificate(each.pem)
        except ValueError as error:
            raise BadTrust(f"{each.source} is not a certificate in PEM") from error
    if trust:
        return trust
    try:
        pem = export_root_pem(data_folder(os.environ) / "keys")
    except KeysMissing:
        return []
    return [_Trust(pem=pem, source="this installation's own root")]


def _judge(
    file: Path,
    trust: Sequence[_Trust],
    state: Path | None,
    pinned: Pinned,
    challenge: str | None,
) -> tuple[Verdict, bool]:
    """The verdict, and whether something new was remembered."""
    from compliance.report.verifying.memory import load_known, remember
    from compliance.report.verifying.worker import verify_in_subprocess

    known = () if state is None else load_known(state)
    verdict = verify_in_subprocess(
        file,
        trust_pems=[each.pem for each in trust],
        known=known,
        pins=pinned.files,
        challenge=challenge,
    )
    return verdict, state is not None and remember(state, verdict)


def _print(verdict: Verdict, trust: Sequence[_Trust], kept: bool, pinned: Pinned) -> None:
    click.echo(verdict.sentence)
    click.echo()
    for check in verdict.checks:
        click.echo(f"  {_MARKS[check.holds]} {check.name}: {check.reason}")
    if verdict.clinic is not None:
        click.echo()
        click.echo(f"Clinic: {verdict.clinic}")
        if verdict.period is not None:
            click.echo(f"Period: {verdict.period[0]} to {verdict.period[1]}")
    print_times(verdict, pinned)
    if verdict.does_not_prove:
        click.echo("\nWhat this does not prove:")
        for line in verdict.does_not_prove:
            click.echo(f"  - {line}")
    click.echo("\nTrusted:" if trust else "\nTrusted: nothing; give a root with --trust ROOT.pem")
    for each in trust:
        click.echo(f"  {each.source}\n    SHA-256 {each.fingerprint}")
    if kept:
        click.echo("Remembered for the next visit.")


def _print_json(verdict: Verdict, trust: Sequence[_Trust], kept: bool, pinned: Pinned) -> None:
    body = {
        **verdict.to_json(),
        "trust": [{"source": each.source, "fingerprint": each.fingerprint} for each in trust],
        "pinned": pins_to_json(pinned),
        "remembered": kept,
    }
    click.echo(json.dumps(body, indent=2, ensure_ascii=False))
