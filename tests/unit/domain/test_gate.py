"""The gate: closed unless every asked item is complete, and every blocker says the way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from checklists import (
    AFTER_TIP,
    BEFORE_TIP,
    TODAY,
    YESTERDAY,
    answered,
    body,
    facts,
    good_answers,
    item,
    options,
    rules,
    sessions,
)
from hypothesis import given
from hypothesis import strategies as st

from compliance.domain.answers import Answer
from compliance.domain.evidence import Component, PackFacts
from compliance.domain.gate import (
    Blocked,
    SessionFacts,
    ask_close,
    ask_finish,
    ask_start,
    item_problems,
    waiting_components,
)
from compliance.domain.template import Template, read_template
from compliance.domain.words import FIXED_ITEMS, PackState, Phase, ReprocessingMode, SessionState


def is_complete(template: Template, answers: Mapping[str, Answer]) -> bool:
    """An oracle of its own: written from the rules, not from the gate's code."""
    counting: dict[str, Any] = {}
    for each in template.items:
        if each.required_when is not None:
            other, value = each.required_when
            if counting.get(other) != value:
                continue
        answer = answers.get(each.code)
        if answer is None:
            return False
        counting[each.code] = answer.result
        if answer.result == "no" and not each.options:
            return False
        if each.evidence == "device_before" and BEFORE_TIP not in answer.evidence:
            return False
        if each.evidence == "device_after" and AFTER_TIP not in answer.evidence:
            return False
    return True


@given(sessions())
def test_the_gate_opens_if_and_only_if_every_asked_item_is_complete(given_: SessionFacts) -> None:
    assert ask_close(given_).open == is_complete(given_.template, given_.answers)


@given(sessions(), st.randoms(use_true_random=False))
def test_the_order_of_answering_changes_no_verdict(given_: SessionFacts, random: Any) -> None:
    shuffled = list(given_.answers.items())
    random.shuffle(shuffled)

    assert ask_close(replace(given_, answers=dict(shuffled))) == ask_close(given_)


@given(sessions())
def test_every_blocker_names_item_reason_rule_and_way_out(given_: SessionFacts) -> None:
    for blocker in ask_close(given_).blockers:
        assert all(blocker.to_json().values())
        assert given_.template.item(blocker.item) is not None


@given(sessions())
def test_the_start_asks_for_the_phase_before_and_nothing_else(given_: SessionFacts) -> None:
    draft = replace(given_, state=SessionState.DRAFT)
    before = {each.code for each in draft.template.items if each.phase is Phase.BEFORE}
    closing = {(b.item, b.code) for b in ask_close(given_).blockers if b.item in before}

    assert {(b.item, b.code) for b in ask_start(draft).blockers} == closing


@pytest.mark.parametrize("code", FIXED_ITEMS)
def test_each_of_the_seven_blocks_alone_when_it_is_missing(code: str) -> None:
    answers = good_answers()
    del answers[code]

    assert [(b.item, b.code) for b in ask_close(facts(answers=answers)).blockers] == [
        (code, "missing")
    ]


@pytest.mark.parametrize("code", [code for code in FIXED_ITEMS if code != "needle_material"])
def test_each_no_blocks_alone(code: str) -> None:
    answers = good_answers() | {code: answered(code, "no")}

    blockers = ask_close(facts(answers=answers)).blockers

    assert [(b.item, b.code) for b in blockers] == [(code, "answered_no")]


def test_a_complete_session_closes() -> None:
    assert ask_close(facts()).open


@pytest.mark.parametrize("state", [s for s in SessionState if s is not SessionState.TREATED])
def test_only_a_treated_session_closes(state: SessionState) -> None:
    blockers = ask_close(facts(state=state)).blockers

    assert [(b.item, b.code) for b in blockers] == [("session", "wrong_state")]


@pytest.mark.parametrize("state", [s for s in SessionState if s is not SessionState.IN_PROGRESS])
def test_only_a_started_treatment_is_finished(state: SessionState) -> None:
    assert not ask_finish(facts(state=state)).open
    assert ask_finish(facts(state=SessionState.IN_PROGRESS)).open


@pytest.mark.parametrize("state", [s for s in SessionState if s is not SessionState.DRAFT])
def test_only_a_draft_starts(state: SessionState) -> None:
    assert not ask_start(facts(state=state)).open


def test_blocked_counts_its_blockers() -> None:
    answers = good_answers()
    del answers["gloves_worn"]
    one = ask_close(facts(answers=answers)).blockers

    assert str(Blocked(one)).startswith("1 thing is")
    assert str(Blocked(one * 2)).startswith("2 things are")


PEN = Component(component="handpiece", mode=ReprocessingMode.DISINFECT_AND_BARRIER, material=None)


def disinfected(seconds: int, *, barrier: bool = True) -> dict[str, Any]:
    ref = {"product": "p", "name": "Wipe", "lot": "D7", "contact_seconds": seconds}
    return {
        "component": "handpiece",
        "kind": "disinfection",
        "ref": {**ref, "required_seconds": 60, "barrier": barrier},
    }


@pytest.mark.parametrize(
    ("pieces", "codes"),
    [
        ([BEFORE_TIP, disinfected(60)], []),
        ([BEFORE_TIP, disinfected(59)], ["contact_time_short"]),
        ([BEFORE_TIP, disinfected(60, barrier=False)], ["barrier_missing"]),
        ([BEFORE_TIP], ["evidence_missing"]),
        ([disinfected(60)], ["evidence_missing"]),
        ([], ["evidence_missing", "evidence_missing"]),
    ],
)
def test_every_component_needs_its_own_evidence(
    pieces: list[dict[str, Any]], codes: list[str]
) -> None:
    tip = facts().components[0]
    code = "device_sterilized_before"
    answers = good_answers() | {code: answered(code, "yes", *pieces)}
    given_ = facts(answers=answers, components=(PEN, tip))
    asked = given_.template.item(code)
    if asked is None:
        raise LookupError(code)

    assert [problem.code for problem in item_problems(given_, asked)] == codes


