"""``compliance root``: what an inspector takes away."""

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
