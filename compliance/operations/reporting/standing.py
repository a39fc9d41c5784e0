"""The entries that every signed file quotes, and the clinic as they describe it."""

from __future__ import annotations

from compliance.operations.sealing import QUOTED_ALWAYS
from compliance.store import log
from compliance.store.session import Tx


def always_quoted(tx: Tx, clinic_id: str, size: int) -> set[int]:
    """The first entry, every restore and rotation, and every change of the clinic's name.

    Args:
        tx: one snapshot.
        clinic_id: whose log.
        size: of the log that the file is about; what came later is not in its tree.
    """
    places = {index for kind in QUOTED_ALWAYS for _, index in log.list_places(tx, clinic_id, kind)}
    return {index for index in {0} | places if index < size}
