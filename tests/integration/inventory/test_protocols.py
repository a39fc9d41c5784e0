"""Drafts of checklists: copied, changed, compared, published with a signature; fixed items stay."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration.inventory.stocking import at_screen
from sqlalchemy import text

from compliance.domain.drafting import (
    Body,
    add_item,
    apply_edits,
    find_problems,
    move_item,
    read_options,
    remove_item,
    write_options,
)
from compliance.domain.template import TemplateInvalid
from compliance.domain.words import FIXED_ITEMS
from compliance.errors import Conflict, Refused, SignatureRequired, VersionMismatch
from compliance.operations.people.grants import issue_grant
from compliance.operations.people.passwords import hash_password
from compliance.operations.protocols.drafts import (
    change_draft,
    list_drafts,
    publish_act,
    publish_draft,
    read_draft,
    start_draft,
)
from compliance.operations.protocols.reading import (
    compare_versions,
    list_sessions_using,
    list_versions,
)
from compliance.store import log
from compliance.store.people import update_password
from compliance.store.session import Database, StorageRefused
from givens import NOON
from harbour import House, build_house, closed_session, open_one

PASSWORD = "violet tram harbour"
ROLLER = "needle_roller"


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    house = build_house(database, tmp_path, now=NOON)
    hashed = hash_password(PASSWORD, username="x")
    with database.writing() as tx:
        update_password(tx, house.manager.user_id, hashed)
    return house


def draft_of(house: House, *, name: str = "") -> str:
    with house.database.writing() as tx:
        row = start_draft(tx, ROLLER, 1, new_name=name, actor=at_screen(house.manager), now=NOON)
    return row.draft_id


def change(house: House, draft_id: str, work: Callable[[Body], Body], revision: int = 1) -> int:
    with house.database.writing() as tx:
        draft = change_draft(
            tx, draft_id, work, revision=revision, actor=at_screen(house.manager), now=NOON
        )
    return draft.row.revision


def publish(house: House, draft_id: str, revision: int, *, signed: int | None = None) -> str:
    grant = issue_grant(
        house.database,
        actor=at_screen(house.manager),
        password=PASSWORD,
        act_hash=publish_act(draft_id, revision if signed is None else signed).hash(),
        now=NOON,
    )
    with house.database.writing() as tx:
        return publish_draft(
            tx,
            draft_id,
            revision=revision,
            grant=grant,
            actor=at_screen(house.manager),
            now=NOON,
        )


def with_patch_test(body: Body) -> Body:
    return add_item(
        body, code="patch_test", label="Patch test read", phase="before", kind="attestation"
    )


def test_a_published_draft_is_the_next_version_and_its_entry_is_signed(house: House) -> None:
    draft_id = draft_of(house)
    revision = change(house, draft_id, with_patch_test)

    assert publish(house, draft_id, revision) == f"{ROLLER}@2"

    with house.database.reading() as tx:
        head = log.read_head(tx, house.clinic_id, lock=False)
        assert head is not None
        entry = json.loads(log.read_body(tx, house.clinic_id, head.size - 1) or b"")
        assert list_drafts(tx, actor=house.manager) == []
    assert entry["kind"] == "template.published"
    assert entry["data"]["signature"]["by"] == house.manager.user_id
    assert entry["data"]["signature"]["auth"] == "password"


def test_open_sessions_keep_their_version_and_new_ones_take_the_next(house: House) -> None:
    closed_session(house, NOON)
    before = open_one(house, NOON, template=ROLLER, client="C-2")
    draft_id = draft_of(house)
    publish(house, draft_id, change(house, draft_id, with_patch_test))
    after = open_one(house, NOON, template=ROLLER, client="C-3")

    with house.database.reading() as tx:
        used = {
            version: [
                each.line.session_id
                for each in list_sessions_using(
                    tx,
                    ROLLER,
                    version,
                    actor=house.manager,
                    keyring=house.keyring,
                    after=None,
                    limit=10,
                )
            ]
            for version in (1, 2)
        }
        counts = {
            each.template.version: each.sessions
            for each in list_versions(tx, actor=house.manager, template_id=ROLLER)
        }
    assert used == {1: [before], 2: [after]}
    assert counts == {1: 1, 2: 1}


def test_versions_are_compared_item_by_item(house: House) -> None:
    draft_id = draft_of(house)

    def work(body: Body) -> Body:
        edited = apply_edits(body, {"item.body_site.label.en": "Where", "interval_days": "14"})
        return remove_item(with_patch_test(edited), "unbearable_pain")

    publish(house, draft_id, change(house, draft_id, work))
    with house.database.reading() as tx:
        _, _, comparison = compare_versions(tx, ROLLER, 1, 2, actor=house.manager)

    changes = {item.code: item.change.value for item in comparison.items}
    assert changes["patch_test"] == "added"
    assert changes["unbearable_pain"] == "removed"
    assert changes["body_site"] == "changed"
    assert changes["gloves_worn"] == "same"
    assert [(field.name, field.new) for field in comparison.head] == [("interval_days", 14)]


def test_moving_an_item_says_of_the_fewest_that_they_moved(house: House) -> None:
    draft_id = draft_of(house)
    publish(house, draft_id, change(house, draft_id, lambda b: move_item(b, "mask_worn", up=True)))
    with house.database.reading() as tx:
        _, _, comparison = compare_versions(tx, ROLLER, 1, 2, actor=house.manager)

    moved = [item.code for item in comparison.items if item.change.value == "moved"]
    assert len(moved) == 1


def test_a_copy_becomes_a_checklist_of_its_own(house: House) -> None:
    draft_id = draft_of(house, name="tattoo_lettering")

    assert publish(house, draft_id, 1) == "tattoo_lettering@1"
    with pytest.raises(Conflict):
        draft_of(house, name="tattoo_lettering")


def test_publishing_what_nobody_changed_is_refused(house: House) -> None:
    with pytest.raises(Conflict):
        publish(house, draft_of(house), 1)


def test_a_signature_counts_for_the_revision_that_was_read(house: House) -> None:
    draft_id = draft_of(house)
    revision = change(house, draft_id, with_patch_test)

    with pytest.raises(SignatureRequired):
        publish(house, draft_id, revision, signed=revision - 1)
    with pytest.raises(VersionMismatch):
        publish(house, draft_id, revision - 1)


def test_two_managers_do_not_overwrite_each_other(house: House) -> None:
    draft_id = draft_of(house)
    change(house, draft_id, with_patch_test)

    with pytest.raises(VersionMismatch):
        change(house, draft_id, lambda body: apply_edits(body, {"title.en": "Mine"}))


@pytest.mark.parametrize("code", list(FIXED_ITEMS))
def test_a_fixed_item_cannot_be_taken_out_of_a_draft(house: House, code: str) -> None:
    draft_id = draft_of(house)

    with pytest.raises(TemplateInvalid):
        change(house, draft_id, lambda body: remove_item(body, code))


def test_whatever_a_form_sends_a_fixed_item_takes_only_its_help(house: House) -> None:
    draft_id = draft_of(house)
    edits = {
        f"item.gloves_worn.{name}": value
        for name, value in {
            "label.en": "Gloves not needed",
            "phase": "after",
            "kind": "choice",
            "options": "yes | Yes\nno | No",
            "when": "pain_relief=none",
            "evidence": "product:serum",
            "help.en": "Nitrile, powder free.",
        }.items()
    }
    change(house, draft_id, lambda body: apply_edits(body, edits))

    with house.database.reading() as tx:
        draft = read_draft(tx, draft_id, actor=house.manager)
    old = next(item for item in draft.base["items"] if item["code"] == "gloves_worn")
    new = next(item for item in draft.row.body["items"] if item["code"] == "gloves_worn")
    assert new == {**old, "help": {**(old["help"] or {}), "en": "Nitrile, powder free."}}


def weaken(name: str, value: Any) -> Callable[[Body], Body]:
    def work(body: Body) -> Body:
        items = [
            {**item, name: value} if item["code"] == "mask_worn" else item for item in body["items"]
        ]
        return {**body, "items": items}

    return work


@pytest.mark.parametrize(
    "work",
    [
        weaken("required_when", {"item": "gloves_worn", "is": "yes"}),
        weaken("phase", "after"),
        weaken("kind", "choice"),
        weaken("label", {"en": "No mask needed"}),
        lambda body: {
            **body,
            "items": [item for item in body["items"] if item["code"] != "mask_worn"],
        },
    ],
)
def test_a_weakened_draft_is_never_published_however_it_came_about(
    house: House, work: Callable[[Body], Body]
) -> None:
    draft_id = draft_of(house)
    revision = change(house, draft_id, work)

    with pytest.raises(TemplateInvalid):
        publish(house, draft_id, revision)


def insert_version(house: House, work: Callable[[Body], Body]) -> None:
    """Put a version into the table past every check of ours."""
    with house.database.reading() as tx:
        body = json.loads(
            tx.scalar(
                text("SELECT body FROM template_version WHERE template_id = :id"), {"id": ROLLER}
            )
            or ""
        )
    forged = {**work(body), "version": 9}
    with house.database.writing() as tx:
        tx.execute(
            text(
                "INSERT INTO template_version (clinic_id, template_id, version, hash, body,"
                " published_at, idx) VALUES (:clinic, :id, 9, 'x', :body, 0, 0)"
            ),
            {"clinic": house.clinic_id, "id": ROLLER, "body": json.dumps(forged)},
        )


def test_the_database_takes_a_whole_checklist(house: House) -> None:
    insert_version(house, lambda body: body)


@pytest.mark.parametrize(
    "work",
    [
        weaken("required_when", {"item": "gloves_worn", "is": "yes"}),
        weaken("phase", "after"),
        weaken("kind", "choice"),
        weaken("code", "gloves_worn"),
        lambda body: {**body, "items": body["items"][:3]},
        lambda body: {
            **body,
            "items": [
                {**item, "options": [*item["options"], {"value": "gold", "label": {}}]}
                if item["code"] == "needle_material"
                else item
                for item in body["items"]
            ],
        },
    ],
)
def test_the_database_itself_refuses_a_checklist_that_drops_or_weakens_a_fixed_item(
    house: House, work: Callable[[Body], Body]
) -> None:
    with pytest.raises(StorageRefused):
        insert_version(house, work)


def test_what_an_editor_gets_wrong_is_said_in_sentences(house: House) -> None:
    draft_id = draft_of(house)
    change(
        house,
        draft_id,
        lambda body: apply_edits(body, {"title.en": "", "item.body_site.label.en": ""}),
    )
    with house.database.reading() as tx:
        problems = read_draft(tx, draft_id, actor=house.manager).problems

    assert problems == (
        "The checklist has no English title.",
        "body_site needs an English label of up to 200.",
    )


def test_an_item_cannot_depend_on_what_comes_after_it(house: House) -> None:
    draft_id = draft_of(house)
    edits = {"item.body_site.when": "aftercare_given=yes"}
    change(house, draft_id, lambda body: apply_edits(body, edits))

    with house.database.reading() as tx:
        draft = read_draft(tx, draft_id, actor=house.manager)
    assert "depends on an item that does not come before it" in draft.problems[0]
    assert find_problems(draft.base, draft.base) == ()


def test_options_are_lines_and_come_back_as_they_were_typed() -> None:
    lines = "forehead | Forehead | Stirn\nscalp | Scalp"

    assert write_options(read_options(lines)) == lines
    with pytest.raises(Refused):
        read_options("Forehead")
