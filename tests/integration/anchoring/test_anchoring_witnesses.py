"""Over HTTP: two witnesses make a quorum, and addresses that misbehave are left alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from outside import Outside, check

from compliance.cli.small_server import Question, Said, SmallServer
from compliance.cli.tsa import authority_question
from compliance.cli.witness import witness_question
from compliance.domain.access import Actor, Auth, Role
from compliance.keys.posting import NoAnswer, post
from compliance.keys.storage import export_root_pem, load_clinic_keys, load_root
from compliance.keys.time_authority import ensure_time_authority
from compliance.keys.witness import Witness, make_witness, trust_log
from compliance.ledger.policy import parse_policy
from compliance.operations.anchoring.plan import AnchorPlan, plan_anchors
from compliance.operations.anchoring.rounds import anchor_due
from compliance.operations.reporting.exporting import ExportReport, export_report
from compliance.operations.reporting.workshop import Workshop
from compliance.report.verifying.pins import Pins
from compliance.report.verifying.verdict import Outcome, Verdict
from compliance.report.verifying.verify import verify_report
from compliance.settings import SettingInvalid, Settings
from compliance.store import anchors
from compliance.store.session import Database
from givens import NOON, Clock
from harbour import House, build_house, closed_session


@contextmanager
def serving(question: Question) -> Iterator[str]:
    with SmallServer(("127.0.0.1", 0), question) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def answering(answer: Callable[[bytes], Said]) -> Iterator[str]:
    with serving(Question(path="/", most_bytes=100_000, answer=answer)) as url:
        yield f"{url}/"


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path) -> House:
    return build_house(sqlite_database, tmp_path, now=NOON)


@pytest.fixture
def log_key(house: House) -> str:
    return load_clinic_keys(house.keys_folder, house.clinic_id).note_verifier_key


@pytest.fixture
def witnesses(tmp_path: Path, log_key: str) -> Iterator[tuple[bytes, list[Witness]]]:
    """Two witnesses that are served, and the policy that wants both."""
    opened = []
    for number in (1, 2):
        make_witness(tmp_path / f"w{number}", name=f"witness{number}.example")
        trust_log(tmp_path / f"w{number}", log_key)
        opened.append(Witness(tmp_path / f"w{number}"))
    one, two = opened
    with serving(witness_question(one)) as first, serving(witness_question(two)) as second:
        yield (
            f"log {log_key}\nwitness A {one.key.text()} {first}\n"
            f"witness B {two.key.text()} {second}/\ngroup both all A B\nquorum both\n".encode(),
            opened,
        )


def watched(workshop: Workshop, policy: bytes) -> Workshop:
    return replace(workshop, anchors=AnchorPlan(policy=parse_policy(policy)))


def report(workshop: Workshop, house: House, output: Path, now: Any) -> bytes:
    actor = Actor(
        user_id=house.manager.user_id,
        clinic_id=house.clinic_id,
        roles=frozenset({Role.MANAGER}),
        auth=Auth.PASSWORD,
    )
    command = ExportReport(first=NOON.date(), last=NOON.date(), output=output)
    return export_report(workshop, command, actor=actor, now=now).files[0].path.read_bytes()


def judge(house: House, data: bytes, policy: bytes | None) -> Verdict:
    root = x509.load_pem_x509_certificate(export_root_pem(house.keys_folder))
    pins = Pins(policy=None if policy is None else parse_policy(policy))
    return verify_report(data, trust_roots=[root], pins=pins)


def test_a_quorum_of_witnesses_makes_level_two_and_no_more(
    workshop: Workshop,
    house: House,
    clock: Clock,
    witnesses: tuple[bytes, list[Witness]],
    tmp_path: Path,
) -> None:
    policy, (one, _) = witnesses
    closed_session(house, NOON)
    made = report(watched(workshop, policy), house, tmp_path / "r.pdf", clock.tick(hours=1))

    verdict = judge(house, made, policy)
    assert (verdict.outcome, verdict.level) == (Outcome.ACCEPTED, 2), verdict.sentence
    assert verdict.witnessed == ("witness1.example", "witness2.example")
    assert any("those of the clinic's own clock" in said for said in verdict.does_not_prove)
    assert not any("second one" in said for said in verdict.does_not_prove)

    assert judge(house, made, None).level == 0
    make_witness(tmp_path / "stranger", name="stranger")
    stranger = Witness(tmp_path / "stranger").key.text()
    mixed = f"witness A {one.key.text()}\nwitness S {stranger}\ngroup g all A S\nquorum g\n"
    half = judge(house, made, mixed.encode())
    assert (half.outcome, half.level) == (Outcome.ACCEPTED, 0)
    assert "that is no quorum" in check(half, "witnesses").reason
    other = judge(house, made, policy.replace(b"log aseptrail", b"# log aseptrail"))
    assert other.level == 2, "a policy without logs takes any"


def test_a_witness_that_was_shown_more_elsewhere_does_not_cosign_less(
    workshop: Workshop,
    house: House,
    clock: Clock,
    witnesses: tuple[bytes, list[Witness]],
) -> None:
    policy, _ = witnesses
    watching = watched(workshop, policy)
    assert anchor_due(watching, now=clock()) == 0
    with house.database.reading() as tx:
        assert anchors.last_cosigned(tx, house.clinic_id, "witness1.example") is not None
    closed_session(house, NOON)
    anchor_due(watching, now=clock.tick(minutes=10))
    # What the clinic remembers of its witnesses is lost with an older database; they tell.
    with house.database.reading() as tx:
        attempts = anchors.list_attempts(tx, house.clinic_id)
    assert [attempt.problem for attempt in attempts] == [None, None]


def test_a_witness_that_does_not_know_the_log_is_noted_and_harms_nothing(
    workshop: Workshop, house: House, clock: Clock, tmp_path: Path
) -> None:
    make_witness(tmp_path / "w", name="w")
    unknowing = Witness(tmp_path / "w")
    with serving(witness_question(unknowing)) as url:
        policy = f"witness A {unknowing.key.text()} {url}\nquorum A\n".encode()
        made = report(watched(workshop, policy), house, tmp_path / "r.pdf", clock())
    assert judge(house, made, policy).level == 0
    with house.database.reading() as tx:
        (attempt,) = anchors.list_attempts(tx, house.clinic_id)
    assert "status 404" in (attempt.problem or "")


def test_the_settings_name_authorities_and_witnesses_that_are_really_asked(
    workshop: Workshop,
    house: House,
    clock: Clock,
    tmp_path: Path,
    witnesses: tuple[bytes, list[Witness]],
    outside: Outside,
) -> None:
    from compliance.app import utc_now

    local = ensure_time_authority(
        house.keys_folder, root=load_root(house.keys_folder), now=utc_now()
    )
    (tmp_path / "policy").write_bytes(witnesses[0])
    (tmp_path / "tsa.pem").write_bytes(local.certificate.public_bytes(Encoding.PEM))
    with serving(authority_question(local)) as url:
        settings = Settings.from_environ(
            {
                "DATA_DIR": str(tmp_path / "data"),
                "COMPLIANCE_TSA_URL": f"local {url}/",
                "COMPLIANCE_TSA_CERTIFICATES": str(tmp_path / "tsa.pem"),
                "COMPLIANCE_WITNESS_POLICY": str(tmp_path / "policy"),
            }
        )
        plan = plan_anchors(settings, house.keys_folder, utc_now)
        assert anchor_due(replace(workshop, anchors=plan), now=utc_now()) == 2
    with house.database.reading() as tx:
        last = anchors.find_last(tx, house.clinic_id)
        cosigned = anchors.last_cosigned(tx, house.clinic_id, "witness2.example")
    assert last is not None
    assert not last.independent, "our own authority is not independent, however it is reached"
    assert cosigned is not None
    assert clock() == NOON
    assert outside.asked == []


@pytest.mark.parametrize(
    "setting",
    [
        {"COMPLIANCE_TSA_URL": "ftp://a"},
        {"COMPLIANCE_TSA_URL": "https://a https://b https://c"},
        {"COMPLIANCE_TSA_URL": "https://a https://a"},
    ],
)
def test_settings_that_name_no_authority_are_refused(
    tmp_path: Path, setting: dict[str, str]
) -> None:
    with pytest.raises(SettingInvalid):
        Settings.from_environ({"DATA_DIR": str(tmp_path), **setting})


def test_files_that_are_named_must_be_what_they_are_named_for(
    tmp_path: Path, house: House, clock: Clock
) -> None:
    (tmp_path / "bad").write_text("nothing", encoding="utf-8")
    for name in ("COMPLIANCE_TSA_CERTIFICATES", "COMPLIANCE_WITNESS_POLICY"):
        for path in ("bad", "missing"):
            settings = Settings.from_environ(
                {"DATA_DIR": str(tmp_path / "d"), name: str(tmp_path / path)}
            )
            with pytest.raises(SettingInvalid, match=name):
                plan_anchors(settings, house.keys_folder, clock)


def test_a_demo_stamps_for_itself_and_others_only_when_told(tmp_path: Path) -> None:
    where = {"DATA_DIR": str(tmp_path)}
    assert Settings.from_environ(where).tsa_urls == ()
    assert Settings.from_environ(where, demo=True).tsa_urls == ("local",)
    off = {**where, "COMPLIANCE_DEMO": "yes", "COMPLIANCE_TSA_URL": "none"}
    assert Settings.from_environ(off).tsa_urls == ()


def said(body: bytes) -> Said:
    return Said(status=200, content_type="text/plain", body=body)


def test_an_answer_that_is_too_long_is_none() -> None:
    with answering(lambda _: said(b"x" * 70_000)) as url, pytest.raises(NoAnswer, match="too long"):
        post(url, b"", content_type="text/plain")


def test_an_answer_that_takes_too_long_is_none() -> None:
    gate = threading.Event()

    def late(_: bytes) -> Said:
        gate.wait(5)
        return said(b"late")

    with answering(late) as url:
        started = time.monotonic()
        with pytest.raises(NoAnswer):
            post(url, b"", content_type="text/plain", seconds=0.2)
        assert time.monotonic() - started < 3
        gate.set()


def test_nobody_is_sent_elsewhere() -> None:
    asked: list[bytes] = []

    def elsewhere(body: bytes) -> Said:
        asked.append(body)
        return Said(status=302, content_type="text/plain", body=b"go on")

    with answering(elsewhere) as url:
        assert post(url, b"x", content_type="text/plain").status == 302
    assert asked == [b"x"]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x", "local", "http://127.0.0.1:1/"])
def test_what_is_no_address_or_nobody_home_is_no_answer(url: str) -> None:
    with pytest.raises(NoAnswer):
        post(url, b"", content_type="text/plain", seconds=2)


def test_the_small_server_answers_its_one_question_only() -> None:
    with answering(lambda body: said(body)) as url:
        assert post(url, b"echo", content_type="text/plain").body == b"echo"
        assert post(url + "other", b"", content_type="text/plain").status == 404
        assert post(url, b"x" * 100_001, content_type="text/plain").status == 413
