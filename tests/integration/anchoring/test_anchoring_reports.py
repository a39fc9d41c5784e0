"""Reports carry what those outside said, and the verifier says no more than that shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from outside import Outside, check

from compliance.domain.access import Actor, Auth, Role
from compliance.keys.storage import export_root_pem, load_root
from compliance.keys.time_authority import ensure_time_authority
from compliance.operations.anchoring.plan import AnchorPlan, Authority
from compliance.operations.anchoring.rounds import anchor_due
from compliance.operations.reporting.exporting import ExportReport, export_report
from compliance.operations.reporting.single import INSPECTION, ExportSession, export_session
from compliance.operations.reporting.workshop import Workshop
from compliance.report.verifying.pins import PinFiles, Pins
from compliance.report.verifying.verdict import Outcome, Verdict, verdict_from_json
from compliance.report.verifying.verify import verify_report
from compliance.report.verifying.worker import verify_in_subprocess
from compliance.store.session import Database
from givens import NOON, Clock
from harbour import House, build_house, closed_session

DAY = NOON.date()


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path) -> House:
    return build_house(sqlite_database, tmp_path, now=NOON)


def manager(house: House) -> Actor:
    return Actor(
        user_id=house.manager.user_id,
        clinic_id=house.clinic_id,
        roles=frozenset({Role.MANAGER}),
        auth=Auth.PASSWORD,
    )


def export(workshop: Workshop, house: House, output: Path, now: Any) -> Path:
    command = ExportReport(first=DAY, last=DAY, output=output)
    return export_report(workshop, command, actor=manager(house), now=now).files[0].path


def judge(house: House, path: Path, pins: Pins | None = None, **more: Any) -> Verdict:
    root = x509.load_pem_x509_certificate(export_root_pem(house.keys_folder))
    return verify_report(path.read_bytes(), trust_roots=[root], pins=pins, **more)


def test_each_record_has_its_bracket_and_the_level_is_one(
    workshop: Workshop, house: House, clock: Clock, outside: Outside, tmp_path: Path
) -> None:
    anchor_due(workshop, now=clock())
    first = clock.tick(minutes=10)
    closed_session(house, first)
    anchor_due(workshop, now=clock())
    second = clock.tick(minutes=10)
    closed_session(house, second, client="C-2")
    made = clock.tick(minutes=30)

    path = export(workshop, house, tmp_path / "day.pdf", made)
    verdict = judge(house, path, Pins(authorities=tuple(outside.roots)))

    assert verdict.outcome is Outcome.ACCEPTED, verdict.sentence
    assert verdict.level == 1
    assert "existed by the times" in verdict.sentence
    one, two = verdict.brackets
    assert (one.not_before, one.by) == (NOON, first)
    assert (two.not_before, two.by) == (first, made)
    assert [stamp.counts for stamp in verdict.time_stamps] == [True] * 6
    assert verdict_from_json(verdict.to_json()) == replace(verdict, audit=None)
    assert not any("all times are those of the clinic" in one for one in verdict.does_not_prove)


def test_who_pins_nobody_is_told_so_and_gets_level_nought(
    workshop: Workshop, house: House, clock: Clock, outside: Outside, tmp_path: Path
) -> None:
    closed_session(house, NOON)
    path = export(workshop, house, tmp_path / "day.pdf", clock.tick(hours=1))

    nobody = judge(house, path)
    assert (nobody.outcome, nobody.level) == (Outcome.ACCEPTED, 0)
    assert "you pinned no authority" in check(nobody, "time_stamps").reason
    assert [one.by for one in nobody.brackets] == [None]

    other = judge(house, path, Pins(authorities=(outside.second.root,)))
    assert other.level == 1
    assert "1 of 2 time-stamps count" in check(other, "time_stamps").reason
    stranger = Outside(clock).first.root
    assert judge(house, path, Pins(authorities=(stranger,))).level == 0


def test_the_end_that_no_authority_saw_is_named_and_the_level_stays_nought(
    workshop: Workshop, house: House, clock: Clock, outside: Outside, tmp_path: Path
) -> None:
    closed_session(house, NOON)
    anchor_due(workshop, now=clock())
    closed_session(house, NOON, client="C-2")
    outside.silent |= {"https://one", "https://two"}

    path = export(workshop, house, tmp_path / "day.pdf", clock.tick(hours=1))
    verdict = judge(house, path, Pins(authorities=tuple(outside.roots)))

    assert (verdict.outcome, verdict.level) == (Outcome.ACCEPTED, 0)
    assert "are not covered" in check(verdict, "time_stamps").reason
    assert [one.by for one in verdict.brackets] == [NOON, None]


def test_the_local_authority_counts_only_for_who_pins_it_on_purpose(
    workshop: Workshop, house: House, clock: Clock, outside: Outside, tmp_path: Path
) -> None:
    root = load_root(house.keys_folder)
    local = ensure_time_authority(house.keys_folder, root=root, now=NOON)
    authority = Authority(
        target="local", pinned=(), independent=False, ask=outside.asking("local", local)
    )
    own = replace(workshop, anchors=AnchorPlan(authorities=(authority,)))
    closed_session(house, NOON)
    path = export(own, house, tmp_path / "day.pdf", clock.tick(hours=1))

    assert judge(house, path).level == 0
    pinned = judge(house, path, Pins(authorities=(local.certificate,)))
    assert pinned.level == 1
    assert "the clinic's own and not independent" in pinned.sentence
    assert any("made to say any time" in said for said in pinned.does_not_prove)
    assert "not independent" in check(pinned, "time_stamps").reason
    assert [stamp.independent for stamp in pinned.time_stamps] == [False]


def test_one_sessions_file_carries_its_bracket(
    workshop: Workshop, house: House, clock: Clock, outside: Outside, tmp_path: Path
) -> None:
    anchor_due(workshop, now=clock())
    session_id = closed_session(house, clock.tick(minutes=10))
    anchor_due(workshop, now=clock())
    command = ExportSession(session_id=session_id, purpose=INSPECTION, output=tmp_path / "one.pdf")
    made = export_session(workshop, command, actor=manager(house), now=clock.tick(hours=1))

    verdict = judge(house, made.path, Pins(authorities=tuple(outside.roots)))
    assert (verdict.outcome, verdict.level) == (Outcome.ACCEPTED, 1), verdict.sentence
    (bracket,) = verdict.brackets
    assert (bracket.not_before, bracket.by) == (NOON, NOON + timedelta(minutes=10))
    assert judge(house, made.path).level == 0


def test_the_worker_process_is_told_whom_the_inspector_pins(
    workshop: Workshop, house: House, clock: Clock, outside: Outside, tmp_path: Path
) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding

    closed_session(house, NOON)
    path = export(workshop, house, tmp_path / "day.pdf", clock.tick(hours=1))
    pem = outside.first.root.public_bytes(Encoding.PEM)

    verdict = verify_in_subprocess(
        path,
        trust_pems=[export_root_pem(house.keys_folder)],
        pins=PinFiles(authorities=[pem], policy=b"quorum none\n"),
    )
    assert (verdict.outcome, verdict.level) == (Outcome.ACCEPTED, 1), verdict.sentence
    assert len(verdict.brackets) == 1
