"""``compliance doctor``: what is unsafe or missing."""

from __future__ import annotations

import json
import os
import sys

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor(*, as_json: bool) -> None:
    """Name what is unsafe or missing, why it matters, and the command that mends it.

    Changes nothing. Exit code 0: fine; 1: warnings; 2: something is unsafe.
    """
    from compliance.app import ROOT, settings_from_environment, utc_now
    from compliance.operations.safekeeping.doctor.diagnosing import diagnose
    from compliance.operations.safekeeping.doctor.findings import exit_code

    findings = diagnose(
        settings_from_environment(),
        environ=os.environ,
        migrations=ROOT / "migrations",
        now=utc_now(),
    )
    code = exit_code(findings)
    if as_json:
        report = {"exit_code": code, "findings": [finding.to_json() for finding in findings]}
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            click.echo(f"{finding.level.value.upper()}: {finding.what}")
            click.echo(f"    why: {finding.why}")
            click.echo(f"    do:  {finding.command}")
        if not code:
            click.echo("Nothing is unsafe, and nothing is missing.")
    sys.exit(code)
