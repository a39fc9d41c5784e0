"""The demo clinic: everything a visitor should find, made as in real use."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from compliance.domain.access import Auth
from compliance.domain.depth import classify_depth
from compliance.domain.words import DepthClass, ReprocessingMode, SessionState
from compliance.ledger.entry import parse_time
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.demo.cast import PIN, PLAYERS, SLUG
from compliance.operations.demo.making import MakeDemo, make_demo
from compliance.operations.demo.script import plan_days, working_days
from compliance.operations.founding import open_keyring
from compliance.operations.people.passwords import check_secret
from compliance.operations.people.sign_in import SignIn, resume_login, sign_in
from compliance.store.session import Database, engine_options, prepare_engine

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    database: Database
    clinic_id: str
    seconds: float
    entries: list[dict[str, Any]]

    def rows(self, statement: str) -> list[Any]:
        with self.database.engine.connect() as connection:
            return list(connection.execute(text(statement)))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [entry["data"] for entry in self.entries if entry["kind"] == kind]


class Enough(Exception):
    """So many days were played that the rest would show nothing new."""


def play(folder: Path, template: Path, now: datetime, *, days: int | None = None) -> Demo:
    """Make the demo, or its first days only; what was entered until then is there."""

    def watch(done: int, _all: int) -> None:
        if done == days:
            raise Enough

    path = folder / "compliance.sqlite3"
    shutil.copyfile(template, path)
    url = f"sqlite:///{path}"
    engine = create_engine(url, **engine_options(url))
    prepare_engine(engine)
    database = Database(engine, lock_file=None)
    keyring = open_keyring(folder)
    command = MakeDemo(
        database=database,
        keyring=keyring,
        keys_folder=folder / "keys",
        system_user="tests",
        now=now,
    )
    started = time.perf_counter()
    clinic_id = ""
    with suppress(Enough):
        clinic_id = make_demo(command, progress=watch)
    seconds = time.perf_counter() - started
    keyring.subjects.close()
    with engine.connect() as connection:
        bodies = connection.execute(text("SELECT body FROM log_body ORDER BY idx"))
        entries = [json.loads(row[0]) for row in bodies]
    return Demo(database=database, clinic_id=clinic_id, seconds=seconds, entries=entries)


# Workers take whole files, so the month is made once.
@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Demo]:
    made = play(tmp_path_factory.mktemp("demo"), sqlite_template, NOW)
    yield made
    made.database.dispose()


def test_there_are_forty_sessions_over_thirty_days_in_every_state(demo: Demo) -> None:
    states = dict(demo.rows("SELECT state, count(*) FROM treatment_session GROUP BY state"))
    assert set(states) == set(SessionState)
    assert sum(states.values()) >= 40
    times = [parse_time(entry["at"]) for entry in demo.entries]
    assert timedelta(days=28) < NOW - min(times) < timedelta(days=32)


def test_nothing_lies_in_the_future_and_no_clock_goes_back(demo: Demo) -> None:
    times = [parse_time(entry["at"]) for entry in demo.entries]
    assert times == sorted(times)
    assert times[-1] < NOW
    assert not demo.of("clock.anomaly")


def test_all_protocols_modes_and_depth_classes_occur(demo: Demo) -> None:
    opened = demo.of("session.opened")
    published = demo.of("template.published")
    assert {each["template"]["id"] for each in opened} == {
        each["template"]["id"] for each in published
    }
    modes = {part["mode"] for each in opened for part in each["device"]["components"]}
    assert modes == set(ReprocessingMode)
    depths = [
        each["new"]["value"] for each in demo.of("session.answered") if each["item"] == "depth"
    ]
    assert {classify_depth(Decimal(depth)) for depth in depths} == set(DepthClass)


def test_everything_out_of_the_ordinary_occurs(demo: Demo) -> None:
    answered = demo.of("session.answered")
    assert any(each["late"] for each in answered)
    corrected = [each for each in answered if each["old"] == "no" and each["new"] == "yes"]
    assert corrected
    assert corrected[0]["reason"] is not None
    assert any(each["undo"] for each in answered)
    assert demo.of("session.overridden")
    assert demo.of("session.taken_over")
    assert demo.of("session.corrected")
    assert len(demo.of("session.amended")) >= 2
    assert any(each["escalated"] and each["signs"] for each in demo.of("incident.recorded"))
    assert {each["outcome"] for each in demo.of("followup.recorded")} == {"well", "signs"}
    assert any(each["warnings"] for each in demo.of("session.opened"))
    assert any(each["new"] == "yes" for each in answered if each["item"] == "steel_allergy")
    aborted = demo.of("session.aborted")
    assert {each["started_at"] is None for each in aborted} == {True, False}


def test_people_are_known_by_password_and_pin_and_sign_by_password(demo: Demo) -> None:
    assert {entry["by"]["auth"] for entry in demo.entries} == {
        Auth.PASSWORD,
        Auth.PIN,
        Auth.SYSTEM,
    }
    signatures = [each["signature"] for each in demo.of("session.closed")]
    assert all(signature["auth"] == "password" and signature["grant"] for signature in signatures)


def test_packs_are_registered_released_used_and_one_has_expired(demo: Demo) -> None:
    packs = demo.rows("SELECT state, expires_on FROM pack")
    assert {state for state, _ in packs} >= {"registered", "released", "used"}
    today = NOW.date().isoformat()
    assert any(state == "released" and str(expiry) < today for state, expiry in packs)


def test_two_sterilizers_run_their_month_with_day_tests_and_released_loads(demo: Demo) -> None:
    added = {each["sterilizer"]: each["code"] for each in demo.of("sterilizer.added")}
    assert sorted(added.values()) == ["A1", "A2"]
    runs = [*demo.of("cycle.recorded"), *demo.of("cycle.imported")]
    assert {(added[run["sterilizer"]], run["kind"]) for run in runs} == {
        (code, kind) for code in ("A1", "A2") for kind in ("production", "day_test")
    }
    released = {each["cycle"] for each in demo.of("cycle.released")}
    packs = {each["pack"]: each["cycle_id"] for each in demo.of("pack.registered")}
    used = {
        piece["ref"]["pack"]
        for each in demo.of("session.closed")
        for item in each["items"]
        for piece in item["evidence"]
        if piece["kind"] == "pack"
    }
    assert used
    assert {packs[pack] for pack in used} <= released


def test_one_log_failed_one_jumped_and_one_was_copied(demo: Demo) -> None:
    runs = demo.of("cycle.imported")
    assert len(demo.of("log_file.kept")) == len(runs)
    assert [run["outcome"] for run in runs].count("failed") == 1
    flagged = {flag["code"]: run["cycle"] for run in runs for flag in run["flags"]}
    decided = {each["flag"] for each in demo.of("cycle.flag_decided")}
    assert decided == {"counter_jump"}
    assert "identical_curve" in flagged


def test_one_spore_test_failed_and_its_recall_was_worked_off(demo: Demo) -> None:
    outcomes = Counter(
        each["outcome"] for each in demo.of("indicator.read") if each["indicator"] == "spore"
    )
    assert outcomes["fail"] == 1
    assert outcomes["pass"] >= 8
    (recall,) = demo.of("recall.opened")
    calls = demo.of("recall.called")
    assert len({call["met"] for call in calls}) >= 2
    assert {"reached", "not_reached"} <= {call["outcome"] for call in calls}
    assert {each["outcome"] for each in demo.of("recall.pack_found")} == {"pulled"}
    assert [each["recall"] for each in demo.of("recall.closed")] == [recall["recall"]]
    moves = [(move["from"], move["to"]) for move in demo.of("sterilizer.moved")]
    assert moves == [
        ("in_service", "suspended"),
        ("suspended", "retest"),
        ("retest", "in_service"),
    ]
    assert demo.of("sterilizer.moved")[-1]["proof"]


def test_the_log_and_the_tables_survive_an_audit(demo: Demo) -> None:
    result = audit_clinic(demo.database, demo.clinic_id)
    assert result.problems == ()
    assert result.size == len(demo.entries)


@pytest.mark.parametrize("player", PLAYERS, ids=lambda player: player.username)
def test_everybody_of_the_cast_can_come_in(demo: Demo, player: Any) -> None:
    command = SignIn(username=player.username, password=f"demo-{player.username}")
    token = sign_in(demo.database, command, now=NOW)
    with demo.database.reading() as tx:
        signed_in = resume_login(tx, token, now=NOW, idle_lock_seconds=300)
    assert signed_in is not None
    assert [clinic.slug for clinic in signed_in.clinics] == [SLUG]
    assert signed_in.clinics[0].demo
    assert signed_in.has_pin is player.pin


def test_the_tablet_pin_is_the_announced_one(demo: Demo) -> None:
    rows = demo.rows("SELECT username, pin_hash FROM user_account WHERE pin_hash IS NOT NULL")
    assert {name for name, _ in rows} >= {"practitioner", "operator"}
    assert all(check_secret(pin_hash, PIN).matches for _, pin_hash in rows)


def test_the_inspectors_access_ends(demo: Demo) -> None:
    command = SignIn(username="inspector", password="demo-inspector")
    token = sign_in(demo.database, command, now=NOW + timedelta(days=59))
    with demo.database.reading() as tx:
        last = NOW + timedelta(days=60)
        assert resume_login(tx, token, now=last, idle_lock_seconds=300) is None


def test_it_is_made_quickly(demo: Demo) -> None:
    # Far above what it takes; a machine that tests in parallel is slow.
    assert demo.seconds < 60


def test_the_same_moment_makes_the_same_month(
    demo: Demo, tmp_path: Path, sqlite_template: Path
) -> None:
    # Whatever is left to chance differs long before the tenth day.
    again = play(tmp_path, sqlite_template, NOW, days=10)
    again.database.dispose()

    def outline(entries: list[dict[str, Any]]) -> list[tuple[str, str, Any]]:
        return [(e["at"], e["kind"], e["data"].get("new")) for e in entries if no_clients(e)]

    first = outline(again.entries)
    assert len(first) > 500
    assert first == outline(demo.entries)[: len(first)]


def no_clients(entry: dict[str, Any]) -> bool:
    """A corrected client is named by an id, which differs each time."""
    return bool(entry["kind"] != "session.corrected")


@pytest.mark.parametrize("weekday", range(7))
def test_the_script_holds_on_every_day_of_the_week(weekday: int) -> None:
    today = NOW.date() + timedelta(days=weekday)
    days = list(plan_days(today))
    assert [day.date for day in days] == working_days(today)
    assert all(day.date < today and day.date.weekday() != 6 for day in days)
    cases = [case for day in days for case in day.cases]
    assert len(cases) >= 46
    twists = Counter(case.twist for case in cases)
    assert len(twists) == len(set(type(cases[0].twist)))
    assert all(case.device.startswith("ROLLER") for case in days[-1].cases)
