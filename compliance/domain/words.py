"""The words of the field, stored and hashed by value: a released value is never renamed."""

from __future__ import annotations

import enum
from typing import Final


class Phase(enum.StrEnum):
    """When an item of the checklist is confirmed."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


class ItemKind(enum.StrEnum):
    """What an answer looks like: ``yes|no``, a code, a value with unit, or evidence."""

    ATTESTATION = "attestation"
    CHOICE = "choice"
    MEASUREMENT = "measurement"
    EVIDENCE = "evidence"


class SessionState(enum.StrEnum):
    """Where a treatment session stands."""

    DRAFT = "draft"
    IN_PROGRESS = "in_progress"
    TREATED = "treated"
    AWAITING_REPROCESSING = "awaiting_reprocessing"
    CLOSED = "closed"
    ABORTED = "aborted"

    @property
    def ended(self) -> bool:
        """Nothing is edited or added any more but amendments."""
        return self in (SessionState.CLOSED, SessionState.ABORTED)

    @property
    def accepts_answers(self) -> bool:
        """A signed session waits only for the sterilization room."""
        return not self.ended and self is not SessionState.AWAITING_REPROCESSING


class ReprocessingMode(enum.StrEnum):
    """How a component is made safe again, or thrown away."""

    STEAM = "steam"
    PRESTERILIZED_SINGLE_USE = "presterilized_single_use"
    DISINFECT_AND_BARRIER = "disinfect_and_barrier"


class EvidenceKind(enum.StrEnum):
    """What a tick points at."""

    PACK = "pack"
    LOT = "lot"
    SHARPS = "sharps"
    DISINFECTION = "disinfection"
    RETURNED = "returned"
    PRODUCT = "product"
    CONTRAINDICATION = "contraindication"


class PackState(enum.StrEnum):
    REGISTERED = "registered"
    RELEASED = "released"
    USED = "used"
    DAMAGED = "damaged"
    RECALLED = "recalled"


class DepthClass(enum.StrEnum):
    COSMETIC = "cosmetic"
    MEDICAL = "medical"


class ProductKind(enum.StrEnum):
    DISINFECTANT = "disinfectant"
    SERUM = "serum"
    ANAESTHETIC = "anaesthetic"
    AFTERCARE = "aftercare"
    CARTRIDGE = "cartridge"


NEEDLE_MATERIALS: Final = ("titanium", "surgical_steel")

FIXED_ITEMS: Final = {
    "device_sterilized_before": Phase.BEFORE,
    "gloves_worn": Phase.BEFORE,
    "mask_worn": Phase.BEFORE,
    "skin_disinfected_before": Phase.BEFORE,
    "needle_material": Phase.BEFORE,
    "skin_disinfected_after": Phase.AFTER,
    "device_sterilized_after": Phase.AFTER,
}
"""The seven items that no template may drop, and the phase of each."""

CONTRAINDICATIONS: Final = (
    "pregnancy",
    "lactation",
    "blood_disease",
    "oncology",
    "acute_acne",
    "herpes",
    "rosacea",
    "very_sensitive_skin",
    "certain_medication",
    "scars_easily",
    "eczema",
    "open_wounds",
    "recent_skin_therapy",
)
"""The union of the lists of the five seed protocols."""

CALL_A_DOCTOR: Final = ("bruising", "peeling", "infection", "severe_bleeding", "allergic_reaction")
"""Signs that escalate an adverse event."""
