"""Mappings of text logs: set up by a manager, kept as versions, used by every import."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from compliance.domain.access import Action, Actor
from compliance.errors import NotFound
from compliance.importing.text_mapping import (
    MappedText,
    TextMapping,
    check_mapping,
    read_mapping,
)
from compliance.operations.inventory.entering import enter_change
from compliance.operations.sealing import hold_log
from compliance.operations.sterilization.machines import find_sterilizer
from compliance.store import log_files
from compliance.store.log_files import LogMappingRow
from compliance.store.session import Tx

__all__ = ["LogMappingRow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapLog:
    """How the text logs of one sterilizer are to be read from now on."""

    sterilizer: str
    mapping: TextMapping


def map_log(tx: Tx, command: MapLog, *, actor: Actor, now: datetime) -> LogMappingRow:
    """Keep a new version of a sterilizer's mapping; files read before stay as they were read.

    Raises:
        NotFound: no such sterilizer.
        Refused: a mapping that could not find a cycle.
    """
    actor.require(Action.MANAGE_DEVICES)
    check_mapping(command.mapping)
    hold_log(tx, actor.clinic_id)
    machine = find_sterilizer(tx, command.sterilizer, actor=actor)
    before = log_files.find_mapping(tx, actor.clinic_id, machine.sterilizer_id)
    row = LogMappingRow(
        clinic_id=actor.clinic_id,
        sterilizer_id=machine.sterilizer_id,
        version=1 if before is None else before.version + 1,
        mapping=command.mapping.to_json(),
        made_at=now,
        made_by=actor.user_id,
    )
    data = {
        "sterilizer": row.sterilizer_id,
        "version": row.version,
        "mapping": dict(row.mapping),
    }
    enter_change(tx, actor, "sterilizer.mapped", data, now=now)
    log_files.insert_mapping(tx, row)
    return row


def find_mapping(
    tx: Tx, sterilizer: str, *, actor: Actor, version: int | None = None
) -> LogMappingRow | None:
    """The mapping of a sterilizer, the newest unless a version is named; raises ``NotFound``."""
    actor.require(Action.READ_THINGS)
    machine = find_sterilizer(tx, sterilizer, actor=actor)
    row = log_files.find_mapping(tx, actor.clinic_id, machine.sterilizer_id, version)
    if row is None and version is not None:
        raise NotFound(f"{machine.code} has no mapping of version {version}")
    return row


def mapped_adapter(row: LogMappingRow) -> MappedText:
    """The adapter that reads by a mapping; its name tells the version."""
    return MappedText(read_mapping(row.mapping), version=row.version)
