"""Templates: none may drop, weaken or move one of the fixed seven."""

from __future__ import annotations

from typing import Any

import pytest
from checklists import body, item, options, templates
from hypothesis import given

from compliance.domain.template import Template, TemplateInvalid, read_template
from compliance.domain.words import FIXED_ITEMS
from compliance.operations.catalogue import seed_templates

ATTESTED = ("gloves_worn", "mask_worn", "skin_disinfected_before", "skin_disinfected_after")


def changed(code: str, **changes: Any) -> dict[str, Any]:
    made = body()
    made["items"] = [
        {**each, **changes} if each["code"] == code else each for each in made["items"]
    ]
    return made


@given(templates())
def test_the_fixed_seven_are_in_every_template_that_can_be_read(template: Template) -> None:
    for code, phase in FIXED_ITEMS.items():
        found = template.item(code)
        assert found is not None
        assert found.phase is phase
        assert found.required_when is None


def test_the_five_seed_protocols_are_valid() -> None:
    assert len({template.id for template in seed_templates()}) == 5


@pytest.mark.parametrize("code", FIXED_ITEMS)
def test_none_of_the_seven_can_be_dropped(code: str) -> None:
    made = body()
    made["items"] = [each for each in made["items"] if each["code"] != code]

    with pytest.raises(TemplateInvalid, match=f"{code}: .*cannot be dropped"):
        read_template(made)


@pytest.mark.parametrize("code", FIXED_ITEMS)
def test_none_of_the_seven_can_be_moved(code: str) -> None:
    phase = "after" if FIXED_ITEMS[code] == "before" else "before"

    with pytest.raises(TemplateInvalid, match=f"{code}: belongs to the phase"):
        read_template(changed(code, phase=phase))


@pytest.mark.parametrize("code", FIXED_ITEMS)
def test_none_of_the_seven_can_be_made_conditional(code: str) -> None:
    made = changed(code, required_when={"item": "first", "is": "yes"})
    made["items"].insert(0, item("first"))

    with pytest.raises(TemplateInvalid, match=f"{code}: is always required"):
        read_template(made)


@pytest.mark.parametrize("code", ATTESTED)
@pytest.mark.parametrize(
    "change",
    [
        {"kind": "choice", "options": options("yes", "maybe")},
        {"kind": "measurement", "unit": "mm", "min": "1", "max": "2"},
        {"kind": "evidence"},
    ],
)
def test_an_attestation_stays_one(code: str, change: dict[str, Any]) -> None:
    with pytest.raises(TemplateInvalid, match=f"{code}: is an attestation"):
        read_template(changed(code, **change))


@pytest.mark.parametrize("code", ATTESTED)
def test_an_attestation_offers_nothing_but_yes_and_no(code: str) -> None:
    # Options on an attestation would let a session close on a "no": see the gate.
    with pytest.raises(TemplateInvalid, match=code):
        read_template(changed(code, options=options("yes", "no")))


@pytest.mark.parametrize("code", ATTESTED)
@pytest.mark.parametrize("slot", ["contraindications", "consent", "product:serum"])
def test_an_attestation_takes_no_evidence_that_would_change_its_meaning(
    code: str, slot: str
) -> None:
    with pytest.raises(TemplateInvalid, match=code):
        read_template(changed(code, evidence=slot))


@pytest.mark.parametrize("code", ["device_sterilized_before", "device_sterilized_after"])
@pytest.mark.parametrize(
    "change",
    [
        {"kind": "attestation"},
        {"evidence": None},
        {"evidence": "consent"},
        {"options": options("yes", "no")},
    ],
)
def test_a_sterilized_item_takes_evidence(code: str, change: dict[str, Any]) -> None:
    with pytest.raises(TemplateInvalid, match=code):
        read_template(changed(code, **change))


@pytest.mark.parametrize(
    "values",
    [
        ("titanium",),
        ("titanium", "surgical_steel", "nickel"),
        ("surgical_steel", "titanium"),
        ("titanium", "steel"),
        (),
    ],
)
def test_needle_material_offers_titanium_and_surgical_steel(values: tuple[str, ...]) -> None:
    with pytest.raises(TemplateInvalid, match="needle_material"):
        read_template(changed("needle_material", options=options(*values)))


@pytest.mark.parametrize(
    "extra",
    [
        item("Bad Code"),
        item("gloves_worn"),
        item("choice", kind="choice"),
        item("choice", kind="choice", options=options("one")),
        item("choice", kind="choice", options=options("one", "one")),
        item("measured", kind="measurement"),
        item("measured", kind="measurement", unit="mm", min="2", max="1"),
        item("measured", kind="measurement", unit="mm", min="x", max="1"),
        item("measured", kind="guess"),
        item("late", phase="whenever"),
        item("conditional", required_when={"item": "later", "is": "yes"}),
        item("conditional", required_when={"item": "gloves_worn", "is": "maybe"}),
        item("conditional", required_when={"item": "gloves_worn"}),
        item("evident", evidence="a feeling"),
        {"code": "short"},
    ],
)
def test_an_item_no_checklist_can_be_made_of_is_refused(extra: dict[str, Any]) -> None:
    with pytest.raises(TemplateInvalid):
        read_template(body(extra))


@pytest.mark.parametrize(
    "change",
    [{"schema": "other/1"}, {"id": "No Code"}, {"version": 0}, {"version": "1"}, {"extra": 1}],
)
def test_a_malformed_template_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(TemplateInvalid, match="template"):
        read_template({**body(), **change})
