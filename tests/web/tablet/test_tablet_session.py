"""A session on the tablet without scripts, from the first choice to the closed record."""

from __future__ import annotations

from web.tablet.browsing import Tablet, words_of


def test_a_whole_session_works_without_scripts(tablet: Tablet) -> None:
    session_id = tablet.closed_session()

    page = tablet.get(f"/sessions/{session_id}/closed")
    assert page.status_code == 200
    assert "Next client" in words_of(page)
    assert "in the log of Harbour Skin Clinic" in words_of(page)
