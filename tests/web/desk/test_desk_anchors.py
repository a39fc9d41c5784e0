"""The manager is told when nobody outside has seen the log for too long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from outside import Outside
from web.desk.visiting import Browser

from compliance.operations.anchoring.rounds import anchor_due
from compliance.web.context import EXTENSION
from givens import Clock
from harbour import House


@pytest.fixture
def outside(app: Flask, clock: Clock) -> Iterator[Outside]:
    """Two authorities that the app asks."""
    known = app.extensions[EXTENSION]
    made = Outside(clock)
    workshop = replace(known.workshop, anchors=made.plan())
    app.extensions[EXTENSION] = replace(known, workshop=workshop)
    yield made
    app.extensions[EXTENSION] = known


def test_the_managers_page_says_how_long_ago_the_log_was_seen(
    house: House,
    app: Flask,
    clock: Clock,
    outside: Outside,
    visit: Callable[[str], Browser],
) -> None:
    assert "Nobody outside has seen the log yet" in visit("manager").read("/manager")
    anchor_due(app.extensions[EXTENSION].workshop, now=clock())
    page = visit("manager").read("/manager")
    assert "Time-stamped" in page
    assert "by Bay Time" in page

    clock.tick(days=2)
    assert "No time-stamp for a day" in visit("manager").read("/manager")
    outside.silent |= {"https://one", "https://two"}
    clock.tick(days=6)
    anchor_due(app.extensions[EXTENSION].workshop, now=clock())
    page = visit("manager").read("/manager")
    assert "No time-stamp for a week" in page
    assert "https://one (it does not answer: no route)" in page


def test_without_any_authority_the_page_is_quiet(house: House, manager: Browser) -> None:
    assert "ime-stamp" not in manager.read("/manager")
