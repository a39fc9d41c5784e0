"""Checklists' pages: read, copied, edited with a live preview, compared, published with a password."""

from __future__ import annotations

import re

from web.desk.visiting import PASSWORD, Browser

from givens import Clock
from harbour import House, open_one

ROLLER = "/manager/templates/needle_roller"


def begin(manager: Browser, **fields: str) -> str:
    answer = manager.post(f"{ROLLER}/1/copy", page=f"{ROLLER}/1", **fields)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def save(manager: Browser, draft: str, do: str = "save", **fields: str) -> int:
    revision = re.search(r'name="revision" value="(\d+)"', manager.read(draft))
    assert revision
    return manager.post(draft, page=draft, revision=revision[1], do=do, **fields).status_code


def test_a_version_shows_its_items_and_the_sessions_that_used_it(
    manager: Browser, house: House, clock: Clock
) -> None:
    open_one(house, clock.now, template="needle_roller", client="K-77")

    text = manager.read(f"{ROLLER}/1")

    assert "Gloves worn" in text
    assert text.count(">Fixed<") == 7
    assert "K-77" in text


def test_a_draft_is_changed_previewed_and_published_and_the_versions_compared(
    manager: Browser,
) -> None:
    draft = begin(manager)
    added = {
        "new.code": "patch_test",
        "new.label": "Patch test read",
        "new.phase": "before",
        "new.kind": "choice",
    }
    assert save(manager, draft, "add", **added) == 303
    assert save(manager, draft, "up:patch_test") == 303

    page = manager.read(f"{draft}/publish")
    assert "Patch test read" in page
    revision = re.search(r'name="revision"[^>]*value="(\d+)"', page)
    assert revision
    wrong = manager.post(
        f"{draft}/publish", page=f"{draft}/publish", revision=revision[1], password="wrong"
    )
    assert wrong.status_code == 422
    assert "This password is not right" in wrong.text
    done = manager.post(
        f"{draft}/publish", page=f"{draft}/publish", revision=revision[1], password=PASSWORD
    )

    assert done.location == f"{ROLLER}/2"
    assert manager.get(draft).status_code == 404
    compared = manager.read(f"{ROLLER}/compare")
    assert ">Added<" in compared
    assert "Patch test read" in compared


def test_the_preview_follows_what_is_typed_and_saves_nothing(manager: Browser) -> None:
    draft = begin(manager)

    answer = manager.post(
        f"{draft}/preview", page=draft, **{"item.body_site.label.en": "Where exactly"}
    )

    assert "Where exactly" in answer.text
    assert "<html" not in answer.text
    assert "Where exactly" not in manager.read(draft)


def test_the_preview_says_what_keeps_the_draft_from_being_published(manager: Browser) -> None:
    draft = begin(manager)
    answer = manager.post(f"{draft}/preview", page=draft, **{"title.en": "", "title.de": ""})
    assert "The checklist has no English title." in answer.text

    answer = manager.post(f"{draft}/preview", page=draft, interval_days="often")
    assert "is no number of days" in answer.text

    save(manager, draft, **{"title.en": ""})
    assert "no English title" in manager.read(f"{draft}/publish")
    assert 'name="password"' not in manager.read(f"{draft}/publish")


def test_the_editor_offers_no_way_to_weaken_a_fixed_item(manager: Browser) -> None:
    draft = begin(manager)
    text = manager.read(draft)

    assert "remove:unbearable_pain" in text
    assert "remove:gloves_worn" not in text
    assert 'name="item.gloves_worn.label.en"' not in text
    assert save(manager, draft, "remove:gloves_worn") == 422


def test_saving_a_page_as_it_stands_changes_no_item(manager: Browser) -> None:
    """A select without its own value would send another one, and nobody would notice."""
    draft = begin(manager)
    text = manager.read(draft)
    fields: dict[str, str] = {}
    for name, body in re.findall(
        r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', text, re.DOTALL
    ):
        chosen = re.search(r'value="([^"]*)" selected', body)
        fields[name] = chosen[1] if chosen else re.findall(r'value="([^"]*)"', body)[0]
    areas = r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>'
    inputs = r'<input class="input"[^>]*name="([^"]+)" value="([^"]*)"'
    fields.update(re.findall(areas, text, re.DOTALL))
    fields.update(re.findall(inputs, text))
    save(manager, draft, **fields)

    assert "No item differs" in manager.read(f"{draft}/publish")


def test_a_stale_page_saves_nothing_over_a_newer_one(manager: Browser) -> None:
    draft = begin(manager)
    save(manager, draft, **{"title.en": "Mine"})

    answer = manager.post(draft, page=draft, revision="1", do="save", **{"title.en": "Yours"})

    assert answer.status_code == 303
    text = manager.read(draft)
    assert "Nothing was saved" in text
    assert 'value="Mine"' in text


def test_a_draft_is_thrown_away(manager: Browser) -> None:
    draft = begin(manager, new_name="my_own")
    assert "my_own, version 1" in manager.read("/manager/templates")

    manager.post(f"{draft}/discard", page=draft)

    assert "my_own" not in manager.read("/manager/templates")
