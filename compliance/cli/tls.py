"""``compliance tls``: the certificate with which the server speaks HTTPS in the clinic's own network."""

from __future__ import annotations

import click


@click.group()
def tls() -> None:
    """HTTPS by a certificate of the installation's own, as `compliance run --tls` makes it."""


@tls.command()
def renew() -> None:
    """Make the server's certificate anew, for the names it has.

    A start does it by itself in the last 90 days. When the authority that tablets trust has
    fewer than 90 days left it is made anew too, and each tablet has to be told once more.
    """
    from compliance.app import settings_from_environment, utc_now
    from compliance.keys.certificates import fingerprint
    from compliance.keys.tls import list_own, renew_server_certificate

    folder = settings_from_environment().data_dir / "keys"
    files, fresh = renew_server_certificate(folder, now=utc_now())
    server = list_own(folder)["server"]
    click.echo(f"The server's certificate is good until {server.not_valid_after_utc:%-d %b %Y}")
    click.echo("Start the server again, so that it shows the new one: compliance run --tls")
    if fresh:
        click.echo("Tablets have to trust a new authority once: /tablet-trust on this server")
        click.echo(f"Compare there, SHA-256 {fingerprint(files.authority)}")
    click.echo("Back the keys up now: compliance backup --keys DEST")
