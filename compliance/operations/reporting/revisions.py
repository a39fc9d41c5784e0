"""What the log says of the bytes of a file: as it was made, and after each time-stamp."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compliance.store import log
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisions:
    """What the log says of one file: its SHA-256 as it was made, and after each time-stamp."""

    index: int
    """Of the entry that exported it."""
    kept: str | None
    """The name that this entry gives it; entries from before did not."""
    hashes: tuple[str, ...]
    torn: int | None
    """The index of an entry that does not begin with the bytes before it."""


def read_revisions(tx: Tx, clinic_id: str, reports: Sequence[str]) -> dict[str, Revisions]:
    """What the log says of files, by the name that entries give them."""
    made = log.find_places(tx, clinic_id, "report", reports)
    places: dict[str, list[int]] = {report: [index] for report, index in made.items()}
    for report, index in log.find_places(tx, clinic_id, "report_extended", reports).items():
        places.setdefault(report, []).append(index)
    renewed: dict[str, list[int]] = defaultdict(list)
    for thing, index in log.list_places(tx, clinic_id, "report_renewed"):
        renewed[thing.rpartition("/")[0]].append(index)
    for report in made:
        places[report] += renewed.get(report, [])
    wanted = sorted({index for report in made for index in places[report]})
    bodies = log.read_bodies(tx, clinic_id, wanted)
    found = {}
    for report, index in made.items():
        told = _revisions(index, [(each, bodies.get(each)) for each in sorted(places[report])])
        if told is not None:
            found[report] = told
    return found


def _revisions(index: int, entries: Sequence[tuple[int, bytes | None]]) -> Revisions | None:
    hashes: list[str] = []
    torn: int | None = None
    kept: str | None = None
    for place, body in entries:
        data = _data(body)
        if place == index:
            kept = None if data.get("kept") is None else str(data["kept"])
        elif not hashes or data.get("former_sha256") != hashes[-1]:
            torn = place
        hashes.append(str(data.get("sha256")))
    if entries[0][0] != index:
        return None
    return Revisions(index=index, kept=kept, hashes=tuple(hashes), torn=torn)


def _data(body: bytes | None) -> Mapping[str, Any]:
    try:
        data = json.loads(body or b"{}").get("data")
    except (ValueError, AttributeError):
        # Somebody wrote the log anew; its hashes show that elsewhere.
        return {}
    return data if isinstance(data, dict) else {}
