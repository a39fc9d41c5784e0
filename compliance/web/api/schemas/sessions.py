"""What the calls about treatment sessions answer."""

from __future__ import annotations

from typing import Final

from marshmallow import fields

from compliance.domain.words import ItemKind, Phase, SessionState
from compliance.web.api.fields import Shown
from compliance.web.api.schemas.shapes import (
    RESULT,
    SHOWN_PIECES,
    BlockerOut,
    ComponentOut,
    Count,
    Flag,
    NextCursor,
    OutcomeOut,
    Part,
    PersonOut,
    Shape,
    Time,
    Translated,
    Word,
    Words,
)

STATES: Final = tuple(state.value for state in SessionState)
_DEVICE: Final = {
    "type": "object",
    "description": "Where the item is `device`: the device itself was amended.",
    "required": ["id", "label", "components"],
}
_AMENDED: Final = {"anyOf": [*RESULT["anyOf"], _DEVICE, {"type": "null"}]}


class TemplateRef(Shown):
    id = Word()
    version = Count()
    hash = Word()


class DeviceRef(Shown):
    id = Word(format="uuid")
    label = Word()
    components = Part(ComponentOut, many=True)


class WarningOut(Shown):
    code = Word()
    text = Word()


class OpenedOut(OutcomeOut):
    """A session just opened, with the warnings that matter at that moment."""

    warnings = Part(WarningOut, many=True)


class LineTemplate(Shown):
    id = Word()
    version = Count()


class LineDevice(Shown):
    id = Word(format="uuid")
    label = Word()


class SessionLineOut(Shown):
    """A session in a list."""

    id = Word(format="uuid")
    state = Word(enum=list(STATES))
    version = Count()
    client_ref = Word()
    template = Part(LineTemplate)
    device = Part(LineDevice)
    practitioner = Part(PersonOut)
    opened_at = Time()
    started_at = Time(nullable=True)
    finished_at = Time(nullable=True)
    ended_at = Time(nullable=True)
    closed_index = Count(nullable=True)
    late = Flag()
    amended = Flag()


class SessionListOut(Shown):
    items = Part(SessionLineOut, many=True)
    next_cursor = NextCursor()


class GivenAnswer(Shown):
    """The answer that counts, as it was given before the session ended."""

    result = Shape(RESULT)
    evidence = Shape(SHOWN_PIECES)
    by = Part(PersonOut)
    auth = Word()
    recorded_at = Time()
    performed_at = Time()
    late = Flag()
    index = Count()


class OptionOut(Shown):
    value = Word()
    label = Translated()


class ItemOut(Shown):
    """An item of the checklist and what was answered."""

    code = Word()
    phase = Word(enum=[phase.value for phase in Phase])
    kind = Word(enum=[kind.value for kind in ItemKind])
    label = Translated()
    asked = Flag(description="Whether the item counts, given the answers so far.")
    options = Part(OptionOut, many=True)
    unit = Word(nullable=True)
    min = Word(nullable=True)
    max = Word(nullable=True)
    evidence_wanted = Word(nullable=True)
    answer = Part(GivenAnswer, nullable=True)


class GateOut(Shown):
    """What the next step is, and everything that is in its way."""

    next_step = Word(nullable=True, description="start, finish, close, or null.")
    open = Flag()
    blockers = Part(BlockerOut, many=True)
    waiting = Words(description="Components that the sterilization room has yet to release.")


class SignatureOut(Shown):
    by = Part(PersonOut)
    meaning = Word()
    at = Time()
    auth = Word(description="`token` means: by token, not re-authenticated.")


class AmendmentOut(Shown):
    """A correction after closing, beside what it corrects."""

    index = Count()
    at = Time()
    item = Word()
    old = Shape(_AMENDED)
    new = Shape(_AMENDED)
    evidence_old = Shape(SHOWN_PIECES)
    evidence_new = Shape(SHOWN_PIECES)
    reason = Word()
    signature = Part(SignatureOut)


class OverrideOut(Shown):
    index = Count()
    item = Word()
    by = Part(PersonOut)
    at = Time()
    reason = Word()


class HandoverOut(Shown):
    index = Count()
    from_ = fields.Nested(PersonOut, required=True, data_key="from")
    to = Part(PersonOut)
    reason = Word()


class ConsentOut(Shown):
    index = Count()
    text_id = Word()
    text_version = Count()
    at = Time()


class EventOut(Shown):
    """An adverse event or a follow-up that cites this session."""

    index = Count()
    kind = Word(description="`incident.recorded` or `followup.recorded`.")
    at = Time()
    grade = Word(nullable=True)
    escalated = Flag(nullable=True)
    outcome = Word(nullable=True)
    signs = Words()
    text = Word()


class WaitOut(Shown):
    """A component that came back and waits for its next release."""

    session_id = Word(format="uuid")
    component = Word()
    device_id = Word(format="uuid")
    since = Time()
    pack_id = Word(nullable=True, description="The pack whose release ended the wait.")


class SessionOut(Shown):
    """Everything about one session, of one moment."""

    id = Word(format="uuid")
    state = Word(enum=list(STATES))
    version = Count()
    client_ref = Word()
    template = Part(TemplateRef)
    device = Part(DeviceRef)
    practitioner = Part(PersonOut)
    opened_at = Time()
    started_at = Time(nullable=True)
    finished_at = Time(nullable=True)
    ended_at = Time(nullable=True)
    opened_index = Count()
    signed_index = Count(nullable=True)
    closed_index = Count(nullable=True)
    late = Flag()
    amended = Flag()
    follow_up_on = Word(nullable=True, format="date")
    warnings = Part(WarningOut, many=True)
    items = Part(ItemOut, many=True)
    gate = Part(GateOut)
    overrides = Part(OverrideOut, many=True)
    handovers = Part(HandoverOut, many=True)
    consents = Part(ConsentOut, many=True)
    amendments = Part(AmendmentOut, many=True)
    events = Part(EventOut, many=True)
    waits = Part(WaitOut, many=True)


class HistoryLineOut(Shown):
    """One entry of the log: who, what, when, old, new, why."""

    index = Count()
    kind = Word()
    at = Time()
    by = Part(PersonOut)
    auth = Word()
    data = Shape(
        {"type": "object"},
        description="As recorded; hidden texts carry their `value` beside the commitment.",
    )


class HistoryOut(Shown):
    items = Part(HistoryLineOut, many=True)
    next_cursor = NextCursor()
