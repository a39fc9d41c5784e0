"""Signed lists where a manager looks for them: on the recall's page and among the reports."""

from __future__ import annotations

import re
from html import unescape

import pytest
from web.desk.visiting import Browser

from compliance.web.desk import reports
from givens import Clock


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_a_list_that_was_handed_out_stands_on_both_pages_and_is_fetched_again(
    manager: Browser, inspector: Browser, recall: str
) -> None:
    page = f"/recalls/{recall}"
    assert "Kept so far" not in manager.read(page)
    made = manager.post(f"{page}/file", page=page)
    assert manager.post(f"{page}/file", page=page).data == made.data
    manager.post("/search/file", page="/search", kind="client", ref="C-1")

    for reader in (manager, inspector):
        shown = reader.read(page)
        (href,) = re.findall(r'href="(/recalls/lists/[^"]+)"', shown)
        assert "Kept so far" in shown
        assert reader.get(href).data == made.data
        listed = words(reader.read("/reports"))
        assert "Lists of recalls and searches" in listed
        assert listed.index("What client C-1 met") < listed.index("Recall of sterilizer A1")


def test_the_lists_among_the_reports_are_paged(
    manager: Browser, recall: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Lists of recalls" not in manager.read("/reports")
    for number in range(1, 4):
        manager.post("/search/file", page="/search", kind="pack", ref=f"P-{number}")
        clock.tick(minutes=1)
    monkeypatch.setattr(reports, "_PAGE", 2)
    first = manager.read("/reports")
    (following,) = re.findall(r'href="(/reports\?lists=\d+#lists)"', first)
    rest = words(manager.read(following.partition("#")[0]))
    assert ("Who met pack P-3" in words(first), "Who met pack P-1" in words(first)) == (True, False)
    assert ("Who met pack P-3" in rest, "Who met pack P-1" in rest) == (False, True)
    assert "Who met pack P-3" in words(manager.read("/reports?lists=no-number"))


def test_nobody_else_fetches_a_list(
    manager: Browser, operator: Browser, practitioner: Browser, recall: str
) -> None:
    page = f"/recalls/{recall}"
    manager.post(f"{page}/file", page=page)
    (href,) = re.findall(r'href="(/recalls/lists/[^"]+)"', manager.read(page))
    for reader in (operator, practitioner):
        assert reader.get(href).status_code == 403
        assert "/recalls/lists/" not in reader.read(page)
    unknown = "/recalls/lists/01a12ad5-8a00-7936-bfd4-f8aa04334069"
    assert manager.get(unknown).status_code == 404
