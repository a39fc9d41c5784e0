"""What the calls about devices, products, packs, templates and rules take and answer."""

from __future__ import annotations

from marshmallow import fields

from compliance.domain.words import NEEDLE_MATERIALS, PackState, ProductKind, ReprocessingMode
from compliance.operations.inventory.products import MOST_OPEN_DAYS
from compliance.web.api.fields import CODE_PATTERN, Asked, Choice, Day, Shown, Text, Whole
from compliance.web.api.schemas.sessions import OptionOut, WaitOut
from compliance.web.api.schemas.shapes import (
    ComponentOut,
    Count,
    Flag,
    NextCursor,
    PageQuery,
    Part,
    Shape,
    Time,
    Translated,
    Word,
    Words,
)

PACK_STATES = tuple(state.value for state in PackState)


def _code(*, required: bool = True) -> Text:
    allowed = "1 to 40 of A-Z, a-z, 0-9, . _ -"
    return Text(1, 40, pattern=CODE_PATTERN, allowed=allowed, required=required)


class ComponentIn(Asked):
    """A part of a device."""

    component = Text(
        1, 40, pattern="^[a-z][a-z0-9_]{0,39}$", allowed="a-z, 0-9 and _", required=True
    )
    mode = Choice(tuple(mode.value for mode in ReprocessingMode), required=True)
    material = Choice(NEEDLE_MATERIALS, allow_none=True, load_default=None)


class DeviceIn(Asked):
    """A handpiece or reusable device with every part that touches the client."""

    code = _code()
    label = Text(1, 120, required=True)
    components = fields.List(fields.Nested(ComponentIn), required=True)
    max_depth_mm = Text(
        1,
        8,
        pattern=r"^[0-9]{1,2}(\.[0-9]{1,3})?$",
        allowed="a decimal number above 0 up to 3",
        allow_none=True,
    )
    settings = Text(1, 400, allow_none=True, metadata={"description": "Other limits of the maker."})


class DeviceOut(Shown):
    """A device of the clinic."""

    id = Word(format="uuid")
    code = Word()
    label = Word()
    components = Part(ComponentOut, many=True)
    max_depth_mm = Word(nullable=True)
    settings = Word(nullable=True)
    created_at = Time()
    archived_at = Time(nullable=True)


class DeviceListOut(Shown):
    items = Part(DeviceOut, many=True)
    next_cursor = NextCursor()


class ProductIn(Asked):
    """A disinfectant, serum, anaesthetic, aftercare product or cartridge."""

    code = _code()
    kind = Choice(tuple(kind.value for kind in ProductKind), required=True)
    name = Text(1, 120, required=True)
    contact_seconds = Whole(1, 86_400, allow_none=True)
    use = fields.List(Choice(("skin", "surface")), load_default=list)
    maker = Text(1, 120, allow_none=True)
    listing = Text(
        1, 120, allow_none=True, metadata={"description": "Such as an EPA number or EN standard."}
    )
    material = Choice(NEEDLE_MATERIALS, allow_none=True)
    open_days = Whole(
        1, MOST_OPEN_DAYS, allow_none=True, metadata={"description": "Days of use once opened."}
    )


class ProductOut(Shown):
    """A product of the clinic."""

    id = Word(format="uuid")
    code = Word()
    kind = Word()
    name = Word()
    contact_seconds = Count(nullable=True)
    use = Words()
    maker = Word(nullable=True)
    listing = Word(nullable=True)
    material = Word(nullable=True)
    open_days = Count(nullable=True)
    created_at = Time()
    archived_at = Time(nullable=True)


class ProductListOut(Shown):
    items = Part(ProductOut, many=True)
    next_cursor = NextCursor()


class PackIn(Asked):
    """A pack as it comes out of a load."""

    code = _code()
    device_id = Text(
        1, 40, pattern=CODE_PATTERN, allowed="the id or code of a device", allow_none=True
    )
    contents = Text(1, 200, required=True)
    sterilizer = Text(1, 60, required=True)
    cycle_number = Text(1, 40, required=True)
    sterilized_on = Day(required=True)
    expires_on = Day(
        allow_none=True, metadata={"description": "Without it the longest that the rules allow."}
    )


class PackQuery(PageQuery):
    """Which packs to list."""

    state = Choice(PACK_STATES)


class CycleRef(Shown):
    sterilizer = Word()
    number = Word()


class PackOut(Shown):
    """A sterile pack."""

    id = Word(format="uuid")
    code = Word()
    state = Word(enum=list(PACK_STATES))
    device_id = Word(nullable=True)
    contents = Word()
    cycle = Part(CycleRef)
    sterilized_on = Word(format="date")
    expires_on = Word(format="date")
    registered_at = Time()
    registered_by = Word()
    released_at = Time(nullable=True)
    released_by = Word(nullable=True)
    used_in = Word(nullable=True, description="The session that used it.")


class PackListOut(Shown):
    items = Part(PackOut, many=True)
    next_cursor = NextCursor()


class ReleasedOut(Shown):
    """A released pack, and the sessions that its release closed."""

    pack = Part(PackOut)
    closed_sessions = Words()


class WaitListOut(Shown):
    items = Part(WaitOut, many=True)
    next_cursor = NextCursor()


class TemplateLineOut(Shown):
    """The newest version of a checklist."""

    id = Word()
    version = Count()
    hash = Word()
    procedure = Word()
    title = Translated()
    interval_days = Count(nullable=True)
    follow_up_days = Count()


class TemplateListOut(Shown):
    items = Part(TemplateLineOut, many=True)
    next_cursor = NextCursor()


class ConditionOut(Shown):
    item = Word()
    is_ = fields.Raw(data_key="is", required=True, metadata={"type": "string"})


class TemplateItemOut(Shown):
    """What an item asks."""

    code = Word()
    phase = Word()
    kind = Word()
    label = Translated()
    options = Part(OptionOut, many=True)
    unit = Word(nullable=True)
    min = Word(nullable=True)
    max = Word(nullable=True)
    evidence_wanted = Word(nullable=True)
    required_when = Part(ConditionOut, nullable=True)
    rule = Word(nullable=True)


class TemplateOut(TemplateLineOut):
    """One version of a checklist."""

    items = Part(TemplateItemOut, many=True)


class ProfileOut(Shown):
    """A rule profile that the clinic stacks."""

    id = Word()
    version = Count()
    title = Word()
    source = Word()
    primary = Flag(description="False for a second-hand source.")
    valid_from = Word(format="date")


class ProfileIn(Asked):
    """A rule profile that the clinic takes on besides those it has."""

    profile = Text(1, 60, required=True)


class RuleOut(Shown):
    """A value that binds the clinic today: the strictest of its profiles."""

    key = Word()
    value = Shape({"type": ["integer", "boolean", "string", "number", "null"]})
    rule = Word()
    text = Word()
    source = Word()


class EffectiveOut(Shown):
    """What binds the clinic today."""

    on = Word(format="date")
    profiles = Part(ProfileOut, many=True)
    rules = Part(RuleOut, many=True)
