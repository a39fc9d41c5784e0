"""A clinic may change its name, and no report may bear one that the log does not show."""

from __future__ import annotations

from pathlib import Path

import pytest

from compliance.report.verifying.verdict import Outcome, Verdict
from compliance.report.verifying.verify import verify_report
from unit.verifying.building import Clinic, seal
from unit.verifying.mutants import Maker, Mutant
from unit.verifying.renaming import (
    TELLINGS,
    lists_of,
    session_of,
    session_of_renamed_colleague,
    tell,
)


@pytest.fixture
def maker(clinic: Clinic, tmp_path: Path) -> Maker:
    return Maker(clinic=clinic, folder=tmp_path)


def judge(mutant: Mutant) -> Verdict:
    return verify_report(mutant.data, trust_roots=mutant.roots)


def identity(verdict: Verdict) -> str:
    (said,) = [check.reason for check in verdict.checks if check.code == "identity"]
    return said


@pytest.mark.parametrize("name", TELLINGS)
def test_a_report_bears_the_name_that_the_log_gave_last(maker: Maker, name: str) -> None:
    telling = TELLINGS[name]
    log, parts = tell(maker, telling)

    verdict = verify_report(seal(parts, log, maker.folder), trust_roots=[log.root.certificate])

    if telling.wrong is None:
        assert verdict.outcome is Outcome.ACCEPTED, verdict.failed
        assert verdict.clinic == telling.clinic["name"]
        assert "what it is called since" in identity(verdict)
    else:
        assert verdict.outcome is Outcome.REJECTED
        assert [check.code for check in verdict.failed] == ["identity"]
        assert telling.wrong in identity(verdict)


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("renamed twice", Outcome.ACCEPTED),
        ("still the old name", Outcome.REJECTED),
        ("a wrong old name", Outcome.REJECTED),
    ],
)
def test_sessions_files_and_lists_are_asked_the_same(
    maker: Maker, name: str, outcome: Outcome
) -> None:
    for mutant in (session_of(maker, name), lists_of(maker, name)):
        verdict = judge(mutant)

        assert verdict.outcome is outcome, (mutant.name, verdict.failed)
        if outcome is Outcome.REJECTED:
            assert [check.code for check in verdict.failed] == ["identity"]


def test_a_sessions_file_may_quote_that_a_colleague_has_another_name(maker: Maker) -> None:
    verdict = judge(session_of_renamed_colleague(maker))

    assert verdict.outcome is Outcome.ACCEPTED, verdict.failed
    assert verdict.audit is not None
    assert {"Ada Maß", "Ada Groß"} <= set(verdict.audit.disclosures.values())
