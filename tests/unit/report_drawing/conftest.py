"""What the tests of drawing share: the fonts that are shipped, and one drawn report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from compliance.report.content.reading import read_content
from compliance.report.making import draw_report
from unit.report_drawing.audit_fixture import ROOT_FINGERPRINT, FixtureAudit, build_audit

REPOSITORY = Path(__file__).resolve().parents[3]

Draw = Callable[[FixtureAudit, Path], int]


@pytest.fixture(scope="session")
def fonts() -> Path:
    return REPOSITORY / "static" / "vendor" / "fonts"


@pytest.fixture(scope="session")
def draw(fonts: Path) -> Draw:
    """Draw an audit into a file and return how many pages it has."""

    def draw_audit(audit: FixtureAudit, output: Path) -> int:
        drawn = draw_report(
            audit,
            content=read_content(audit),
            fonts=fonts,
            audit_json=audit.canonical,
            root_fingerprint=ROOT_FINGERPRINT,
            checkpoint_note=audit.checkpoint_note,
            output=output,
        )
        return drawn.pages

    return draw_audit


@pytest.fixture(scope="session")
def audit() -> FixtureAudit:
    return build_audit()


@pytest.fixture(scope="session")
def report(audit: FixtureAudit, draw: Draw, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one report that many tests read and none changes."""
    path = tmp_path_factory.mktemp("report") / "report.pdf"
    draw(audit, path)
    return path
