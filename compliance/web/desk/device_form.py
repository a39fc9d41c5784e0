"""What the page of a wrong device asks: the evidence of another device, a reason, a password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, TextAreaField
from wtforms.validators import InputRequired, Length

from compliance.domain.template import Item
from compliance.domain.words import EvidenceKind
from compliance.errors import Refused
from compliance.operations.people.passwords import LONGEST_PASSWORD
from compliance.operations.treatments.reading import SessionRecord

_LONGEST_REASON: Final = 2000
FIELDS: Final[Mapping[EvidenceKind, tuple[tuple[str, str, str], ...]]] = {
    EvidenceKind.PACK: (("ref", "Pack number", "text"),),
    EvidenceKind.LOT: (("lot", "Lot", "text"), ("expires_on", "Use by", "date")),
    EvidenceKind.SHARPS: (("container", "Sharps container", "text"),),
    EvidenceKind.RETURNED: (("returned", "Sent back to the sterilization room", "checkbox"),),
    EvidenceKind.DISINFECTION: (
        ("product", "Disinfectant", "select"),
        ("contact_seconds", "Contact time, seconds", "text"),
        ("lot", "Lot", "text"),
        ("barrier", "A fresh barrier sheath was on", "checkbox"),
    ),
    EvidenceKind.PRODUCT: (
        ("name", "Product", "text"),
        ("lot", "Lot", "text"),
        ("expires_on", "Use by", "date"),
    ),
}
"""Name, label and type of the fields of one piece of evidence."""


class AmendForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """Reason and password; the result depends on the item and is read beside it."""

    version = HiddenField()
    """How many amendments there were on the screen, so that one pressed twice is entered once."""

    reason = TextAreaField(
        "Why the record is corrected",
        validators=[
            InputRequired("Say why the record is corrected."),
            Length(min=3, max=_LONGEST_REASON, message="Give a reason of 3 to 2000 characters."),
        ],
        render_kw={"rows": 3},
    )
    password = PasswordField(
        "Your password",
        validators=[InputRequired("Sign with your password."), Length(max=LONGEST_PASSWORD)],
        render_kw={"autocomplete": "current-password"},
    )


def require_seen(form: AmendForm, record: SessionRecord) -> None:
    """Raises ``Refused`` when the record was amended since the form was shown."""
    if form.version.data not in (None, "", str(len(record.amendments))):
        raise Refused(
            "record",
            form.version.data,
            "was amended meanwhile, perhaps by this very form",
            allowed="look at it again, then sign",
        )


def current_answer(record: SessionRecord, item: Item) -> tuple[Any, list[Mapping[str, Any]]]:
    """The value that counts now: the newest amendment of the item, else its answer."""
    for amendment in reversed(record.amendments):
        if amendment.item == item.code:
            return amendment.data["new"], list(amendment.data["evidence_new"])
    answer = record.loaded.answers.get(item.code)
    return (None, []) if answer is None else (answer.result, list(answer.evidence))
