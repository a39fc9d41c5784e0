"""The guides: pictures exist, links lead somewhere, and every guide is linked from the README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from compliance.app import create_app
from compliance.settings import Settings
from compliance.web.why import WHY
from givens import ROOT

GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
BROWSER = "".join(
    path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "browser").glob("*.py")
)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#]+)\)")
SIZE_AND_THEME = re.compile(r"-(1440|1024|768)-(light|dark)$")


def test_there_is_a_guide_for_every_role() -> None:
    assert {guide.stem for guide in GUIDES} == {
        "practitioner",
        "operator",
        "manager",
        "inspector",
    }


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_a_guide_is_linked_from_the_readme_and_leads_nowhere_wrong(guide: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    text = guide.read_text(encoding="utf-8")

    assert f"docs/guides/{guide.name}" in readme
    missing = [link for link in LINK.findall(text) if not (guide.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_every_picture_of_a_guide_is_made_by_a_test(guide: Path) -> None:
    pictures = [
        Path(link).stem
        for link in LINK.findall(guide.read_text(encoding="utf-8"))
        if link.endswith(".png")
    ]

    assert pictures
    names = [SIZE_AND_THEME.sub("", name).removeprefix("verify-") for name in pictures]
    assert [name for name in names if f'"{name}"' not in BROWSER] == []


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return create_app(Settings.from_environ({"COMPLIANCE_DATA_DIR": str(tmp_path)}))


def test_no_template_hides_the_why_of_its_page() -> None:
    """A macro of that name would stand in place of the sentences."""
    hiding = [
        path.name
        for path in (ROOT / "templates").rglob("*.html")
        if re.search(r"import [^%]*\bwhy\b|macro why\(|set why\b", path.read_text(encoding="utf-8"))
    ]

    assert hiding == []


def test_every_why_belongs_to_a_page_and_has_two_sentences(app: Flask) -> None:
    assert set(WHY) <= set(app.view_functions)
    for endpoint, why in WHY.items():
        assert len(re.findall(r"[.?]( |$)", why)) == 2, endpoint
