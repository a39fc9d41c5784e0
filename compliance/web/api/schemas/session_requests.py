"""What the calls about treatment sessions take."""

from __future__ import annotations

from marshmallow import fields

from compliance.domain.words import CALL_A_DOCTOR
from compliance.operations.treatments.amending import GRADES, OUTCOMES
from compliance.operations.treatments.notes import MAX_INK_BYTES, OVERRIDABLE
from compliance.web.api.fields import (
    CODE_PATTERN,
    TEMPLATE_PATTERN,
    Anything,
    Asked,
    Choice,
    DayOrMoment,
    Moment,
    Text,
    YesNo,
)
from compliance.web.api.schemas.sessions import STATES
from compliance.web.api.schemas.shapes import ANSWERED, PIECES, PageQuery, uuid_text


def _reason() -> Text:
    return Text(3, 2000, required=True)


class SessionIn(Asked):
    """What is known when a client sits down."""

    client_ref = Text(1, 80, required=True, metadata={"description": "No name: a reference."})
    template = Text(
        2,
        70,
        pattern=TEMPLATE_PATTERN,
        allowed="ID for the newest version, or ID@VERSION",
        required=True,
    )
    device_id = Text(
        1, 40, pattern=CODE_PATTERN, allowed="the id or code of a device", required=True
    )
    id = uuid_text(metadata={"description": "Your own id; sending twice cannot open twice."})


class SessionQuery(PageQuery):
    """Which sessions to list; times are when they were opened."""

    state = Text(
        4,
        90,
        metadata={"description": f"One or more of {', '.join(STATES)}, with commas between."},
    )
    from_ = DayOrMoment(data_key="from", metadata={"description": "Inclusive."})
    to = DayOrMoment(metadata={"description": "A time is exclusive, a date inclusive."})
    practitioner = Text(1, 80, metadata={"description": "The person's id."})
    client_ref = Text(1, 80)
    late = YesNo()


class AnswerIn(Asked):
    """An answer to one item."""

    result = Anything(ANSWERED, required=True)
    evidence = Anything(PIECES, allow_none=True)
    performed_at = Moment(metadata={"description": "When it was done, if that is not now."})
    reason = Text(3, 2000)


class AbortIn(Asked):
    """The deviation: why a session ends without being completed."""

    what = _reason()
    why = _reason()
    corrective_action = _reason()


class AmendmentIn(Asked):
    """A correction of one item of an ended session."""

    item = Text(1, 60, required=True)
    result = Anything(ANSWERED, required=True)
    evidence = Anything(PIECES, allow_none=True)
    reason = _reason()


class OverrideIn(Asked):
    """The decision to treat in spite of a screening."""

    item = Choice(OVERRIDABLE, required=True)
    reason = _reason()


class ReasonIn(Asked):
    """A reason."""

    reason = _reason()


class ClientIn(Asked):
    """The right client of an open session."""

    client_ref = Text(1, 80, required=True)


class ConsentIn(Asked):
    """The client's ink on a known text."""

    text_id = Text(1, 60, pattern="^[a-z][a-z0-9_]{0,59}$", required=True)
    ink_png = Text(
        1,
        MAX_INK_BYTES * 4 // 3 + 4,
        allowed="a PNG up to 200 kB in Base64",
        required=True,
        metadata={"contentEncoding": "base64", "contentMediaType": "image/png"},
    )


class IncidentIn(Asked):
    """A side effect or sharps injury."""

    grade = Choice(GRADES, required=True)
    signs = fields.List(Choice(CALL_A_DOCTOR), load_default=list)
    description = _reason()


class FollowUpIn(Asked):
    """How the client was on day 2 or 3."""

    outcome = Choice(OUTCOMES, required=True)
    signs = fields.List(Choice(CALL_A_DOCTOR), load_default=list)
    note = Text(0, 2000, load_default="")
