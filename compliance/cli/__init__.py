"""The command ``compliance``: administration, serving, verifying. Exit codes are the interface.

Only click is imported here; the module of a command is imported when it is asked
for, so that ``compliance --help`` answers at once.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import click

from compliance.errors import ComplianceError, Refused
from compliance.settings import SettingInvalid

FAILED: Final = 1
MISUSED: Final = 2
"""Also click's own code for a wrong option."""

COMMANDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "run": ("serving", "Bring the database up to date and serve."),
        "demo": ("serving", "The same on demo data, on this machine only."),
        "worker": ("serving", "Make queued reports; `run` starts one by itself."),
        "clinic": ("clinics", "Make and list clinics; bring a certificate of one's own."),
        "user": ("people", "Add and list people."),
        "token": ("tokens", "Make, list and revoke tokens of the API."),
        "cycle": ("cycles", "Import the logs of sterilizers."),
        "load": ("loads", "Start loads, read them out, release them."),
        "who-met": ("tracing", "Which clients met a device, pack, load, lot or person's work."),
        "erasure": (
            "erasure",
            "Erase a client or a former colleague, on two persons' word.",
        ),
        "export": ("exporting", "Make a signed report."),
        "verify": ("verifying", "Judge a report with nothing but the file and what you hold."),
        "verifier-html": ("verifier_html", "Write the verifier as one HTML file, for anybody."),
        "key": ("key", "Give a clinic new keys; revoke certificates that are lost."),
        "ledger": ("ledger", "Recompute a log and what was derived from it."),
        "backup": ("safekeeping", "Back up the records, or the keys, while in use."),
        "restore": ("restoring", "Bring a backup back; the log says so."),
        "doctor": ("doctor", "Name what is unsafe or missing, and what mends it."),
        "tsa": ("tsa", "A time-stamp authority of one's own, not independent, for trying out."),
        "witness": ("witness", "Watch over other people's logs and cosign what continues them."),
        "tls": ("tls", "Renew the certificate of HTTPS in the clinic's own network."),
        "root": ("root", "What an inspector holds: the root certificate."),
    }
)
"""Name, module of this package and the line of the overview, in the order shown."""


class LazyGroup(click.Group):
    """Imports a command's module when the command is used; turns refusals into exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 (click's signature)
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"compliance.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 (click's signature)
        """List the commands from the table, without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an expected failure is one sentence on stderr and an exit code."""
        try:
            return super().invoke(ctx)
        except (Refused, SettingInvalid) as error:
            _say(error)
            ctx.exit(MISUSED)
        except ComplianceError as error:
            _say(error)
            ctx.exit(FAILED)
        except BrokenPipeError:
            # Whoever reads our output has seen enough; click ends quietly.
            raise
        except OSError as error:
            click.echo(f"Error: {describe(error)}", err=True)
            ctx.exit(FAILED)


def describe(error: OSError) -> str:
    """Say what the operating system refused, and on which file."""
    cause = error.strerror or str(error)
    return f"{cause}: {error.filename}" if error.filename else cause


def _say(error: ComplianceError) -> None:
    text = str(error)
    # A refused value begins with the name of its field, which is spelt as it is.
    sentence = text if isinstance(error, Refused) else f"{text[:1].upper()}{text[1:]}"
    click.echo(f"Error: {sentence}", err=True)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="aseptrail", prog_name="compliance")
def main() -> None:
    """Aseptrail: hygiene and sterilization records that an inspector can check alone.

    Settings come from environment variables; `compliance run --help` lists them.
    """
