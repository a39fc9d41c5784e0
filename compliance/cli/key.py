"""``compliance key``: rotating a clinic's keys."""

from __future__ import annotations

import click


@click.group()
def key() -> None:
    """Give a clinic new keys; the old ones vouch for them."""


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
    from compliance.keys.certificates import fingerprint
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
    certificate = rotated.keys.certificate
    click.echo(f"{slug}: rotated by entry {rotated.index}")
    click.echo(f"Seals with {certificate.subject.rfc4514_string()}")
    click.echo(f"  SHA-256 {fingerprint(certificate)}")
    click.echo(f"  until {certificate.not_valid_after_utc:%-d %b %Y}")
    click.echo(f"Signs the log with {rotated.keys.note_verifier_key}")
    click.echo("Back the keys up now: compliance backup --keys DEST")


@key.command("list")
@click.option("--clinic", "slug", required=True, metavar="SLUG", help="Whose keys.")
def list_(slug: str) -> None:
    """List the keys a clinic has used, oldest first."""
    from compliance.cli.installation import open_installation
    from compliance.operations.clinics import find_clinic
    from compliance.operations.rotating import read_chain

    with open_installation() as services, services.database.reading() as tx:
        chain = read_chain(tx, find_clinic(tx, slug).clinic_id)
    if chain is None:
        return
    for index, rotation in chain.rotated:
        click.echo(f"{rotation.old_note_key}  retired by entry {index}")
    click.echo(f"{chain.note_key}  in force")
