"""Templates and facts for tests of the domain, and strategies that make random ones."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from compliance.domain.answers import Answer
from compliance.domain.evidence import Component
from compliance.domain.gate import SessionFacts
from compliance.domain.rules import EffectiveRules, read_profile, stack_profiles
from compliance.domain.template import Template, read_template
from compliance.domain.words import FIXED_ITEMS, ReprocessingMode, SessionState

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TODAY = NOW.date()
EVIDENCE = {
    "device_sterilized_before": "device_before",
    "device_sterilized_after": "device_after",
}
TIP = Component(
    component="tip", mode=ReprocessingMode.PRESTERILIZED_SINGLE_USE, material="titanium"
)
BEFORE_TIP = {
    "component": "tip",
    "kind": "lot",
    "ref": {"lot": "L1", "expires_on": "2026-11-20", "udi": None, "serial": None},
}
AFTER_TIP = {"component": "tip", "kind": "sharps", "ref": {"container": "Sharps 1"}}


def item(code: str, **changes: Any) -> dict[str, Any]:
    """A complete item: one of the fixed seven as it must be, anything else an attestation."""
    made: dict[str, Any] = {
        "code": code,
        "phase": FIXED_ITEMS[code].value if code in FIXED_ITEMS else "before",
        "kind": "attestation",
        "label": {"en": code.replace("_", " ")},
        "help": None,
        "required_when": None,
        "options": None,
        "unit": None,
        "min": None,
        "max": None,
        "rule": None,
        "evidence": None,
    }
    if code in EVIDENCE:
        made.update(kind="evidence", evidence=EVIDENCE[code])
    if code == "needle_material":
        made.update(kind="choice", options=options("titanium", "surgical_steel"))
    return {**made, **changes}


def options(*values: str) -> list[dict[str, Any]]:
    return [{"value": value, "label": {"en": value}} for value in values]


def body(*extra: Mapping[str, Any]) -> dict[str, Any]:
    """A template with the fixed seven and these items besides."""
    return {
        "schema": "aseptrail/template/1",
        "id": "made_up",
        "version": 1,
        "procedure": "microneedling",
        "title": {"en": "Made up"},
        "source": None,
        "interval_days": None,
        "expect": [],
        "follow_up_days": 2,
        "items": [*(item(code) for code in FIXED_ITEMS), *copy.deepcopy(list(extra))],
    }


def rules(**values: Any) -> EffectiveRules:
    profile = read_profile(profile_body("BASE", **values))
    return stack_profiles([profile], names=("BASE",), on=TODAY)


def profile_body(
    name: str, *, version: int = 1, valid_from: str = "2020-01-01", **values: Any
) -> dict[str, Any]:
    return {
        "id": name,
        "version": version,
        "valid_from": valid_from,
        "title": name,
        "source": f"the law of {name}",
        "primary": True,
        "values": values,
        "citations": {},
    }


def answered(code: str, result: Any, *evidence: Mapping[str, Any], day: date = TODAY) -> Answer:
    moment = NOW - (TODAY - day) * 1
    return Answer(
        item=code,
        result=result,
        evidence=evidence,
        user_id="u",
        auth="password",
        recorded_at=moment,
        performed_at=moment,
        late=False,
        index=1,
    )


def good_answers() -> dict[str, Answer]:
    """The fixed seven, all of them as they must be."""
    answers = {code: answered(code, "yes") for code in FIXED_ITEMS}
    answers["needle_material"] = answered("needle_material", "titanium")
    answers["device_sterilized_before"] = answered("device_sterilized_before", "yes", BEFORE_TIP)
    answers["device_sterilized_after"] = answered("device_sterilized_after", "yes", AFTER_TIP)
    return answers


def facts(
    template: Template | None = None,
    answers: Mapping[str, Answer] | None = None,
    *,
    state: SessionState = SessionState.TREATED,
    **changes: Any,
) -> SessionFacts:
    values: dict[str, Any] = {
        "session_id": "s",
        "state": state,
        "template": template or read_template(body()),
        "device_id": "d",
        "components": (TIP,),
        "answers": good_answers() if answers is None else answers,
        "overridden": frozenset(),
        "packs": {},
        "rules": rules(),
        "consent_signed": True,
        "today": TODAY,
        "zone": UTC,
    }
    return SessionFacts(**{**values, **changes})


_KINDS = st.sampled_from(["attestation", "choice", "measurement"])
_COIN = st.booleans()


@st.composite
def templates(draw: Any) -> Template:
    """Valid templates: the fixed seven among random items with random conditions."""
    count = draw(st.integers(0, 6))
    made: list[dict[str, Any]] = []
    for number in range(count):
        kind = draw(_KINDS)
        extra: dict[str, Any] = {
            "kind": kind,
            "phase": draw(st.sampled_from(["before", "during", "after"])),
        }
        if kind == "choice":
            extra["options"] = options("one", "two")
        if kind == "measurement":
            extra.update(unit="mm", min="0.1", max="3")
        askable = [each for each in made if each["kind"] != "measurement"]
        if askable and draw(_COIN):
            other = askable[draw(st.integers(0, len(askable) - 1))]
            allowed = ["one", "two"] if other["kind"] == "choice" else ["yes", "no"]
            extra["required_when"] = {"item": other["code"], "is": draw(st.sampled_from(allowed))}
        made.append(item(f"extra_{number}", **extra))
    fixed = [item(code) for code in FIXED_ITEMS]
    # The extra items keep their order, for a condition looks back; the fixed ones go anywhere.
    for each in fixed:
        made.insert(draw(st.integers(0, len(made))), each)
    return read_template({**body(), "items": made})


def results_for(template: Template, code: str) -> st.SearchStrategy[Any]:
    found = template.item(code)
    if found is None:
        raise LookupError(code)
    if found.options:
        return st.sampled_from([option.value for option in found.options])
    if found.unit:
        return st.just({"value": "0.5", "unit": "mm"})
    return st.sampled_from(["yes", "yes", "yes", "no"])


@st.composite
def sessions(draw: Any) -> SessionFacts:
    """Facts of a treated session: some items answered, some not, some badly."""
    template = draw(templates())
    answers: dict[str, Answer] = {}
    for each in template.items:
        if draw(st.integers(0, 9)) == 0:
            continue
        pieces: list[Mapping[str, Any]] = []
        if each.evidence and draw(st.integers(0, 9)):
            pieces.append(BEFORE_TIP if each.evidence == "device_before" else AFTER_TIP)
        answers[each.code] = answered(each.code, draw(results_for(template, each.code)), *pieces)
    return facts(template, answers)


YESTERDAY = TODAY - timedelta(days=1)
