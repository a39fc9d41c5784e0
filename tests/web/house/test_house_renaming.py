"""A person's name is set right on their page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from web.desk.visiting import Browser

from harbour import House


def page_of(house: House) -> str:
    return f"/manager/people/{house.practitioner.user_id}"


def test_a_new_name_stands_on_every_page_and_the_username_stays(
    manager: Browser, house: House, visit: Callable[[str], Browser]
) -> None:
    page = page_of(house)
    assert "Set the name right" in manager.read(page)

    saved = manager.post(f"{page}/name", page=page, **{"n-display_name": "Aoife Ní Bhriain"})

    assert saved.status_code == 303
    assert "<h1>Aoife Ní Bhriain</h1>" in manager.read(page)
    assert "Aoife Ní Bhriain" in manager.read("/manager/people")
    # Who signed in before and who signs in now is called so, by the same username.
    assert "Aoife Ní Bhriain" in visit("practitioner").read("/tablet")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "Give the person&#39;s name."),
        ("  ", "This is not a name. Allowed: 1 to 120 characters."),
        ("Practitioner Ó Murchú", "This person has that name already."),
    ],
)
def test_a_refusal_stands_beside_the_field(
    manager: Browser, house: House, name: str, says: str
) -> None:
    page = page_of(house)

    answer = manager.post(f"{page}/name", page=page, **{"n-display_name": name})

    assert answer.status_code == 422
    assert says in answer.text
    assert "<h1>Practitioner Ó Murchú</h1>" in manager.read(page)
