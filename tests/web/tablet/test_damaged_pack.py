"""A pack that is torn when the practitioner takes it up is laid aside where it was scanned."""

from __future__ import annotations

from auditing import audit
from web.tablet.browsing import Clock, Tablet, words_of

from compliance.domain.words import PackState
from compliance.operations.packs import find_pack
from harbour import House, answer_before, open_one, released_pack


def test_a_torn_pack_is_laid_aside_from_its_row_and_blocks_the_start(
    tablet: Tablet, house: House, clock: Clock
) -> None:
    pack = released_pack(house, "P-1", "ROLLER-1", clock.now)
    other = released_pack(house, "P-2", "ROLLER-1", clock.now)
    session = open_one(house, clock.now, device="ROLLER-1")
    answer_before(house, session, clock.now, device="ROLLER-1")
    page = f"/sessions/{session}"
    action = f"{page}/items/device_sterilized_before/damaged"
    assert "Pack P-1 is torn, wet or was opened" in words_of(tablet.get(page))
    fields = {**tablet.form(page, action), "reason": "Torn at the seam."}

    foreign = tablet.post(action, {**fields, "pack": other, "idempotency_key": "other"})
    assert foreign.status_code == 404
    short = tablet.post(action, {**fields, "reason": " ", "idempotency_key": "short"})
    assert short.status_code == 422
    for _ in range(2):
        assert tablet.post(action, fields).status_code == 303

    said = words_of(tablet.get(page))
    assert "1 thing left before you can start" in said
    assert "is torn, wet or was opened" not in said
    with house.database.reading() as tx:
        states = [find_pack(tx, each, actor=house.operator).state for each in (pack, other)]
    assert states == [PackState.DAMAGED, PackState.RELEASED]
    assert audit(house).problems == ()
