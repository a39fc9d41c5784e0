"""Who may add to a sealed file, and what: an inspector's signature where the clinic asked for one."""

from __future__ import annotations

from typing import Final

from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import EmbeddedPdfSignature

INSPECTOR_FIELD: Final = "Inspector"
"""The empty signature field that a clinic leaves for whoever inspects, when asked to."""


def is_countersignature(signature: EmbeddedPdfSignature) -> bool:
    """Whether it is by somebody else than the clinic, in the field that was left for them."""
    return bool(signature.field_name == INSPECTOR_FIELD)


def invites_countersignature(seal: EmbeddedPdfSignature) -> bool:
    """Whether the clinic left a field for one; such a seal allows forms to be filled."""
    return seal.docmdp_level == MDPPerm.FILL_FORMS
