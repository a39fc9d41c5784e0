"""``compliance key``: new keys for a clinic, and the end of trust in old ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from compliance.errors import NotFound, Refused

if TYPE_CHECKING:
    from compliance.keys.storage import ClinicKeys
    from compliance.operations.revoking import SealedFile

_REASONS: Final = ("key-compromise", "superseded", "cessation-of-operation", "affiliation-changed")
_SHOWN: Final = 10
"""Files named one by one that are void by a revocation."""


@click.group()
def key() -> None:
    """Give a clinic new keys, and revoke certificates that must not be trusted any more."""


@key.command()
@click.option("--clinic", "slug", required=True, metavar="SLUG", help="Whose keys.")
@click.option(
    "--only",
    type=click.Choice(["certificate", "note"]),
    help="Only the certificate that seals reports, or only the key that signs the log.",
)
def rotate(slug: str, only: str | None) -> None:
    """Make new keys and use them from now on.

    The log says so in an entry that the old key signs as well. Reports made before
    stay valid; what is signed with an old key later is rejected. Back the keys up
    afterwards: compliance backup --keys.
    """
    from compliance.cli.installation import open_installation, system_user
    from compliance.keys.rotating import NewKeys
    from compliance.operations.clinics import find_clinic
    from compliance.operations.rotating import rotate_keys

    with open_installation() as services:
        with services.database.reading() as tx:
            clinic = find_clinic(tx, slug)
        rotated = rotate_keys(
            services.database,
            clinic,
            NewKeys(note=only != "certificate", seal=only != "note"),
            keys_folder=services.keys_folder,
            system_user=system_user(),
            now=services.clock(),
        )
    click.echo(f"{slug}: rotated by entry {rotated.index}")
    _print_keys(rotated.keys)


@key.command()
@click.option("--clinic", "slug", required=True, metavar="SLUG", help="Whose certificate.")
@click.option(
    "--reason",
    required=True,
    type=click.Choice(_REASONS),
    help="Why it must not be trusted any more; key-compromise when somebody may have copied the key.",
)
@click.option(
    "--since",
    metavar="DATE",
    help="From when on nothing sealed with it counts: YYYY-MM-DD of the clinic's time zone, or a time"
    " with offset. Now, unless given.",
)
@click.option(
    "--certificate",
    metavar="SHA256",
    help="How the SHA-256 of an earlier certificate begins; the one in force unless given.",
)
def revoke(slug: str, reason: str, since: str | None, certificate: str | None) -> None:
    """Revoke a clinic's certificate, and replace it where it is in force.

    The root's list of revoked certificates names it from now on, every later seal carries
    that list, and the log says so. Give the list to inspectors: compliance key crl. A
    revocation can be made earlier or graver by revoking again, and never be taken back.
    """
    from compliance.cli.installation import open_installation, system_user
    from compliance.keys.certificates import fingerprint
    from compliance.operations.clinics import find_clinic
    from compliance.operations.revoking import RevokeCertificate, revoke_certificate

    with open_installation() as services:
        with services.database.reading() as tx:
            clinic = find_clinic(tx, slug)
        revoked = revoke_certificate(
            services.database,
            clinic,
            RevokeCertificate(
                reason=reason.replace("-", "_"),
                since=None if since is None else _read_time(since, clinic.time_zone),
                certificate=certificate,
            ),
            keys_folder=services.keys_folder,
            system_user=system_user(),
            now=services.clock(),
        )
    said = revoked.revocation
    click.echo(f"{slug}: revoked by entry {revoked.index}, since {said.since:%Y-%m-%d %H:%M:%S}Z")
    click.echo(f"  SHA-256 {fingerprint(revoked.certificate)}")
    if revoked.keys is not None:
        _print_keys(revoked.keys)
    _print_void(revoked.void)
    if reason == "key-compromise":
        click.echo(
            "Whoever holds the list accepts what the old key sealed only with a time-stamp from before "
            "then, by an authority they trust. Make reports without one again: compliance export"
        )
    click.echo("Give the list to your inspectors: compliance key crl -o CRL.pem")


@key.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write it; standard output unless given.",
)
def crl(output: Path | None) -> None:
    """Write the root's list of revoked certificates, in PEM, for whoever judges reports.

    An inspector gives it to compliance verify with --crl. It is signed anew where the root
    key is on this machine; else it is the last one signed, for as long as that is valid.
    """
    from compliance.app import settings_from_environment, utc_now
    from compliance.keys.revocation import fresh_crl
    from compliance.keys.revoking import all_revoked, kept_list
    from compliance.keys.storage import KeysMissing

    folder = settings_from_environment().data_dir / "keys"
    try:
        made = fresh_crl(folder, now=utc_now())
    except KeysMissing as error:
        raise NotFound(
            f"there is no root certificate in {folder}; it is made with the first clinic"
        ) from error
    pem = kept_list(folder)
    if made is None or pem is None:
        raise NotFound(
            "the last list is no longer valid, and the root key that signs the next one is not on "
            "this machine; bring it back for as long as this takes"
        )
    if output is None:
        click.echo(pem.decode("ascii"), nl=False)
    else:
        output.write_bytes(pem)
        click.echo(f"Wrote {output}", err=True)
    count = len(all_revoked(folder))
    named = {0: "no certificate", 1: "1 certificate"}.get(count, f"{count} certificates")
    click.echo(f"It names {named}", err=True)


@key.command("list")
@click.option("--clinic", "slug", required=True, metavar="SLUG", help="Whose keys.")
def list_(slug: str) -> None:
    """List the keys and certificates a clinic has used, oldest first."""
    from compliance.cli.installation import open_installation
    from compliance.operations.clinics import find_clinic
    from compliance.operations.revocations import read_revocations
    from compliance.operations.rotating import read_chain

    with open_installation() as services, services.database.reading() as tx:
        clinic_id = find_clinic(tx, slug).clinic_id
        chain = read_chain(tx, clinic_id)
        revoked = {each.certificate_sha256: each for _, each in read_revocations(tx, clinic_id)}
    if chain is None:
        return
    for index, rotation in chain.rotated:
        if rotation.old_note_key != rotation.note_key:
            click.echo(f"{rotation.old_note_key}  retired by entry {index}")
    click.echo(f"{chain.note_key}  in force")
    for index, rotation in chain.rotated:
        old = rotation.old_certificate_sha256
        if old != rotation.certificate_sha256:
            gone = revoked.get(old)
            since = "" if gone is None else f", revoked since {gone.since:%Y-%m-%d %H:%M:%S}Z"
            click.echo(f"certificate {old}  retired by entry {index}{since}")
    click.echo(f"certificate {chain.certificate_sha256}  in force")


def _print_keys(keys: ClinicKeys) -> None:
    from compliance.keys.certificates import fingerprint

    certificate = keys.certificate
    click.echo(f"Seals with {certificate.subject.rfc4514_string()}")
    click.echo(f"  SHA-256 {fingerprint(certificate)}")
    click.echo(f"  until {certificate.not_valid_after_utc:%-d %b %Y}")
    click.echo(f"Signs the log with {keys.note_verifier_key}")
    click.echo("Back the keys up now: compliance backup --keys DEST")


def _print_void(void: Sequence[SealedFile]) -> None:
    if not void:
        return
    what = "1 file was" if len(void) == 1 else f"{len(void)} files were"
    click.echo(f"{what} sealed with it since then and must be made again: compliance export")
    for each in void[:_SHOWN]:
        click.echo(f"  {each.first} to {each.last}, entry {each.index}")
    if len(void) > _SHOWN:
        click.echo(f"  and {len(void) - _SHOWN} more")


def _read_time(text: str, zone: str) -> datetime:
    """Midnight of a date in the clinic's zone, or a time that says its own offset."""
    from zoneinfo import ZoneInfo

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is not None and len(text) == len("YYYY-MM-DD"):
        return moment.replace(tzinfo=ZoneInfo(zone))
    if moment is None or moment.utcoffset() is None:
        allowed = "YYYY-MM-DD, or such as 2026-11-20T14:05:00Z"
        raise Refused("since", text, "is no date, and no time with an offset", allowed=allowed)
    return moment
