"""The inbox of autoclave logs: files that come to rest in a folder are brought in by themselves.

``INBOX/<clinic slug>/<sterilizer code>/`` is looked into every half minute. A file whose
size did not change between two looks is imported and moved to ``done/`` or ``refused/``
beside it, with a report that accounts for every line. A file that was imported before a
crash could move it is recognised by the hash of its bytes, and only moved then.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from compliance.domain.access import system_actor
from compliance.domain.sterilization.words import SterilizerState
from compliance.errors import ComplianceError, Conflict, NotFound
from compliance.jobs.rounds import going_round
from compliance.operations.clinics import find_clinic
from compliance.operations.sterilization.accounting import account_for
from compliance.operations.sterilization.importing import MOST_BYTES, ImportFile, import_cycles
from compliance.operations.sterilization.machines import list_sterilizers
from compliance.store.session import Database

EVERY_SECONDS: Final = 30.0
MOST_FILES: Final = 50
"""Brought in at one look; the others wait for the next."""

DONE: Final = "done"
REFUSED: Final = "refused"
REPORT: Final = ".report.txt"
NAME: Final = "inbox"
"""Entries say that ``system:inbox`` brought the file."""

_LOG: Final = logging.getLogger("aseptrail.inbox")


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What became of one file."""

    path: Path
    """Where it lies now."""
    accepted: bool
    report: str


class Inbox:
    """Looks into the folder; what it saw last time is kept between two looks."""

    def __init__(self, database: Database, folder: Path, clock: Callable[[], datetime]) -> None:
        self._database, self._folder, self._clock = database, folder, clock
        self._seen: dict[Path, tuple[int, int]] = {}

    def look(self) -> list[Brought]:
        """Bring in every file that has come to rest; each in a transaction of its own."""
        brought: list[Brought] = []
        seen: dict[Path, tuple[int, int]] = {}
        for slug, code, path in self._files():
            found = _state_of(path)
            if found is None:
                continue
            if self._seen.get(path) != found or len(brought) >= MOST_FILES:
                # Still being written, or seen for the first time.
                seen[path] = found
                continue
            try:
                brought.append(self._bring_in(slug, code, path))
            except Exception:  # noqa: BLE001 (whatever it is, it is logged)
                # One file that cannot be brought in must not keep the others lying.
                _LOG.exception("%s could not be brought in", path.name)
                seen[path] = found
        self._seen = seen
        return brought

    def _files(self) -> Iterator[tuple[str, str, Path]]:
        for clinic in _folders(self._folder):
            for machine in _folders(clinic):
                for path in sorted(machine.iterdir()):
                    if not path.name.startswith(".") and path.name not in (DONE, REFUSED):
                        yield clinic.name, machine.name, path

    def _bring_in(self, slug: str, code: str, path: Path) -> Brought:
        with path.open("rb") as file:
            # One byte more than is allowed is enough to be refused.
            content = file.read(MOST_BYTES + 1)
        try:
            report, accepted = self._import(slug, code, path.name, content), True
        except Conflict as error:
            # Imported before, perhaps just before a crash: nothing is left to do but to move it.
            report, accepted = f"{path.name}: {error}\n", True
        except (ComplianceError, OSError) as error:
            report, accepted = f"{path.name}: refused: {error}\n", False
        digest = hashlib.sha256(content).hexdigest()
        target = _move(path, DONE if accepted else REFUSED, digest)
        target.with_name(target.name + REPORT).write_text(report, encoding="utf-8")
        _LOG.info("%s of %s: %s", path.name, code, "brought in" if accepted else "refused")
        return Brought(path=target, accepted=accepted, report=report)

    def _import(self, slug: str, code: str, name: str, content: bytes) -> str:
        with self._database.writing() as tx:
            actor = system_actor(find_clinic(tx, slug).clinic_id, NAME)
            machines = list_sterilizers(tx, actor=actor)
            machine = next((each for each in machines if each.code == code), None)
            if machine is None or machine.state is SterilizerState.RETIRED:
                raise NotFound(f"there is no sterilizer {code!r} in use in the clinic {slug!r}")
            command = ImportFile(sterilizer=machine.sterilizer_id, name=name, content=content)
            return account_for(import_cycles(tx, command, actor=actor, now=self._clock()))


def _folders(folder: Path) -> list[Path]:
    """The folders in a folder; links are not followed, for they may lead anywhere."""
    if not folder.is_dir():
        return []
    return sorted(each for each in folder.iterdir() if each.is_dir() and not each.is_symlink())


def _state_of(path: Path) -> tuple[int, int] | None:
    """Size and time of the last change of a plain file; None for anything else."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return (found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None


def _move(path: Path, into: str, digest: str) -> Path:
    """Move a file beside its siblings; one of the same name there is never overwritten."""
    folder = path.parent / into
    folder.mkdir(exist_ok=True)
    target = folder / path.name
    number = 1
    while target.exists():
        target = folder / f"{path.stem}-{digest[:8]}-{number}{path.suffix}"
        number += 1
    os.replace(path, target)
    return target


def looking_into_inbox(inbox: Inbox) -> AbstractContextManager[None]:
    """Look at once and then every half minute, in a thread, until the block ends."""
    return going_round(NAME, inbox.look, every_seconds=EVERY_SECONDS)
