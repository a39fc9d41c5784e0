"""What the calls about sterilizers, cycles and indicators take and answer."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import fields

from compliance.domain.sterilization.words import (
    CycleKind,
    CycleOutcome,
    Growth,
    SporeOutcome,
    SterilizerState,
    SterilizerType,
)
from compliance.importing.values import DateOrder
from compliance.operations.sterilization.machines import SERVICES
from compliance.web.api.fields import (
    CODE_PATTERN,
    Anything,
    Asked,
    Choice,
    Day,
    Moment,
    Shown,
    Text,
    Whole,
)
from compliance.web.api.schemas.shapes import (
    Count,
    Flag,
    NextCursor,
    PageQuery,
    Part,
    Shape,
    Time,
    Word,
    Words,
    uuid_text,
)

_OBJECTS: Final = {"type": "array", "items": {"type": "object"}}
_CURVE: Final = {
    "type": "array",
    "maxItems": 20000,
    "items": {
        "type": "array",
        "prefixItems": [{"type": "integer"}] * 3,
        "minItems": 3,
        "maxItems": 3,
        "items": {"type": "integer"},
    },
    "description": "Seconds from the start, tenths of °C, absolute hundredths of a bar.",
}


def _words(words: Any) -> tuple[str, ...]:
    return tuple(word.value for word in words)


def _code(**kwargs: Any) -> Text:
    return Text(1, 40, pattern=CODE_PATTERN, allowed="an id or code", **kwargs)


def _tenths() -> Whole:
    return Whole(-500, 3000, allow_none=True, metadata={"description": "Tenths of °C."})


def _seconds() -> Whole:
    return Whole(0, 86_400, allow_none=True)


class ProgramIn(Asked):
    """What a program must reach; limits are inclusive."""

    name = Text(1, 120, required=True)
    hold_decicelsius = Whole(1000, 1500, required=True)
    upper_decicelsius = Whole(1000, 1500, required=True)
    hold_seconds = Whole(1, 7200, required=True)


class SterilizerIn(Asked):
    """A sterilizer as it stands on the bench."""

    code = _code(required=True)
    name = Text(1, 120, required=True)
    type = Choice(_words(SterilizerType), required=True)
    serial = Text(1, 60, required=True)
    chamber_litres = Whole(1, 1000, allow_none=True)
    programs = fields.List(fields.Nested(ProgramIn), required=True)
    installed_on = Day(required=True)
    date_order = Choice(_words(DateOrder), load_default=DateOrder.DAY_MONTH_YEAR.value)


class MoveIn(Asked):
    """A manager's decision about where a sterilizer stands."""

    to = Choice(_words(SterilizerState), required=True)
    reason = Text(3, 2000, required=True)
    cause = Text(3, 2000, allow_none=True)


class ServiceIn(Asked):
    """Maintenance, repair, validation or installation."""

    service = Choice(SERVICES, required=True)
    on = Day(required=True)


class SporeDueOut(Shown):
    """When the next spore test must have run."""

    due_at = Time(nullable=True)
    overdue = Flag()
    rule = Word()


class SterilizerOut(Shown):
    """A sterilizer and where it stands."""

    id = Word(format="uuid")
    code = Word()
    name = Word()
    type = Word()
    serial = Word()
    chamber_litres = Count(nullable=True)
    programs = Shape(_OBJECTS)
    date_order = Word()
    state = Word(enum=list(_words(SterilizerState)))
    state_since = Time()
    installed_on = Word(format="date")
    maintained_on = Word(nullable=True, format="date")
    repaired_on = Word(nullable=True, format="date")
    validated_on = Word(nullable=True, format="date")
    spore_test = Part(SporeDueOut)


class SterilizerListOut(Shown):
    items = Part(SterilizerOut, many=True)
    next_cursor = NextCursor()


class ContentIn(Asked):
    """One thing that went in."""

    device = _code(allow_none=True)
    text = Text(1, 200, allow_none=True)


class ChemicalIn(Asked):
    """A strip of ISO 11140-1, and whether it reached its end point."""

    type = Whole(1, 6, required=True)
    changed = fields.Boolean(required=True, truthy={True}, falsy={False})
    lot = Text(0, 40, load_default="")


