"""What making a report needs besides a database: keys, fonts, the software's name."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Final

from compliance.operations.anchoring.plan import AnchorPlan
from compliance.operations.personal import Keyring
from compliance.store.session import Database

PRODUCT: Final = "aseptrail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """Handed to the exporting operations by page, API, command line and job alike."""

    database: Database
    keyring: Keyring
    keys_folder: Path
    fonts: Path
    reports_folder: Path
    """Signed files lie here, one folder a clinic."""

    anchors: AnchorPlan = field(default_factory=AnchorPlan)
    """Who is asked for time-stamps and cosignatures; nobody unless the settings say so."""


def software_name() -> str:
    return f"{PRODUCT} {version(PRODUCT)}"


def clinic_folder(workshop: Workshop, clinic_id: str) -> Path:
    folder = workshop.reports_folder / clinic_id
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
