"""Whoever drops the guards and changes the data by hand is found, and what was changed is named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from auditing import Story, Told, audit, drop_guards
from sqlalchemy import text

from compliance.ledger.tree import Frontier, hash_leaf
from compliance.operations.auditing import Problem, audit_clinic
from compliance.operations.auditing.problems import MOST_PROBLEMS
from compliance.operations.inventory.devices import (
    ChangeDevice,
    archive_device,
    change_device,
    find_device,
    restore_device,
)
from compliance.operations.inventory.products import archive_product
from compliance.store.session import Database, Tx
from givens import NOON
from harbour import answer_before, answer_rest, open_one, step


@dataclass(frozen=True, slots=True, kw_only=True)
class Tampering:
    """What somebody does by hand, and the table and word by which the audit must name it."""

    name: str
    change: str | Callable[[Tx, Story], None]
    table: str
    word: str


def run(tx: Tx, story: Story, statement: str, **values: object) -> None:
    known: dict[str, object] = {
        "closed": story.closed,
        "amended": story.amended,
        "aborted": story.aborted,
        "draft": story.draft,
        "waiting": story.waiting,
        "reprocessed": story.reprocessed,
        **values,
    }
    tx.execute(text(statement), {k: v for k, v in known.items() if f":{k}" in statement})


def body_of(tx: Tx, kind: str) -> tuple[int, dict[str, Any]]:
    for index, body in tx.execute(text("SELECT idx, body FROM log_body ORDER BY idx DESC")):
        entry: dict[str, Any] = json.loads(bytes(body))
        if entry["kind"] == kind:
            return index, entry
    raise LookupError(kind)


def write_body(tx: Tx, story: Story, index: int, entry: object) -> None:
    body = json.dumps(entry, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    run(tx, story, "UPDATE log_body SET body = :body WHERE idx = :idx", body=body, idx=index)


def swap_bodies(tx: Tx, story: Story) -> None:
    for old, new in ((3, -1), (4, 3), (-1, 4)):
        run(tx, story, "UPDATE log_body SET idx = :new WHERE idx = :old", old=old, new=new)


def rewrite_a_body(tx: Tx, story: Story) -> None:
    index, entry = body_of(tx, "session.answered")
    entry["data"]["new"] = "yes"
    entry["data"]["undo"] = False
    write_body(tx, story, index, entry)


def rewrite_body_and_leaf(tx: Tx, story: Story) -> None:
    rewrite_a_body(tx, story)
    index, _ = body_of(tx, "session.answered")
    body = tx.scalar(text("SELECT body FROM log_body WHERE idx = :i"), {"i": index})
    statement = "UPDATE log_entry SET leaf_hash = :leaf WHERE idx = :idx"
    run(tx, story, statement, leaf=hash_leaf(bytes(body)), idx=index)


def remove_an_entry(tx: Tx, story: Story) -> None:
    for table in ("log_entry", "log_body"):
        run(tx, story, f"DELETE FROM {table} WHERE idx = 20")


def delete_a_session(tx: Tx, story: Story) -> None:
    for table in ("session_answer", "session_note", "evidence_use", "treatment_session"):
        run(tx, story, f"DELETE FROM {table} WHERE session_id = :closed")


def delete_a_client(tx: Tx, story: Story) -> None:
    run(
        tx,
        story,
        "INSERT INTO client (clinic_id, client_id, ref_index, ref_commitment, created_at)"
        " SELECT clinic_id, 'stranger', leaf_hash, leaf_hash, 0 FROM log_entry WHERE idx = 1",
    )


def forge_a_checkpoint(tx: Tx, story: Story) -> None:
    run(
        tx,
        story,
        "INSERT INTO checkpoint (clinic_id, size, root, note)"
        " SELECT clinic_id, 5, leaf_hash, 'made up' FROM log_entry WHERE idx = 1",
    )


def copy_session(columns: str = "state, closed_index") -> str:
    names = "clinic_id, session_id, state, version, template_id, template_version, client_id"
    names += ", device_id, practitioner_id, opened_at, opened_index, started_at, finished_at"
    names += ", ended_at, signed_index, closed_index, needle_material, late, amended, warnings"
    copied = names.replace("session_id", "'never-opened'")
    source = f"SELECT {copied} FROM treatment_session WHERE session_id = :closed"
    return f"INSERT INTO treatment_session ({names}) {source}"


def copy_row(table: str, columns: str, changed: str, where: str) -> str:
    return f"INSERT INTO {table} ({columns}) SELECT {changed} FROM {table} WHERE {where}"


def tamper(name: str, change: str | Callable[[Tx, Story], None], table: str, word: str) -> Any:
    return pytest.param(Tampering(name=name, change=change, table=table, word=word), id=name)


ENDED = "UPDATE treatment_session SET {} WHERE session_id = :closed"
ANSWER = "UPDATE session_answer SET {} WHERE session_id = :closed AND item = 'gloves_worn'"
ANY_PACK = "UPDATE pack SET {} WHERE code = 'P-1'"
TAMPERINGS = [
    tamper("leaf-changed", "UPDATE log_entry SET leaf_hash = (SELECT leaf_hash FROM log_entry WHERE idx = 2) WHERE idx = 3", "log_entry", "leaf_hash"),
    tamper("entry-removed", remove_an_entry, "log_entry", "idx=20: the row is missing"),
    tamper("body-removed", "DELETE FROM log_body WHERE idx = 20", "log_body", "idx=20"),
    tamper("body-rewritten", rewrite_a_body, "log_entry", "not the hash"),
    tamper("body-and-leaf-rewritten", rewrite_body_and_leaf, "log_node", "column hash"),
    tamper("bodies-swapped", swap_bodies, "log_entry", "idx=3"),
    tamper("body-without-entry", "INSERT INTO log_body (clinic_id, idx, body) SELECT clinic_id, 99999, body FROM log_body WHERE idx = 3", "log_body", "idx=99999"),
    tamper("node-removed", "DELETE FROM log_node WHERE level = 2 AND idx = 1", "log_node", "level=2, idx=1: the row is missing"),
    tamper("node-changed", "UPDATE log_node SET hash = (SELECT leaf_hash FROM log_entry WHERE idx = 2) WHERE level = 1 AND idx = 2", "log_node", "level=1, idx=2: column hash"),
    tamper("node-added", "INSERT INTO log_node (clinic_id, level, idx, hash) SELECT clinic_id, 9, 7, leaf_hash FROM log_entry WHERE idx = 2", "log_node", "level=9, idx=7"),
    tamper("head-rolled-back", "UPDATE log_head SET size = size - 1", "log_head", "size"),
    tamper("head-frontier-changed", "UPDATE log_head SET frontier = (SELECT leaf_hash FROM log_entry WHERE idx = 2)", "log_head", "frontier"),
    tamper("head-time-changed", "UPDATE log_head SET last_at = '2020-01-01T00:00:00.000Z'", "log_head", "last_at"),
    tamper("head-incarnation-changed", "UPDATE log_head SET incarnation = 2", "log_head", "incarnation"),
    tamper("head-removed", "DELETE FROM log_head", "log_head", "missing"),
    tamper("checkpoint-forged", forge_a_checkpoint, "checkpoint", "cannot be believed"),
    tamper("state-changed", ENDED.format("state = 'aborted'"), "treatment_session", "column state"),
    tamper("reopened", ENDED.format("state = 'treated'"), "treatment_session", "column state"),
    tamper("material-changed", ENDED.format("needle_material = 'surgical_steel'"), "treatment_session", "needle_material"),
    tamper("lateness-hidden", ENDED.format("late = NOT late"), "treatment_session", "column late"),
    tamper("re-dated", ENDED.format("ended_at = ended_at - 86400000"), "treatment_session", "ended_at"),
    tamper("practitioner-changed", ENDED.format("practitioner_id = 'somebody'"), "treatment_session", "practitioner_id"),
    tamper("client-changed", "UPDATE treatment_session SET client_id = (SELECT client_id FROM treatment_session WHERE session_id = :draft) WHERE session_id = :closed", "treatment_session", "client_id"),
    tamper("follow-up-moved", ENDED.format("follow_up_on = '2031-01-01'"), "treatment_session", "follow_up_on"),
    tamper("index-changed", ENDED.format("opened_index = opened_index + 1"), "treatment_session", "opened_index"),
    tamper("amendment-unmarked", "UPDATE treatment_session SET amended = (1 = 0) WHERE session_id = :amended", "treatment_session", "column amended"),
    tamper("amendment-marked", ENDED.format("amended = (1 = 1)"), "treatment_session", "amended"),
    tamper("session-deleted", delete_a_session, "treatment_session", "the row is missing"),
    tamper("session-added", copy_session(), "treatment_session", "never-opened"),
    tamper("open-session-changed", "UPDATE treatment_session SET version = 99 WHERE session_id = :draft", "treatment_session", "column version"),
    tamper("answer-changed", ANSWER.format("result = '\"no\"'"), "session_answer", "item=gloves_worn: column result"),
    tamper("answer-evidence-changed", ANSWER.format("evidence = '[{\"made\":\"up\"}]'"), "session_answer", "column evidence"),
    tamper("answer-unreadable", ANSWER.format("result = '{not json'"), "session_answer", "column result"),
    tamper("answer-by-another", ANSWER.format("user_id = 'somebody'"), "session_answer", "column user_id"),
    tamper("answer-re-dated", ANSWER.format("performed_at = performed_at - 1"), "session_answer", "performed_at"),
    tamper("answer-removed", "DELETE FROM session_answer WHERE session_id = :closed AND item = 'mask_worn'", "session_answer", "item=mask_worn: the row is missing"),
    tamper("answer-added", copy_row("session_answer", "clinic_id, session_id, item, result, evidence, user_id, auth, recorded_at, performed_at, late, idx", "clinic_id, session_id, 'extra', result, evidence, user_id, auth, recorded_at, performed_at, late, idx", "session_id = :closed AND item = 'mask_worn'"), "session_answer", "item=extra"),
    tamper("open-answer-changed", "UPDATE session_answer SET result = '\"no\"' WHERE session_id = :draft AND item = 'gloves_worn'", "session_answer", "column result"),
    tamper("met-removed", "DELETE FROM session_evidence WHERE kind = 'lot'", "session_evidence", "missing"),
    tamper("met-changed", "UPDATE session_evidence SET value = value || '-2' WHERE kind = 'lot'", "session_evidence", "no entry"),
    tamper("met-added", copy_row("session_evidence", "clinic_id, kind, value, session_id, idx", "clinic_id, kind, value || '-2', session_id, idx", "kind = 'lot'"), "session_evidence", "no entry"),
    tamper("met-added-elsewhere", copy_row("session_evidence", "clinic_id, kind, value, session_id, idx", "clinic_id, kind, value, 'never-opened', idx", "kind = 'lot'"), "session_evidence", "never-opened"),
    tamper("note-removed", "DELETE FROM session_note WHERE session_id = :draft AND kind = 'override'", "session_note", "missing"),
    tamper("note-changed", "UPDATE session_note SET data = '{}' WHERE kind = 'taken_over'", "session_note", "column data"),
    tamper("note-added", copy_row("session_note", "clinic_id, session_id, idx, kind, item, data", "clinic_id, session_id, idx - 1, kind, item, data", "kind = 'override'"), "session_note", "no entry"),
    tamper("note-added-elsewhere", copy_row("session_note", "clinic_id, session_id, idx, kind, item, data", "clinic_id, 'never-opened', idx, kind, item, data", "kind = 'override'"), "session_note", "never-opened"),
    tamper("amendment-removed", "DELETE FROM session_amendment", "session_amendment", "missing"),
    tamper("amendment-changed", "UPDATE session_amendment SET item = 'depth'", "session_amendment", "column item"),
    tamper("amendment-added", copy_row("session_amendment", "clinic_id, session_id, idx, item, data, at", "clinic_id, session_id, 4, item, data, at", "idx > 0"), "session_amendment", "idx=4"),
    tamper("event-removed", "DELETE FROM clinic_event WHERE kind = 'incident.recorded'", "clinic_event", "missing"),
    tamper("event-changed", "UPDATE clinic_event SET data = '{}' WHERE kind = 'followup.recorded'", "clinic_event", "column data"),
    tamper("event-added", copy_row("clinic_event", "clinic_id, idx, kind, session_id, data, at", "clinic_id, 5, kind, session_id, data, at", "kind = 'incident.recorded'"), "clinic_event", "idx=5"),
    tamper("event-added-beyond", copy_row("clinic_event", "clinic_id, idx, kind, session_id, data, at", "clinic_id, 99999, kind, session_id, data, at", "kind = 'incident.recorded'"), "clinic_event", "idx=99999"),
    tamper("place-removed", "DELETE FROM log_place WHERE kind = 'session_closed' AND thing = :closed", "log_place", "missing"),
    tamper("place-changed", "UPDATE log_place SET idx = 1 WHERE kind = 'session' AND thing = :closed", "log_place", "column idx"),
    tamper("place-added", copy_row("log_place", "clinic_id, kind, thing, idx", "clinic_id, kind, 'never-opened', idx", "kind = 'session' AND thing = :closed"), "log_place", "never-opened"),
    tamper("mention-removed", "DELETE FROM log_mention WHERE thing = :closed AND idx = (SELECT max(idx) FROM log_mention WHERE thing = :closed)", "log_mention", "missing"),
    tamper("mention-added", copy_row("log_mention", "clinic_id, thing, idx", "clinic_id, 'never-opened', idx", "thing = :closed"), "log_mention", "never-opened"),
    tamper("pack-state-changed", ANY_PACK.format("state = 'released'"), "pack", "column state"),
    tamper("pack-expiry-changed", ANY_PACK.format("expires_on = '2031-01-01'"), "pack", "column expires_on"),
    tamper("pack-release-forged", ANY_PACK.format("released_by = 'somebody'"), "pack", "released_by"),
    tamper("pack-added", copy_row("pack", "clinic_id, pack_id, code, contents, sterilizer, cycle_number, sterilized_on, expires_on, state, registered_at, registered_by", "clinic_id, 'unregistered', 'P-9', contents, sterilizer, cycle_number, sterilized_on, expires_on, state, registered_at, registered_by", "code = 'P-1'"), "pack", "unregistered"),
    tamper("pack-removed", "DELETE FROM pack WHERE code = 'P-2'", "pack", "missing"),
    tamper("device-changed", "UPDATE device SET components = '[]' WHERE code = 'TIP-1'", "device", "components"),
    tamper("product-changed", "UPDATE product SET contact_seconds = 1 WHERE code = 'SKIN-60'", "product", "contact_seconds"),
    tamper("product-removed", "DELETE FROM product WHERE code = 'SURF-300'", "product", "missing"),
    tamper("template-changed", "UPDATE template_version SET body = '{}' WHERE template_id = 'needle_roller'", "template_version", "column body"),
    tamper("client-recommitted", "UPDATE client SET ref_commitment = (SELECT leaf_hash FROM log_entry WHERE idx = 1) WHERE client_id = (SELECT client_id FROM treatment_session WHERE session_id = :closed)", "client", "ref_commitment"),
    tamper("client-added", delete_a_client, "client", "stranger"),
    tamper("use-removed", "DELETE FROM evidence_use WHERE session_id = :reprocessed", "evidence_use", "missing"),
    tamper("role-added", "UPDATE membership SET role = 'manager' WHERE role = 'inspector'", "membership", "role=manager"),
    tamper("right-to-override-added", "UPDATE membership SET entitled_override = (1 = 1) WHERE role = 'manager'", "membership", "entitled_override"),
    tamper("role-removed", "DELETE FROM membership WHERE role = 'operator'", "membership", "role=operator: the row is missing"),
    tamper("clinic-changed", "UPDATE clinic SET time_zone = 'Asia/Tokyo'", "clinic", "time_zone"),
]  # fmt: skip


def test_an_untouched_log_has_no_problems(guarded: Story) -> None:
    result = audit(guarded.house)

    assert result.problems == ()
    assert result.clean
    assert result.size > 100


class Uncommitted:
    """Lets the audit read inside the tamperer's transaction, so that it can be rolled back."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        yield self._tx