class CycleIn(Asked):
    """One run with what it achieved; set values are no evidence."""

    sterilizer = _code(required=True)
    number = Text(1, 40, required=True)
    program = Text(1, 120, required=True)
    kind = Choice(_words(CycleKind), load_default=CycleKind.PRODUCTION.value)
    started_at = Moment(required=True)
    ended_at = Moment(allow_none=True)
    set_decicelsius = _tenths()
    set_hold_seconds = _seconds()
    lowest_decicelsius = _tenths()
    highest_decicelsius = _tenths()
    hold_seconds = _seconds()
    lowest_centibar = Whole(0, 2000, allow_none=True)
    machine_failed = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    curve = Anything(_CURVE, load_default=list)
    contents = fields.List(fields.Nested(ContentIn), load_default=list)
    indicators = fields.List(fields.Nested(ChemicalIn), load_default=list)


class CycleQuery(PageQuery):
    """Which cycles to list."""

    sterilizer = _code()


class CycleOut(Shown):
    """One run: what was set and achieved, and what came of it."""

    id = Word(format="uuid")
    sterilizer_id = Word(format="uuid")
    number = Word()
    kind = Word(enum=list(_words(CycleKind)))
    program = Word()
    started_at = Time()
    ended_at = Time(nullable=True)
    set_decicelsius = Count(nullable=True)
    set_hold_seconds = Count(nullable=True)
    lowest_decicelsius = Count(nullable=True)
    highest_decicelsius = Count(nullable=True)
    hold_seconds = Count(nullable=True)
    lowest_centibar = Count(nullable=True)
    contents = Shape(_OBJECTS)
    indicators = Shape(_OBJECTS)
    outcome = Word(enum=list(_words(CycleOutcome)))
    faults = Words()
    flags = Shape(_OBJECTS)
    raw_sha256 = Word(nullable=True)
    version = Count()
    recorded_at = Time()
    operator_id = Word()
    released_at = Time(nullable=True)
    released_by = Word(nullable=True)


class CycleListOut(Shown):
    items = Part(CycleOut, many=True)
    next_cursor = NextCursor()


class CautionOut(Shown):
    """What was known when a load was released, and the rule it rests on."""

    code = Word()
    text = Word()
    rule = Word(nullable=True)
    source = Word(nullable=True)


class CycleReleasedOut(Shown):
    """A released load, its packs, the sessions that closed with it, and what to know all the same."""

    cycle = Part(CycleOut)
    packs = Words()
    closed_sessions = Words()
    warnings = Part(CautionOut, many=True)


class FlagIn(Asked):
    """What a named person makes of a flag."""

    flag = Text(1, 40, required=True)
    accepted = fields.Boolean(required=True, truthy={True}, falsy={False})
    reason = Text(3, 2000, required=True)


class IndicatorIn(Asked):
    """A spore test with its control, or chemical indicators of a load."""

    kind = Choice(("spore", "chemical"), load_default="spore")
    cycle_id = uuid_text(required=True)
    lot = Text(1, 40, allow_none=True)
    expires_on = Day(allow_none=True)
    result = Choice(_words(Growth), allow_none=True)
    control = Choice(_words(Growth), allow_none=True)
    control_lot = Text(1, 40, allow_none=True)
    read_at = Moment(allow_none=True)
    chemical = fields.List(fields.Nested(ChemicalIn), load_default=list)


class IndicatorOut(Shown):
    """A spore test; of chemical indicators, the load that was judged anew."""

    id = Word(nullable=True)
    kind = Word()
    cycle_id = Word(format="uuid")
    sterilizer_id = Word(format="uuid")
    run_at = Time()
    lot = Word(nullable=True)
    expires_on = Word(nullable=True)
    control_lot = Word(nullable=True)
    result = Word(nullable=True)
    control = Word(nullable=True)
    read_at = Time(nullable=True)
    outcome = Word(enum=[*_words(SporeOutcome), *_words(CycleOutcome)])


class IndicatorListOut(Shown):
    items = Part(IndicatorOut, many=True)
    next_cursor = NextCursor()
