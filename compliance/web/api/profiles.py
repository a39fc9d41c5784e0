"""Rule profiles: what binds the clinic today, and taking on one more."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from compliance.domain.access import Action
from compliance.domain.rules import EffectiveRules
from compliance.operations.adding_profiles import add_profile
from compliance.operations.catalogue import effective_rules
from compliance.operations.clinics import clinic_of
from compliance.store.session import Tx
from compliance.web.api.routing import Call, serve
from compliance.web.api.schemas.things import EffectiveOut, ProfileIn
from compliance.web.api.things import RULES as TAG
from compliance.web.api.writing import Answer, Asking, Reply, read, write


@serve("GET", "/profiles/effective", Call(needs=Action.READ_THINGS, gives=EffectiveOut, tag=TAG))
def get_effective_profile() -> Reply:
    """Read what binds the clinic today, and which profile says so"""

    def work(tx: Tx, asking: Asking) -> Answer:
        clinic = clinic_of(tx, asking.actor)
        today = asking.now.astimezone(ZoneInfo(clinic.time_zone)).date()
        rules = effective_rules(clinic.profiles, today)
        return Answer(body={"on": today.isoformat(), **_rules(rules)})

    return read(work)


@serve(
    "POST",
    "/profiles",
    Call(
        needs=Action.MANAGE_DEVICES,
        takes=ProfileIn,
        gives=EffectiveOut,
        status=201,
        tag=TAG,
        example={"profile": "US-CDC-dental"},
    ),
)
def post_profile(body: dict[str, Any]) -> Reply:
    """Take one more rule profile on; there is no way back, a clinic may only tighten"""

    def work(tx: Tx, asking: Asking) -> Answer:
        added = add_profile(tx, body["profile"], actor=asking.actor, now=asking.now)
        today = asking.now.astimezone(ZoneInfo(clinic_of(tx, asking.actor).time_zone)).date()
        return Answer(body={"on": today.isoformat(), **_rules(added.rules)})

    return write(work, status=HTTPStatus.CREATED)


def _rules(rules: EffectiveRules) -> dict[str, Any]:
    cited = {key: rules.cite(key) for key in sorted(rules.values)}
    return {
        "profiles": [
            {
                "id": profile.id,
                "version": profile.version,
                "title": profile.title,
                "source": profile.source,
                "primary": profile.primary,
                "valid_from": profile.valid_from.isoformat(),
            }
            for profile in rules.profiles
        ],
        "rules": [
            {
                "key": key,
                "value": rules.values[key],
                "rule": citation.rule,
                "text": citation.text,
                "source": citation.source,
            }
            for key, citation in cited.items()
        ],
    }
