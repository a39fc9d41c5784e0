"""The inbox: a log that has come to rest is brought in once, and accounted for beside it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from web.sterilizers.room import add_machine, dac_log

from compliance.jobs.inbox import Brought, Inbox, looking_into_inbox
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.sterilization.importing import MOST_BYTES, list_imports
from compliance.operations.sterilization.overseeing import CycleFilter, search_cycles
from compliance.store.session import Database
from givens import Clock
from harbour import House, build_house


@pytest.fixture
def house(database: Database, tmp_path: Path, clock: Clock) -> House:
    house = build_house(database, tmp_path / "data", now=clock.now)
    add_machine(house, "A1", now=clock.now)
    return house


@pytest.fixture
def folder(house: House, tmp_path: Path) -> Path:
    folder = tmp_path / "inbox" / "harbour" / "A1"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def inbox(house: House, tmp_path: Path, clock: Clock) -> Inbox:
    return Inbox(house.database, tmp_path / "inbox", clock)


def files_of(house: House) -> list[str]:
    with house.database.reading() as tx:
        return [row.name for row in list_imports(tx, actor=house.manager)]


def cycles_of(house: House) -> list[str]:
    with house.database.reading() as tx:
        rows = search_cycles(tx, CycleFilter(), actor=house.manager)
    return [row.number for row in rows]


def test_a_file_at_rest_is_brought_in_moved_and_accounted_for(
    house: House, folder: Path, inbox: Inbox, clock: Clock
) -> None:
    content = b"stray\r\n" + dac_log(number="12", started=clock.now)
    (folder / "log.txt").write_bytes(content)

    assert inbox.look() == []
    (brought,) = inbox.look()

    assert brought.accepted
    assert not (folder / "log.txt").exists()
    assert (folder / "done" / "log.txt").read_bytes() == content
    report = (folder / "done" / "log.txt.report.txt").read_text("utf-8")
    assert "log.txt: 1 accepted" in report
    assert "lines 1 to 1: noise" in report
    assert cycles_of(house) == ["12"]
    with house.database.reading() as tx:
        (row,) = list_imports(tx, actor=house.manager)
    assert row.arrived_by == "system:inbox"
    assert audit_clinic(house.database, house.clinic_id).clean
    assert inbox.look() == []


def test_a_file_that_still_grows_is_left_alone(
    house: House, folder: Path, inbox: Inbox, clock: Clock
) -> None:
    content = dac_log(number="12", started=clock.now)
    path = folder / "log.txt"
    for part in range(1, 4):
        path.write_bytes(content[: len(content) * part // 3])
        assert inbox.look() == []

    assert [each.accepted for each in inbox.look()] == [True]
    assert cycles_of(house) == ["12"]


def test_what_was_imported_before_a_crash_is_only_moved(
    house: House, folder: Path, inbox: Inbox, clock: Clock
) -> None:
    content = dac_log(number="12", started=clock.now)
    for name in ("log.txt", "again.txt"):
        (folder / name).write_bytes(content)

    inbox.look()
    brought = inbox.look()

    assert [each.accepted for each in brought] == [True, True]
    assert "arrived already" in brought[1].report
    assert len(files_of(house)) == 1
    assert sorted(path.name for path in (folder / "done").iterdir()) == [
        "again.txt",
        "again.txt.report.txt",
        "log.txt",
        "log.txt.report.txt",
    ]


def test_nothing_in_done_is_overwritten(
    house: House, folder: Path, inbox: Inbox, clock: Clock
) -> None:
    for number in ("12", "13"):
        (folder / "log.txt").write_bytes(dac_log(number=number, started=clock.now))
        inbox.look()
        inbox.look()

    kept = [each for each in (folder / "done").iterdir() if not each.name.endswith(".report.txt")]
    assert len(kept) == 2
    assert len(files_of(house)) == 2


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.txt", b"", "is empty or too large"),
        ("huge.txt", b"x" * (MOST_BYTES + 1), "is empty or too large"),
        ("lisa.txt", b"END\r\nW&H O.D.Code 00-EC6FF-F62333696D4AD51A\r\n", "W&H publishes"),
    ],
)
def test_what_cannot_be_read_is_put_aside_with_the_reason(
    house: House, folder: Path, inbox: Inbox, name: str, content: bytes, reason: str
) -> None:
    (folder / name).write_bytes(content)

    inbox.look()
    (brought,) = inbox.look()

    assert not brought.accepted
    assert reason in (folder / "refused" / f"{name}.report.txt").read_text("utf-8")
    assert files_of(house) == []


def test_a_folder_of_nobody_is_refused_and_links_are_never_followed(
    house: House, folder: Path, inbox: Inbox, tmp_path: Path, clock: Clock
) -> None:
    content = dac_log(number="12", started=clock.now)
    for place in ("nobody/A1", "harbour/Z9"):
        stranger = tmp_path / "inbox" / place
        stranger.mkdir(parents=True)
        (stranger / "log.txt").write_bytes(content)
    secret = tmp_path / "secret.txt"
    secret.write_bytes(content)
    (folder / "link.txt").symlink_to(secret)
    (tmp_path / "inbox" / "linked").symlink_to(tmp_path / "inbox" / "harbour")
    (folder / ".hidden").write_bytes(content)

    inbox.look()
    brought = inbox.look()

    assert [each.accepted for each in brought] == [False, False]
    assert {each.path.parent.parent.name for each in brought} == {"A1", "Z9"}
    assert secret.exists()
    assert files_of(house) == []


def test_one_broken_file_keeps_no_other_lying(
    house: House, folder: Path, inbox: Inbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in ("12", "13"):
        (folder / f"{number}.txt").write_bytes(dac_log(number=number, started=clock.now))
    inbox.look()
    opened = Path.open

    def fail(path: Path, *args: Any, **kwargs: Any) -> Any:
        if path.name == "12.txt":
            raise PermissionError("not ours")
        return opened(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", fail)
    assert [each.path.name for each in inbox.look()] == ["13.txt"]
    monkeypatch.undo()

    assert [each.path.name for each in inbox.look()] == ["12.txt"]


def test_the_worker_looks_into_the_inbox_by_itself(inbox: Inbox, folder: Path) -> None:
    looked = threading.Event()
    look = inbox.look

    def look_and_tell() -> list[Brought]:
        looked.set()
        return look()

    inbox.look = look_and_tell  # type: ignore[method-assign]  # told when it is called
    with looking_into_inbox(inbox):
        assert looked.wait(5)
