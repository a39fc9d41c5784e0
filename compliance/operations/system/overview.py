"""What an installation holds, for its administrator at the command line."""

from __future__ import annotations

from collections.abc import Sequence

from compliance.store import clinics
from compliance.store.clinics import ClinicRow
from compliance.store.session import Tx


def list_clinics(tx: Tx) -> Sequence[ClinicRow]:
    """Every clinic of the installation, by slug; only the command line may ask."""
    return clinics.list_clinics(tx)


def holds_demo(tx: Tx) -> bool:
    """Whether a clinic of the installation is a demo."""
    return any(clinic.demo for clinic in clinics.list_clinics(tx))


def holds_only_demo(tx: Tx) -> bool:
    """Whether nothing but demo clinics would be lost with this database."""
    return all(clinic.demo for clinic in clinics.list_clinics(tx))
