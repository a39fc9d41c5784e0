"""``compliance clinic``: making clinics, listing them, sealing with one's own certificate."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

LANGUAGES: Final = ("en", "de")
"""As `compliance.operations.clinics` has them; to import that would make every command slow."""


@click.group()
def clinic() -> None:
    """Make, list and change clinics; bring a certificate of one's own."""


@clinic.command()
@click.argument("slug")
@click.option("--name", required=True, help="As it stands on reports.")
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    required=True,
    metavar="ID",
    help="Rule profile, such as UK-HTM-01-05; repeat it to stack several.",
)
@click.option("--time-zone", default="Europe/Dublin", show_default=True, help="IANA name.")
@click.option(
    "--language",
    default="en",
    show_default=True,
    type=click.Choice(LANGUAGES),
    help="Of reports, checklists and consents; screens are in English.",
)
def create(slug: str, name: str, profiles: tuple[str, ...], time_zone: str, language: str) -> None:
    """Make a clinic with its keys, its log and the five protocols.

    SLUG names it in commands: 2 to 40 of a-z, 0-9 and single hyphens.
    """
    from compliance.cli.installation import open_installation, system_user
    from compliance.operations.founding import FoundClinic, found_clinic

    command = FoundClinic(
        slug=slug, name=name, time_zone=time_zone, language=language, profiles=profiles
    )
    with open_installation() as services:
        made = found_clinic(
            services.database,
            command,
            keys_folder=services.keys_folder,
            system_user=system_user(),
            now=services.clock(),
        )
    click.echo(f"Made clinic {made.slug}: {made.name} ({made.clinic_id})")
    click.echo(f"Rule profiles: {', '.join(made.profiles)}")
    click.echo(f"Next: compliance user add USERNAME --clinic {made.slug} --role manager --name …")


@clinic.command("list")
def list_() -> None:
    """List the clinics of this installation."""
    from compliance.cli.installation import open_installation
    from compliance.operations.system.overview import list_clinics

    with open_installation() as services, services.database.reading() as tx:
        for row in list_clinics(tx):
            demo = "  demo" if row.demo else ""
            profiles = ", ".join(row.profiles)
            click.echo(f"{row.slug:<20}  {row.name}  [{row.time_zone}; {profiles}]{demo}")


@clinic.command("change")
@click.argument("slug")
@click.option("--name", help="As it stands on reports from now on.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Of reports from now on.")
def change(slug: str, name: str | None, language: str | None) -> None:
    """Set a clinic's name or language right, from now on.

    The log keeps what was there before, and reports tell it. SLUG and time zone stay.
    """
    from compliance.cli.installation import acting_in, open_installation
    from compliance.operations.changing_clinic import (
        ChangeClinic,
        change_clinic,
        find_former_seal,
    )

    if name is None and language is None:
        raise click.UsageError("Say what changes: --name, --language or both.")
    with open_installation() as services:
        with services.database.writing() as tx:
            actor = acting_in(tx, slug)
            command = ChangeClinic(name=name, language=language)
            changed = change_clinic(tx, command, actor=actor, now=services.clock())
        former = find_former_seal(services.keys_folder, changed)
    click.echo(f"{slug}: {changed.name} [{changed.language}]")
    if former is not None:
        click.echo(f"Its seal still bears the name {former}; reports by it stay valid.")
        click.echo(f"To put the new name into it: compliance key rotate --clinic {slug}")


@clinic.command("add-profile")
@click.argument("slug")
@click.argument("profile")
def add_profile(slug: str, profile: str) -> None:
    """Take one more rule PROFILE on; there is no way back.

    A clinic may tighten its rules and never loosen them. Prints what becomes stricter.
    """
    from compliance.cli.installation import acting_in, open_installation
    from compliance.operations import adding_profiles

    with open_installation() as services, services.database.writing() as tx:
        actor = acting_in(tx, slug)
        added = adding_profiles.add_profile(tx, profile, actor=actor, now=services.clock())
    click.echo(f"{slug}: {', '.join(added.names)}")
    for change in added.changes:
        click.echo(f"  {change.key}: {change.after} (was {change.before})")


@clinic.command("import-key")
@click.argument("slug")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--password-stdin", is_flag=True, help="Read the file's password from standard input."
)
def import_key(slug: str, file: Path, *, password_stdin: bool) -> None:
    """Seal a clinic's reports with the certificate and key of a PKCS #12 file.

    The old certificate is kept beside the new one, its key is destroyed. An
    inspector needs the root of the new certificate to judge later reports.
    """
    from compliance.cli.installation import open_installation, system_user
    from compliance.cli.secrets_input import read_secret
    from compliance.keys.certificates import fingerprint
    from compliance.operations.clinics import find_clinic
    from compliance.operations.rotating import import_certificate

    content = file.read_bytes()
    with open_installation() as services:
        with services.database.reading() as tx:
            clinic_id = find_clinic(tx, slug).clinic_id
        password = read_secret("Password of the file", stdin=password_stdin, confirm=False)
        rotated = import_certificate(
            services.database,
            clinic_id,
            (content, password.encode() if password else None),
            keys_folder=services.keys_folder,
            system_user=system_user(),
            now=services.clock(),
        )
    keys = rotated.keys
    click.echo(f"{slug} now seals with: {keys.certificate.subject.rfc4514_string()}")
    click.echo(f"SHA-256 {fingerprint(keys.certificate)}")


@clinic.command("use-token")
@click.argument("slug")
@click.option(
    "--certificate",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="In PEM, with its issuers after it.",
)
@click.option("--module", required=True, metavar="LIBRARY", help="The maker's PKCS #11 library.")
@click.option("--token", required=True, metavar="LABEL", help="The label of the token.")
@click.option("--key", required=True, metavar="LABEL", help="The label of its private key.")
@click.option("--pin-stdin", is_flag=True, help="Read the PIN from standard input.")
def use_token(
    slug: str, certificate: Path, module: str, token: str, key: str, *, pin_stdin: bool
) -> None:
    """Seal a clinic's reports with a key that stays in a token (PKCS #11).

    Needs the extra `aseptrail[pkcs11]`. The PIN is kept beside the clinic's keys, so
    that reports can be made unattended; the key itself never leaves the token.
    """
    from compliance.cli.installation import open_installation, system_user
    from compliance.cli.secrets_input import read_secret
    from compliance.keys.certificates import fingerprint
    from compliance.keys.tokens import TokenPlace
    from compliance.operations.clinics import find_clinic
    from compliance.operations.rotating import use_token as adopt

    pin = read_secret("PIN of the token", stdin=pin_stdin, confirm=False)
    place = TokenPlace(
        module=module,
        token=token,
        key=key,
        pin=pin,
        certificates=certificate.read_text(encoding="ascii"),
    )
    with open_installation() as services:
        with services.database.reading() as tx:
            clinic_id = find_clinic(tx, slug).clinic_id
        rotated = adopt(
            services.database,
            clinic_id,
            place,
            keys_folder=services.keys_folder,
            system_user=system_user(),
            now=services.clock(),
        )
    click.echo(f"{slug} now seals with: {rotated.keys.certificate.subject.rfc4514_string()}")
    click.echo(f"SHA-256 {fingerprint(rotated.keys.certificate)}, entry {rotated.index}")
