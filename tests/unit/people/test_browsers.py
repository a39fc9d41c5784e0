"""Browsers are named as people know them."""

from __future__ import annotations

import pytest

from compliance.web.browsers import name_browser


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (
            (
                "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15"
                " (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
            ),
            "Safari on an iPad",
        ),
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
                " Chrome/126.0 Safari/537.36 Edg/126.0"
            ),
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "Firefox on Linux",
        ),
        ("appointment book 3", "appointment book 3"),
        ("", "Unnamed browser"),
    ],
)
def test_a_browser_is_named_as_people_know_it(sent: str, shown: str) -> None:
    assert name_browser(sent) == shown
