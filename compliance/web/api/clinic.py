"""The clinic itself: what it is called, and setting that right."""

from __future__ import annotations

from typing import Any, Final

from compliance.domain.access import Action
from compliance.operations.changing_clinic import ChangeClinic, change_clinic
from compliance.operations.clinics import clinic_of
from compliance.store.session import Tx
from compliance.web.api.routing import Call, serve
from compliance.web.api.schemas.clinic import ClinicIn, ClinicOut
from compliance.web.api.writing import Answer, Asking, Reply, read, write

TAG: Final = "The clinic"


@serve("GET", "/clinic", Call(needs=Action.READ_THINGS, gives=ClinicOut, tag=TAG))
def get_clinic() -> Reply:
    """Read the clinic that the token is for"""

    def work(tx: Tx, asking: Asking) -> Answer:
        return Answer(body=_clinic(clinic_of(tx, asking.actor)))

    return read(work)


@serve(
    "POST",
    "/clinic",
    Call(
        needs=Action.CHANGE_CLINIC,
        takes=ClinicIn,
        gives=ClinicOut,
        tag=TAG,
        example={"name": "Harbour Skin Clinic"},
    ),
)
def post_clinic(body: dict[str, Any]) -> Reply:
    """Set name or language right, from now on

    What is left out stays. The log keeps what was there before, and reports of days under
    a former name tell both. Id, slug and time zone never change.
    """

    def work(tx: Tx, asking: Asking) -> Answer:
        command = ChangeClinic(name=body.get("name"), language=body.get("language"))
        changed = change_clinic(tx, command, actor=asking.actor, now=asking.now)
        return Answer(body=_clinic(changed))

    return write(work)


def _clinic(row: Any) -> dict[str, Any]:
    return {
        "id": row.clinic_id,
        "slug": row.slug,
        "name": row.name,
        "language": row.language,
        "time_zone": row.time_zone,
        "demo": row.demo,
        "profiles": list(row.profiles),
    }
