"""Which entries the signed file of a recall or a search quotes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from compliance.domain.access import Actor
from compliance.ledger.proofs import inclusion_proof
from compliance.operations.reporting.standing import always_quoted
from compliance.operations.reporting.trees import Tree
from compliance.operations.sealing import node_reader
from compliance.operations.sterilization.affected import RecallRow
from compliance.report.verifying.traced import MOST_CALLS, MOST_REFUSED
from compliance.store import log, recalls, session_notes
from compliance.store.session import Tx

MOST_QUOTED: Final = 500


class Listed(Protocol):
    """What was read from one snapshot, and how long the log was in it."""

    @property
    def size(self) -> int: ...
    @property
    def sessions(self) -> tuple[str, ...]: ...
    @property
    def recall(self) -> RecallRow | None: ...


def read_size(tx: Tx, actor: Actor) -> int:
    """How many entries the log has in this snapshot."""
    head = log.read_head(tx, actor.clinic_id, lock=False)
    return 0 if head is None else head.size


def find_quoted(tx: Tx, clinic_id: str, listed: Listed) -> set[int]:
    """The entries of the recall, the endings and refused answers of its sessions.

    What came after the lists were read would contradict them.
    """
    about = _of_recall(tx, listed.recall, listed) if listed.recall is not None else set()
    about |= _refused(tx, clinic_id, listed)
    for kind in ("session_signed", "session_closed"):
        places = log.find_places(tx, clinic_id, kind, list(listed.sessions[:MOST_QUOTED]))
        about |= set(places.values())
    return {index for index in about if index < listed.size}


def quote(tx: Tx, clinic_id: str, listed: Listed, tree: Tree) -> list[Mapping[str, Any]]:
    """Those entries with their proofs in the tree; the keys are those of its checkpoint."""
    indexes = always_quoted(tx, clinic_id, tree.size) | find_quoted(tx, clinic_id, listed)
    read = node_reader(tx, clinic_id)
    return [
        {
            "index": index,
            "body": body.decode(),
            "proof": [each.hex() for each in inclusion_proof(index, tree.size, read)],
        }
        for index, body in sorted(log.read_bodies(tx, clinic_id, sorted(indexes)).items())
    ]


def _of_recall(tx: Tx, row: RecallRow, listed: Listed) -> set[int]:
    """The recall's opening and closing, and the newest calls about the sessions listed."""
    indexes: set[int] = set()
    for kind in ("recall", "recall_closed"):
        indexes |= set(log.find_places(tx, row.clinic_id, kind, [row.recall_id]).values())
    sessions = set(listed.sessions)
    told = [
        call["idx"]
        for call in recalls.list_calls(tx, row.clinic_id, row.recall_id)
        if call["session_id"] in sessions and call["idx"] < listed.size
    ]
    return indexes | set(told[-MOST_CALLS:])


def _refused(tx: Tx, clinic_id: str, listed: Listed) -> set[int]:
    """The newest refused answers of the sessions listed."""
    refused = session_notes.read_refused(tx, clinic_id, listed.sessions)
    places = sorted(note.index for notes in refused.values() for note in notes)
    return set([each for each in places if each < listed.size][-MOST_REFUSED:])
