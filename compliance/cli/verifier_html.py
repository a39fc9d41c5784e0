"""``compliance verifier-html``: the verifier as one file for people who have nothing installed."""

from __future__ import annotations

import hashlib
import sys
from importlib.metadata import version
from pathlib import Path

import click


@click.command("verifier-html")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write it; standard output unless given.",
)
def verifier_html(output: Path | None) -> None:
    """Write the verifier as one HTML file that judges reports in any current browser.

    It needs no network, no installation and no account, and gives the verdict
    that `compliance verify` gives. Hand it to whoever has to check a report.
    """
    from compliance.report.verifier_page import build_page, installed_sources

    page = build_page(installed_sources(), software=f"Aseptrail {version('aseptrail')}").encode()
    if output is None:
        sys.stdout.buffer.write(page)
    else:
        output.write_bytes(page)
        click.echo(f"Wrote {output}", err=True)
    click.echo(f"SHA-256 {hashlib.sha256(page).hexdigest()}", err=True)
