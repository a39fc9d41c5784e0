"""Whom outside the clinic `compliance verify` takes the word of, and which lists it knows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from compliance.errors import ComplianceError

if TYPE_CHECKING:
    from compliance.report.verifying.pins import PinFiles
    from compliance.report.verifying.verdict import Verdict

SETTING = "COMPLIANCE_TSA_CERTIFICATES"


class BadPin(ComplianceError):
    """A file given as a time-stamp certificate, a policy or a list is none."""

    code = "bad_pin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """The files, and where they were named."""

    files: PinFiles
    sources: tuple[str, ...]


def read_pins(
    certificates: Sequence[Path],
    policy: Path | None,
    lists: Sequence[Path],
    *,
    setting: str,
    own_keys: Path | None,
) -> Pinned:
    """Read what the inspector pins; without any, what this installation's settings name.

    Args:
        lists: of revoked certificates.
        setting: the value of `SETTING` in this environment.
        own_keys: where this installation's own list lies, if its own root is trusted.

    Raises:
        BadPin: a file holds something else.
        OSError: a file cannot be read.
    """
    from compliance.keys.revoking import kept_list
    from compliance.report.verifying.pins import PinFiles

    said = "" if certificates else f" ({SETTING} of this installation)"
    named = certificates or [Path(name) for name in setting.split(os.pathsep) if name]
    own = None if own_keys is None else kept_list(own_keys)
    files = PinFiles(
        authorities=[path.read_bytes() for path in named],
        policy=None if policy is None else policy.read_bytes(),
        crls=[*(path.read_bytes() for path in lists), *([] if own is None else [own])],
    )
    try:
        files.read()
    except (ValueError, ComplianceError) as error:
        raise BadPin(f"what was pinned cannot be read: {error}") from error
    sources = [f"{path}{said}" for path in named] + ([] if policy is None else [str(policy)])
    sources += [str(path) for path in lists]
    sources += [] if own is None else ["this installation's own list of revoked certificates"]
    return Pinned(files=files, sources=tuple(sources))


def print_times(verdict: Verdict, pinned: Pinned) -> None:
    """Say between which times each record came into the log, as far as anybody says so."""
    known = [one for one in verdict.brackets if one.not_before is not None or one.by is not None]
    if known:
        click.echo("\nWhen the records came into the log, by the authorities you pinned:")
    for one in known:
        after = "" if one.not_before is None else f" not before {one.not_before:%Y-%m-%d %H:%M:%S}Z"
        by = "" if one.by is None else f" by {one.by:%Y-%m-%d %H:%M:%S}Z"
        click.echo(f"  record {one.record}:{after}{' and' if after and by else ''}{by}")
    if pinned.sources:
        click.echo("\nPinned:")
    for source in pinned.sources:
        click.echo(f"  {source}")


def pins_to_json(pinned: Pinned) -> list[Any]:
    return list(pinned.sources)
