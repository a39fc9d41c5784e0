"""``compliance load``: from the start of a load to its packs, and who may release."""

from __future__ import annotations

from datetime import date

import pytest
from cli.running import PASSWORD, Run, add_user
from click.testing import Result

from compliance.cli.installation import acting_in, open_installation
from compliance.domain.sterilization.judging import Program
from compliance.domain.sterilization.words import SterilizerType
from compliance.operations.auditing import audit_clinic
from compliance.operations.packs import list_packs
from compliance.operations.sterilization.machines import AddSterilizer, add_sterilizer

READINGS = ("--lowest", "134.3", "--highest", "135,0", "--hold", "185", "--pressure", "3.1")


@pytest.fixture
def room(run: Run) -> None:
    """A clinic without a day test in its rules, a sterilizer, and a person of the room."""
    made = run("clinic", "create", "harbour", "--name", "Harbour", "--profile", "US-NEHA-BAMC-2024")
    assert made.exit_code == 0, made.output
    assert add_user(run, "harbour", "mary", "operator").exit_code == 0
    assert add_user(run, "harbour", "paul", "practitioner").exit_code == 0
    limits = Program(name="134 °C", hold_decicelsius=1340, upper_decicelsius=1370, hold_seconds=180)
    command = AddSterilizer(
        code="A1",
        name="Autoclave 1",
        type=SterilizerType.B,
        serial="1",
        programs=(limits,),
        installed_on=date(2024, 1, 2),
    )
    with open_installation() as services, services.database.writing() as tx:
        add_sterilizer(tx, command, actor=acting_in(tx, "harbour"), now=services.clock())


def load(run: Run, *words: str, person: str | None = None, password: str = PASSWORD) -> Result:
    asked = ("--as", person, "--password-stdin") if person else ()
    return run("load", words[0], "--clinic", "harbour", *words[1:], *asked, stdin=f"{password}\n")


def started(run: Run) -> str:
    done = load(run, "start", "--sterilizer", "A1", "--text", "Tweezers", person="mary")
    assert done.exit_code == 0, done.output
    return done.stdout.strip()


def read_out(run: Run, load_id: str, *more: str) -> Result:
    return load(run, "read-out", load_id, "--number", "7", *more, person="mary")


def test_a_load_goes_from_its_start_to_released_packs(run: Run, room: None) -> None:
    load_id = started(run)
    assert load_id in load(run, "list").stdout
    again = load(run, "start", "--sterilizer", "A1", "--text", "Bowl")
    assert (again.exit_code, "A load runs in A1" in again.stderr) == (1, True)

    done = read_out(run, load_id, *READINGS, "--indicator", "5:changed:CI-1")
    assert (done.exit_code, "Cycle 7: passed" in done.stderr) == (0, True)
    assert load(run, "list").stdout == ""
    released = load(run, "release", done.stdout.strip(), person="mary")

    assert released.exit_code == 0, released.output
    with open_installation() as services, services.database.reading() as tx:
        actor = acting_in(tx, "harbour")
        (pack,) = list_packs(tx, actor=actor)
        assert audit_clinic(services.database, actor.clinic_id).problems == ()
    assert (released.stdout.strip(), pack.contents, pack.state.value) == (
        pack.code,
        "Tweezers",
        "released",
    )
    assert pack.released_by is not None
    assert not pack.released_by.startswith("system:")


def test_a_failed_run_says_why_and_gives_exit_code_4(run: Run, room: None) -> None:
    done = read_out(run, started(run), "--lowest", "131", "--hold", "185")

    assert done.exit_code == 4
    assert "Cycle 7: failed" in done.stderr
    refused = load(run, "release", done.stdout.strip(), person="mary")
    assert refused.exit_code == 1
    assert "Blocked: " in refused.stderr
    assert "pack the instruments anew" in refused.stderr


def test_nobody_releases_with_a_wrong_password_or_without_leave(run: Run, room: None) -> None:
    done = read_out(run, started(run), *READINGS, "--indicator", "5:changed")
    cycle = done.stdout.strip()

    wrong = load(run, "release", cycle, person="mary", password="a guess")
    assert (wrong.exit_code, "is not right" in wrong.stderr) == (1, True)
    assert load(run, "release", cycle, person="paul").exit_code == 1
    assert load(run, "release", cycle).exit_code == 2
    with open_installation() as services, services.database.reading() as tx:
        assert list_packs(tx, actor=acting_in(tx, "harbour")) == []


def test_a_load_is_given_up_with_a_reason(run: Run, room: None) -> None:
    load_id = started(run)

    assert load(run, "give-up", load_id, "--reason", "x").exit_code == 2
    assert load(run, "give-up", load_id, "--reason", "The power failed.").exit_code == 0
    assert load(run, "list").stdout == ""
    assert load(run, "give-up", load_id, "--reason", "The power failed.").exit_code == 1


@pytest.mark.parametrize(
    "words", [("--lowest", "hot"), ("--lowest", "134.25"), ("--indicator", "5:maybe")]
)
def test_what_is_no_reading_is_refused_by_its_name(
    run: Run, room: None, words: tuple[str, str]
) -> None:
    refused = read_out(run, started(run), *words)

    assert refused.exit_code == 2
    assert words[0].removeprefix("--") in refused.stderr