ROLLER = Component(component="roller", mode=ReprocessingMode.STEAM, material="titanium")


def test_a_returned_component_waits_and_does_not_block() -> None:
    pack = PackFacts(
        pack_id="k",
        code="P-1",
        state=PackState.USED,
        expires_on=TODAY,
        device_id="d",
        used_in="s",
    )
    used = {"component": "roller", "kind": "pack", "ref": {"pack": "k"}}
    returned: dict[str, Any] = {"component": "roller", "kind": "returned", "ref": {"device": "d"}}
    answers = good_answers() | {
        "device_sterilized_before": answered("device_sterilized_before", "yes", used),
        "device_sterilized_after": answered("device_sterilized_after", "yes", returned),
    }
    given_ = facts(answers=answers, components=(ROLLER,), packs={"k": pack})

    assert ask_close(given_).open
    assert waiting_components(given_) == ("roller",)

    recalled = replace(given_, packs={"k": replace(pack, state=PackState.RECALLED)})
    assert [b.code for b in ask_close(recalled).blockers] == ["pack_recalled"]


def test_expiry_counts_on_the_day_of_use() -> None:
    code = "device_sterilized_before"
    expired = {**BEFORE_TIP, "ref": {**BEFORE_TIP["ref"], "expires_on": YESTERDAY.isoformat()}}  # type: ignore[dict-item]  # JSON is not uniform.
    used_yesterday = good_answers() | {code: answered(code, "yes", expired, day=YESTERDAY)}
    used_today = good_answers() | {code: answered(code, "yes", expired)}

    assert ask_close(facts(answers=used_yesterday)).open
    assert [b.code for b in ask_close(facts(answers=used_today)).blockers] == ["lot_expired"]
    draft = facts(answers=used_yesterday, state=SessionState.DRAFT)
    assert "lot_expired" in [b.code for b in ask_start(draft).blockers]


SCREENING = item(
    "screened",
    kind="choice",
    options=options("none", "present"),
    evidence="contraindications",
)


@pytest.mark.parametrize(
    ("result", "overridden", "is_open"),
    [("none", False, True), ("present", False, False), ("present", True, True)],
)
def test_a_contraindication_blocks_until_it_is_overridden(
    result: str, overridden: bool, is_open: bool
) -> None:
    sick = {"component": "client", "kind": "contraindication", "ref": {"code": "herpes"}}
    answers = good_answers() | {"screened": answered("screened", result, sick)}
    names = frozenset({"screened"}) if overridden else frozenset()
    given_ = facts(read_template(body(SCREENING)), answers, overridden=names)

    answer = ask_close(given_)

    assert answer.open is is_open
    assert all("herpes" in blocker.reason for blocker in answer.blockers)


@pytest.mark.parametrize(
    ("material", "allergy", "is_open"),
    [
        ("surgical_steel", "yes", False),
        ("surgical_steel", "no", True),
        ("titanium", "yes", True),
        ("surgical_steel", None, True),
    ],
)
def test_steel_needles_are_refused_to_who_is_allergic(
    material: str, allergy: str | None, is_open: bool
) -> None:
    asked = item("steel_allergy", kind="choice", options=options("no", "yes"))
    extra = () if allergy is None else (asked,)
    answers = good_answers() | {"needle_material": answered("needle_material", material)}
    if allergy is not None:
        answers["steel_allergy"] = answered("steel_allergy", allergy)

    assert ask_close(facts(read_template(body(*extra)), answers)).open is is_open


def test_consent_needs_the_clients_signature() -> None:
    template = read_template(body(item("consent_signed", evidence="consent")))
    answers = good_answers() | {"consent_signed": answered("consent_signed", "yes")}

    assert ask_close(facts(template, answers)).open
    unsigned = ask_close(facts(template, answers, consent_signed=False))
    assert [b.code for b in unsigned.blockers] == ["consent_not_signed"]


def test_a_rule_may_demand_the_skin_disinfectant() -> None:
    skin = item("skin_disinfected_before", evidence="disinfectant")
    made = body()
    made["items"] = [skin if each["code"] == skin["code"] else each for each in made["items"]]
    template = read_template(made)

    assert ask_close(facts(template)).open
    demanded = facts(template, rules=rules(skin_disinfectant_evidence=True))
    assert [b.code for b in ask_close(demanded).blockers] == ["evidence_missing"]


@pytest.mark.parametrize(
    ("ref", "codes"),
    [
        ({"name": "Balm", "lot": "B9", "expires_on": None}, []),
        ({"name": "Balm", "lot": "B9", "expires_on": TODAY.isoformat()}, []),
        (
            {"name": "Balm", "lot": "B9", "expires_on": (TODAY - timedelta(days=1)).isoformat()},
            ["product_expired"],
        ),
        ({"name": "Balm", "lot": "", "expires_on": None}, ["evidence_missing"]),
        (None, ["evidence_missing"]),
    ],
)
def test_a_product_is_recorded_with_its_lot(ref: dict[str, Any] | None, codes: list[str]) -> None:
    template = read_template(body(item("balm", phase="after", evidence="product:aftercare")))
    pieces = [] if ref is None else [{"component": "product", "kind": "product", "ref": ref}]
    answers = good_answers() | {"balm": answered("balm", "yes", *pieces)}

    assert [b.code for b in ask_close(facts(template, answers)).blockers] == codes