@pytest.fixture(scope="module")
def exposed(told: Told, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """One copy without guards for all tests that roll their tampering back."""
    database = told.copy(tmp_path_factory.mktemp("exposed"))
    drop_guards(database)
    yield replace(told.story, house=replace(told.story.house, database=database))
    database.dispose()


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_a_change_by_hand_is_found_and_named(exposed: Story, tampering: Tampering) -> None:
    house = exposed.house
    with house.database.engine.connect() as tx:
        if house.database.is_sqlite:
            tx.exec_driver_sql("PRAGMA foreign_keys = OFF")
            tx.exec_driver_sql("BEGIN")
        if callable(tampering.change):
            tampering.change(tx, exposed)
        else:
            run(tx, exposed, tampering.change)
        database = cast("Database", Uncommitted(tx))
        problems = audit_clinic(database, house.clinic_id).problems
        tx.rollback()

    assert any(p.table == tampering.table and tampering.word in p.reason for p in problems), (
        problems
    )
    assert len(problems) <= MOST_PROBLEMS


def test_dropping_the_guards_alone_changes_nothing(unguarded: Story) -> None:
    assert audit(unguarded.house).clean


def cut_tail(tx: Tx, story: Story, keep: int) -> None:
    """Cut the log's end so that nothing inside the database shows it."""
    frontier = Frontier.empty()
    for (leaf,) in tx.execute(
        text("SELECT leaf_hash FROM log_entry WHERE idx < :keep ORDER BY idx"), {"keep": keep}
    ):
        frontier, _ = frontier.append(bytes(leaf))
    for table in ("log_entry", "log_body", "log_place", "log_mention"):
        run(tx, story, f"DELETE FROM {table} WHERE idx >= :keep", keep=keep)
    for level in range(1, 20):
        run(
            tx,
            story,
            "DELETE FROM log_node WHERE level = :level AND idx >= :first",
            level=level,
            first=keep >> level,
        )
    body = tx.scalar(text("SELECT body FROM log_body WHERE idx = :i"), {"i": keep - 1})
    run(
        tx,
        story,
        "UPDATE log_head SET size = :size, frontier = :frontier, last_at = :at",
        size=keep,
        frontier=frontier.to_bytes(),
        at=json.loads(bytes(body))["at"],
    )


def test_a_cut_end_is_found_only_with_a_checkpoint_kept_outside(
    told: Told, unguarded: Story
) -> None:
    house = unguarded.house
    before = audit(house).size
    open_one(house, NOON.replace(hour=23), client="C-1")
    with house.database.writing() as tx:
        run(tx, unguarded, "DELETE FROM treatment_session WHERE opened_index = :i", i=before)
        cut_tail(tx, unguarded, before)
    assert audit(house).clean

    with house.database.writing() as tx:
        last = tx.scalar(text("SELECT max(idx) FROM log_entry"))
        run(tx, unguarded, "DELETE FROM clinic_event WHERE idx = :i", i=last)
        cut_tail(tx, unguarded, int(last or 0))
    assert audit(house).clean
    found = audit_clinic(house.database, house.clinic_id, checkpoints=[told.checkpoint]).problems

    assert [(p.table, "missing at the end" in p.reason) for p in found] == [
        ("handed-in checkpoint", True)
    ]


def rewrite_log(tx: Tx, story: Story) -> None:
    """Change one early entry and recompute every hash after it, as a careful owner would."""
    run(tx, story, "DELETE FROM checkpoint")
    run(tx, story, "DELETE FROM log_node")
    frontier = Frontier.empty()
    rows = tx.execute(text("SELECT clinic_id, idx, body FROM log_body ORDER BY idx")).all()
    for clinic_id, index, stored in rows:
        body = bytes(stored).replace(b"Pen 1", b"Pen 7")
        run(tx, story, "UPDATE log_body SET body = :b WHERE idx = :i", b=body, i=index)
        leaf = hash_leaf(body)
        run(tx, story, "UPDATE log_entry SET leaf_hash = :h WHERE idx = :i", h=leaf, i=index)
        frontier, nodes = frontier.append(leaf)
        for level, place, hash_ in nodes:
            run(
                tx,
                story,
                "INSERT INTO log_node (clinic_id, level, idx, hash) VALUES (:c, :l, :p, :h)",
                c=clinic_id,
                l=level,
                p=place,
                h=hash_,
            )
    run(tx, story, "UPDATE log_head SET frontier = :f", f=frontier.to_bytes())
    run(tx, story, "UPDATE device SET label = 'Pen 7' WHERE label = 'Pen 1'")


def test_a_whole_rewritten_log_is_found_only_with_a_checkpoint_kept_outside(
    told: Told, unguarded: Story
) -> None:
    house = unguarded.house
    with house.database.writing() as tx:
        rewrite_log(tx, unguarded)
    assert audit(house).clean

    found = audit_clinic(house.database, house.clinic_id, checkpoints=[told.checkpoint]).problems

    assert [(p.table, "another root" in p.reason) for p in found] == [
        ("handed-in checkpoint", True)
    ]


def test_a_checkpoint_kept_outside_holds_while_the_log_grows(told: Told, guarded: Story) -> None:
    house = guarded.house
    open_one(house, NOON.replace(hour=23), client="C-1")

    assert audit(house, checkpoints=[told.checkpoint]).clean


@pytest.mark.parametrize("spoil", ["note", "key"])
def test_a_checkpoint_that_nobody_signed_is_a_problem(
    told: Told, guarded: Story, spoil: str
) -> None:
    note, key = told.checkpoint
    lines = note.split("\n")
    spoiled = "\n".join([lines[0], str(int(lines[1]) - 1), *lines[2:]]) if spoil == "note" else note
    key = key if spoil == "note" else key[:-4] + "AAAA"

    problems = audit(guarded.house, checkpoints=[(spoiled, key)]).problems

    assert [p.table for p in problems] == ["handed-in checkpoint"]
    assert "cannot be believed" in problems[0].reason


def test_a_clinic_without_a_log_is_reported_and_does_not_raise(guarded: Story) -> None:
    result = audit_clinic(guarded.house.database, "00000000-0000-0000-0000-000000000000")

    assert Problem(index=None, table="log_head", reason="the row is missing") in result.problems


def test_progress_ends_with_the_whole(guarded: Story) -> None:
    told: list[tuple[int, int]] = []
    result = audit(guarded.house, progress=lambda done, total: told.append((done, total)))

    assert told[-1] == (result.size, result.size)


def test_a_story_can_be_copied(told: Told, tmp_path: Path) -> None:
    database = told.copy(tmp_path)
    copied = replace(told.story.house, database=database)

    assert audit(copied).root == audit(copied).root
    database.dispose()


def test_things_that_were_changed_archived_and_restored_hold(guarded: Story) -> None:
    house = guarded.house
    with house.database.writing() as tx:
        pen = find_device(tx, "PEN-1", actor=house.manager)
        change = ChangeDevice(
            device_id=pen.device_id, label="Pen, blue", max_depth_mm="2", settings="speed 3"
        )
        change_device(tx, change, actor=house.manager, now=NOON)
        archive_device(tx, "PEN-1", actor=house.manager, now=NOON)
        archive_device(tx, "TIP-1", actor=house.manager, now=NOON)
        restore_device(tx, "TIP-1", actor=house.manager, now=NOON)
        archive_product(tx, "SKIN-60", actor=house.manager, now=NOON)

    assert audit(house).problems == ()


def test_a_device_renamed_during_a_session_is_no_problem(guarded: Story) -> None:
    house = guarded.house
    session_id = open_one(house, NOON.replace(hour=22), client="C-1")
    with house.database.writing() as tx:
        tip = find_device(tx, "TIP-1", actor=house.manager)
        change = ChangeDevice(
            device_id=tip.device_id, label="Tip, red", max_depth_mm=None, settings=None
        )
        change_device(tx, change, actor=house.manager, now=NOON.replace(hour=22))
    answer_before(house, session_id, NOON.replace(hour=22))
    answer_rest(house, session_id, NOON.replace(hour=22))
    step(house, "close", session_id, NOON.replace(hour=22))

    assert audit(house).problems == ()
