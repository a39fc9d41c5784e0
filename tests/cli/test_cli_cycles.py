"""``compliance cycle import``: what it says, and its exit codes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from cli.running import Run

from compliance.cli.installation import acting_in, open_installation
from compliance.domain.sterilization.judging import Program
from compliance.domain.sterilization.words import SterilizerType
from compliance.operations.sterilization.machines import AddSterilizer, add_sterilizer
from givens import ROOT

LOGS = ROOT / "tests" / "data" / "autoclave"


def add_dac(run: Run) -> None:
    made = run("clinic", "create", "harbour", "--name", "Harbour", "--profile", "US-NEHA-BAMC-2024")
    assert made.exit_code == 0, made.output
    limits = Program(name="134 °C", hold_decicelsius=1340, upper_decicelsius=1370, hold_seconds=180)
    command = AddSterilizer(
        code="DAC",
        name="DAC Universal",
        type=SterilizerType.S,
        serial="601362",
        programs=(limits,),
        installed_on=date(2015, 1, 2),
    )
    with open_installation() as services, services.database.writing() as tx:
        add_sterilizer(tx, command, actor=acting_in(tx, "harbour"), now=services.clock())


def import_files(run: Run, *files: Path) -> tuple[int, str]:
    result = run("cycle", "import", "--clinic", "harbour", "--sterilizer", "DAC", *files)
    return result.exit_code, result.output


def test_logs_are_listed_with_what_became_of_every_line(run: Run) -> None:
    add_dac(run)

    code, output = import_files(run, LOGS / "dac_DACLogOK.TXT", LOGS / "dac_DACLogFehler.TXT")

    assert code == 0, output
    assert "cycle 13 passed, flagged: old_date" in output
    assert "cycle 14 failed" in output


def test_what_is_refused_gives_exit_code_4(run: Run, tmp_path: Path) -> None:
    add_dac(run)
    good = LOGS / "dac_DACLogOK.TXT"
    import_files(run, good)
    strange = tmp_path / "notes.txt"
    strange.write_text("no log at all\n", encoding="utf-8")

    assert import_files(run, good)[0] == 4
    code, output = import_files(run, strange)

    assert code == 4
    assert "1 refused" in output
