"""``compliance root``: what an inspector takes away, and its renewal."""

from __future__ import annotations

import os
from pathlib import Path

import click

from compliance.errors import NotFound


@click.group()
def root() -> None:
    """What an inspector holds: the root certificate."""


@root.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write it; standard output unless given.",
)
def export(output: Path | None) -> None:
    """Write ROOT.pem and print its fingerprint on stderr, to be compared by another way."""
    from compliance.keys.certificates import fingerprint
    from compliance.keys.storage import KeysMissing, export_root_pem, load_root
    from compliance.settings import data_folder

    keys_folder = data_folder(os.environ) / "keys"
    try:
        pem = export_root_pem(keys_folder)
    except KeysMissing as error:
        raise NotFound(
            f"there is no root certificate in {keys_folder}; it is made with the first clinic"
        ) from error
    if output is None:
        click.echo(pem.decode("ascii"), nl=False)
    else:
        output.write_bytes(pem)
        click.echo(f"Wrote {output}", err=True)
    click.echo(f"SHA-256 {fingerprint(load_root(keys_folder).certificate)}", err=True)


@root.command()
def renew() -> None:
    """Certify the root's key for 20 more years; reports made before stay valid.

    Key and name stay. Whoever holds the former ROOT.pem judges as before with it, and other
    programs than ours want the new one when the former ends.
    """
    from compliance.app import utc_now
    from compliance.keys.certificates import fingerprint
    from compliance.keys.renewing import renew_root
    from compliance.settings import data_folder

    certificate = renew_root(data_folder(os.environ) / "keys", now=utc_now()).certificate
    click.echo(f"Certifies until {certificate.not_valid_after_utc:%-d %b %Y}")
    click.echo(f"  SHA-256 {fingerprint(certificate)}")
    click.echo("Give it to your inspectors: compliance root export -o ROOT.pem")
    click.echo("Back the keys up now: compliance backup --keys DEST")
