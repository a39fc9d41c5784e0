"""The list of sessions: filters in the address, keyset pages, CSV."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import timedelta

import pytest
from web.desk.visiting import Browser, Filled

from compliance.web.desk import listing
from compliance.web.desk.spreadsheets import harmless
from givens import Clock
from harbour import House, open_one

LIST = "/manager/sessions"


def clients_in(page: str) -> list[str]:
    """The clients of the list, in its order."""
    return re.findall(r'<th scope="row"[^>]*><span><a href="[^"]+">([^<]+)</a>', page)


def test_the_list_shows_everything_newest_first(filled: Filled, manager: Browser) -> None:
    page = manager.read(LIST)

    assert clients_in(page) == [
        "=C-1001",
        "C-1007",
        "C-1006",
        "C-1003",
        "C-1005",
        "C-1002",
        "C-1004",
    ]
    assert "7 sessions" in page


@pytest.mark.parametrize(
    ("query", "clients"),
    [
        ("state=aborted", ["C-1003"]),
        ("state=awaiting_reprocessing", ["C-1004"]),
        ("state=open", ["C-1007", "C-1006", "C-1005"]),
        ("from=2026-11-20", ["=C-1001", "C-1007", "C-1006"]),
        ("to=2026-11-15", ["C-1004"]),
        ("from=2026-11-16&to=2026-11-17", ["C-1003", "C-1005", "C-1002"]),
        ("client=c-1002", ["C-1002"]),
        ("late=yes", []),
    ],
)
def test_a_filter_in_the_address_narrows_the_list(
    filled: Filled, manager: Browser, query: str, clients: list[str]
) -> None:
    assert clients_in(manager.read(f"{LIST}?{query}")) == clients


def test_the_practitioner_can_be_chosen(house: House, filled: Filled, manager: Browser) -> None:
    mine = manager.read(f"{LIST}?practitioner={house.practitioner.user_id}")
    theirs = manager.read(f"{LIST}?practitioner={house.manager.user_id}")

    assert len(clients_in(mine)) == 7
    assert "No session fits" in theirs


def test_an_unknown_client_is_said_to_be_unknown(filled: Filled, manager: Browser) -> None:
    assert "No client has this reference" in manager.read(f"{LIST}?client=C-9999")


def test_a_filter_that_cannot_be_read_is_named_and_left_out(
    filled: Filled, manager: Browser
) -> None:
    page = manager.read(f"{LIST}?from=yesterday&state=sleeping")

    assert "“yesterday” is not a date" in page
    assert "“sleeping” is not a state" in page
    assert len(clients_in(page)) == 7


def test_pages_follow_each_other_without_gap_or_repetition(
    filled: Filled, manager: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 3)
    seen: list[str] = []
    path = f"{LIST}?from=2026-11-01"
    pages = 0
    while path:
        page = manager.read(path)
        seen += clients_in(page)
        pages += 1
        found = re.search(r'rel="next" href="([^"]+)"', page)
        path = html.unescape(found[1]) if found else ""

    assert pages == 3
    assert len(seen) == len(set(seen)) == 7


def test_a_broken_cursor_is_refused_in_words(filled: Filled, manager: Browser) -> None:
    response = manager.get(f"{LIST}?cursor=nonsense!")

    assert response.status_code == 422
    assert "Cursor" in response.text


def test_a_count_beyond_the_cap_says_more_than(
    house: House, clock: Clock, manager: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from compliance.store import session_lists
    from compliance.web.desk import wording

    monkeypatch.setattr(session_lists, "COUNT_CAP", 2)
    monkeypatch.setattr(wording, "COUNT_CAP", 2)
    for number in range(4):
        open_one(house, clock.now, client=f"C-{number}")

    assert "More than" in manager.read(LIST)


def test_the_csv_holds_what_is_filtered(filled: Filled, manager: Browser) -> None:
    response = manager.get(f"{LIST}?state=open&format=csv")

    rows = list(csv.DictReader(io.StringIO(response.text.removeprefix("\ufeff"))))
    assert response.mimetype == "text/csv"
    assert "attachment" in response.headers["Content-Disposition"]
    assert [row["Client"] for row in rows] == ["C-1007", "C-1006", "C-1005"]
    assert rows[0]["Opened"] == "2026-11-20T09:05:00+00:00"
    assert rows[0]["State"] == "In progress"


def test_the_csv_is_read_in_batches(
    filled: Filled, manager: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from compliance.web.desk import spreadsheets

    monkeypatch.setattr(spreadsheets, "_BATCH", 2)

    response = manager.get(f"{LIST}?format=csv")

    assert len(response.text.splitlines()) == 1 + 7


def test_a_reference_that_is_a_formula_stays_a_text(filled: Filled, manager: Browser) -> None:
    response = manager.get(f"{LIST}?state=closed&format=csv")

    rows = list(csv.DictReader(io.StringIO(response.text.removeprefix("\ufeff"))))
    assert rows[0]["Client"] == "'=C-1001"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_every_start_of_a_formula_is_quoted(start: str) -> None:
    assert harmless(f"{start}1") == f"'{start}1"
    assert harmless(f"1{start}") == f"1{start}"


def test_another_format_is_refused(filled: Filled, manager: Browser) -> None:
    assert manager.get(f"{LIST}?format=xlsx").status_code == 422


def test_an_empty_clinic_says_where_sessions_come_from(house: House, manager: Browser) -> None:
    assert "No session yet" in manager.read(LIST)


def test_times_are_those_of_the_clinic(house: House, clock: Clock, manager: Browser) -> None:
    """Dublin is at UTC in winter and an hour ahead in summer."""
    open_one(house, clock.now - timedelta(days=35))

    page = manager.read(LIST)

    assert "16 Oct 2026, 13:00" in page
