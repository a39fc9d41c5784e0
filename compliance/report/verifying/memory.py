"""What an inspector remembers between visits: one line for every report accepted."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Final

from compliance.errors import ComplianceError
from compliance.report.verifying.verdict import (
    KnownCheckpoint,
    Outcome,
    Verdict,
    checkpoint_from_json,
    checkpoint_to_json,
)

_FILE: Final = "known-checkpoints.jsonl"


class MemoryDamaged(ComplianceError):
    """The kept checkpoints cannot be read; going on without them would hide a changed log."""

    code = "inspector_memory_damaged"


def load_known(folder: Path) -> tuple[KnownCheckpoint, ...]:
    """Return every checkpoint kept in the folder, oldest first; none if there is no folder.

    Raises:
        MemoryDamaged: if a line is not readable.
    """
    path = folder / _FILE
    if not path.exists():
        return ()
    text = path.read_text(encoding="utf-8")
    # A line without its end was cut off by a crash while it was being kept; the report it
    # came from was never reported as kept.
    lines = text.split("\n")[:-1]
    try:
        return tuple(checkpoint_from_json(json.loads(line)) for line in lines)
    except (ValueError, KeyError, TypeError) as error:
        raise MemoryDamaged(f"{_FILE} cannot be read; keep it and look into it") from error


def remember(folder: Path, verdict: Verdict) -> bool:
    """Keep the checkpoint of an accepted report; return whether it was new.

    Raises:
        MemoryDamaged: if what is kept already is not readable.
    """
    checkpoint = verdict.checkpoint
    if verdict.outcome is not Outcome.ACCEPTED or checkpoint is None:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / _FILE, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if any(_is_same(item, checkpoint) for item in load_known(folder)):
            return False
        _drop_torn_end(descriptor)
        line = json.dumps(checkpoint_to_json(checkpoint)) + "\n"
        os.write(descriptor, line.encode("utf-8"))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return True


def _is_same(kept: KnownCheckpoint, new: KnownCheckpoint) -> bool:
    return (kept.clinic_id, kept.size, kept.root) == (new.clinic_id, new.size, new.root)


def _drop_torn_end(descriptor: int) -> None:
    content = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    os.ftruncate(descriptor, content.rfind(b"\n") + 1)
