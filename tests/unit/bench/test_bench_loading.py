"""What the benchmarks load is a log like any other: the audit accepts it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bench.clinic import SHORT, START, WHOLE, made_clinic
from bench.close import closing, storing
from bench.loading import MINUTE, load_sessions, record_exemplar
from bench.measuring import Figure
from compliance.operations.auditing.audit import audit_clinic


@pytest.mark.parametrize("template", [SHORT, WHOLE])
def test_the_audit_accepts_loaded_closed_sessions(tmp_path: Path, template: str) -> None:
    with made_clinic(tmp_path / "clinic") as clinic:
        exemplar = record_exemplar(clinic, template, closed=True, now=START + MINUTE)
        made = load_sessions(clinic, 25, exemplar, first=START + 3 * MINUTE)

        result = audit_clinic(clinic.database, clinic.clinic_id)

    assert result.problems == ()
    assert len(set(made)) == 25


def test_loaded_treated_sessions_can_be_closed(tmp_path: Path) -> None:
    with made_clinic(tmp_path / "clinic") as clinic:
        exemplar = record_exemplar(clinic, WHOLE, closed=False, now=START + MINUTE)
        first, second, *_ = load_sessions(clinic, 5, exemplar, first=START + 3 * MINUTE)
        closing(clinic, first)()
        storing(clinic, second)()

        result = audit_clinic(clinic.database, clinic.clinic_id)

    assert result.problems == ()


def test_loading_twice_continues_the_same_log(tmp_path: Path) -> None:
    with made_clinic(tmp_path / "clinic") as clinic:
        for day in (0, 2):
            now = START + timedelta(days=day)
            exemplar = record_exemplar(clinic, SHORT, closed=True, now=now + MINUTE)
            load_sessions(clinic, 5, exemplar, first=now + 3 * MINUTE)

        result = audit_clinic(clinic.database, clinic.clinic_id)

    assert result.problems == ()


@pytest.mark.parametrize(
    ("ratio", "least", "most", "met"),
    [
        (0.4, 0.35, None, True),
        (0.3, 0.35, None, False),
        (4.0, None, 4, True),
        (1.0, None, None, None),
    ],
)
def test_a_figure_says_whether_its_target_was_met(
    ratio: float, least: float | None, most: float | None, met: bool | None
) -> None:
    figure = Figure(what="it", measured="1", floor="1", ratio=ratio, at_least=least, at_most=most)

    assert figure.met is met
