"""Reading a password: from a prompt or standard input, never from the command's arguments."""

from __future__ import annotations

import sys

import click


def read_secret(label: str, *, stdin: bool, confirm: bool) -> str:
    """Ask on the terminal without showing it, or take the first line of standard input."""
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    secret: str = click.prompt(
        label,
        hide_input=True,
        confirmation_prompt=confirm,
        default="" if not confirm else None,
        show_default=False,
        err=True,
    )
    return secret
