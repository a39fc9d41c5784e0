"""The commands that serve: for real, on demo data, and the worker beside them."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from pathlib import Path

import click

from compliance.cli.settings_help import settings_text
from compliance.errors import Refused
from compliance.settings import Settings

# The app takes seconds to import; `--help` and a wrong option must not wait for it,
# so everything that needs it is imported inside the commands.

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8000

_PEM = click.Path(exists=True, dir_okay=False, path_type=Path)
_host = click.option(
    "--host", default=DEFAULT_HOST, show_default=True, help="Address to listen on."
)
_port = click.option(
    "--port", default=DEFAULT_PORT, show_default=True, type=click.IntRange(1, 65535), help="Port."
)


@click.command(epilog=settings_text())
@_host
@_port
@click.option("--tls-certificate", type=_PEM, help="PEM file: certificate and its chain.")
@click.option("--tls-key", type=_PEM, help="PEM file: the certificate's private key.")
@click.option(
    "--tls",
    "own_tls",
    is_flag=True,
    help="HTTPS with a certificate of the installation's own authority, which tablets trust once.",
)
@click.option(
    "--tls-name",
    "tls_names",
    multiple=True,
    metavar="NAME",
    help="Host name or address people use, for --tls; repeat it for several, the first is shown.",
)
def run(
    host: str,
    port: int,
    tls_certificate: Path | None,
    tls_key: Path | None,
    tls_names: tuple[str, ...],
    *,
    own_tls: bool,
) -> None:
    """Bring the database up to date and serve.

    Refuses to start on an unsafe setting and says which. Without a clinic it shows the
    page that makes the first one. Stops cleanly on SIGINT and SIGTERM.
    """
    if (tls_certificate is None) != (tls_key is None):
        raise click.UsageError("--tls-certificate and --tls-key belong together.")
    if own_tls and tls_certificate is not None:
        raise click.UsageError("--tls makes a certificate; leave --tls-certificate out.")
    if tls_names and not own_tls:
        raise click.UsageError("--tls-name is for --tls.")
    tls = None if tls_certificate is None or tls_key is None else (tls_certificate, tls_key)
    _run(host, port, tls, tls_names if own_tls else None)


def _run(
    host: str, port: int, tls: tuple[Path, Path] | None, own_names: tuple[str, ...] | None
) -> None:
    """Serve; with ``own_names`` by a certificate made for these and the machine's names."""
    from compliance.app import settings_from_environment
    from compliance.cli.local_tls import make_local_tls, pair_of, say_how_to_trust, shown_url
    from compliance.cli.safety import Unsafe, find_warnings, require_safe
    from compliance.cli.server import Address, only_server, serve

    settings = settings_from_environment()
    if settings.demo:
        raise Unsafe("COMPLIANCE_DEMO is set; demo data is served by `compliance demo`")
    secure = tls is not None or own_names is not None
    if secure:
        settings = dataclasses.replace(settings, cookie_secure=True)
    require_safe(settings, host, tls=secure)
    with only_server(settings):
        Address(host=host, port=port, tls=tls).require_free()
        has_clinic = _prepare(settings)
        for warning in find_warnings(settings, host):
            click.echo(f"Warning: {warning}", err=True)
        made = None if own_names is None else make_local_tls(settings, host, own_names)
        address = Address(host=host, port=port, tls=tls if made is None else pair_of(made))
        url = address.url if made is None else shown_url(settings, address, own_names)
        _announce_first_run(settings, url, has_clinic=has_clinic)
        click.echo(f"Aseptrail: {url}")
        if made is not None:
            say_how_to_trust(made, url)
        serve(settings, address)


def _announce_first_run(settings: Settings, url: str, *, has_clinic: bool) -> None:
    """Print how the first clinic is made, with the code that another machine needs."""
    from compliance.operations.first_code import issue_code, withdraw_code

    if has_clinic:
        withdraw_code(settings.data_dir)
        return
    code = issue_code(settings.data_dir)
    click.echo(f"There is no clinic yet. Make it in the browser: {url}/first-run")
    click.echo(f"From another machine it asks for this code, valid until the next start: {code}")
    click.echo("Or here: compliance clinic create --help")


def _prepare(settings: Settings) -> bool:
    """Migrate; returns whether there is a clinic. Refuses an installation that holds a demo."""
    from compliance.cli.installation import open_installation
    from compliance.cli.safety import Unsafe
    from compliance.operations.erasure.completing import complete_erasures
    from compliance.operations.founding import DEMO_MARK
    from compliance.operations.rotating import settle_all
    from compliance.operations.safekeeping.rollback import check_rollback
    from compliance.operations.system.overview import holds_demo, list_clinics

    with open_installation(settings) as services:
        with services.database.reading() as tx:
            # The mark counts also before there is a clinic: a demo may have been interrupted.
            if holds_demo(tx) or (settings.data_dir / DEMO_MARK).exists():
                raise Unsafe(
                    "this data folder holds demo data. Serve it with `compliance demo`, or choose "
                    "another folder with COMPLIANCE_DATA_DIR"
                )
            has_clinic = bool(list_clinics(tx))
        settle_all(services.database, services.keys_folder)
        behind = check_rollback(services.database, services.keys_folder)
        if behind:
            raise Unsafe(
                "not started, because:\n  - "
                + "\n  - ".join(behind)
                + "\nRestore the newest backup, or enter in the log that this was done on purpose: "
                "compliance restore --acknowledge"
            )
        complete_erasures(services.workshop, now=services.clock())
        return has_clinic


@click.command()
@_host
@_port
@click.option("--fresh", is_flag=True, help="Throw the demo data away and make it again.")
def demo(host: str, port: int, *, fresh: bool) -> None:
    """Serve the demo clinic, on this machine only; makes its data on first start."""
    from compliance.app import settings_from_environment
    from compliance.cli.demo_data import prepare_demo, print_logins
    from compliance.cli.safety import is_loopback, require_safe
    from compliance.cli.server import Address, only_server, serve

    if not is_loopback(host):
        raise Refused("host", host, "is not this machine", allowed="127.0.0.1, ::1, localhost")
    settings = settings_from_environment(demo=True)
    require_safe(settings, host, tls=False)
    # The worker reads its settings from the environment.
    os.environ["COMPLIANCE_DEMO"] = "yes"
    address = Address(host=host, port=port)
    with only_server(settings):
        address.require_free()
        prepare_demo(settings, fresh=fresh)
        print_logins(address.url)
        serve(settings, address)


@click.command()
def worker() -> None:
    """Make queued reports until told to stop.

    `run` and `demo` start one by themselves. On other machines, start it with the
    same COMPLIANCE_DATABASE_URL and COMPLIANCE_JOBS_URL, and the same keys.
    """
    # A server that stops while its worker is still starting is no failure of the worker.
    with contextlib.suppress(KeyboardInterrupt):
        _work()


def _work() -> None:
    from compliance.app import create_app, settings_from_environment, work
    from compliance.cli.installation import PRIVATE_UMASK
    from compliance.cli.server import PARENT, die_with_parent, unblock_interrupts

    # A stop that was asked for during the imports above takes effect here.
    unblock_interrupts()
    parent = os.environ.get(PARENT, "")
    if parent.isdigit():
        die_with_parent(int(parent))
    os.umask(PRIVATE_UMASK)
    # Drawing a report must not slow a tablet down.
    os.nice(5)
    work(create_app(settings_from_environment()))
