"""Progress on stderr, where somebody is watching."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click


def terminal_progress(label: str) -> Callable[[int, int], None] | None:
    """A function told (done, total) that keeps one line up to date; None without a terminal."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        share = 100 if total == 0 else 100 * done // total
        click.echo(f"\r{label}: {share:3d} % ({done} of {total})", err=True, nl=done >= total)

    return show
