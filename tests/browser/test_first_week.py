"""A clinic starts for real: from an empty folder to its first week, backed up and restored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from browser import first_week
from browser.conftest import LANDSCAPE, PORTRAIT, WAIT, Picture
from browser.desking import find_grave_faults, sticks_out
from browser.first_week import WIDE, Week
from browser.installation import Server, command, must, start_server
from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server on a folder that is empty."""
    started = start_server(tmp_path / "data")
    yield started
    assert started.stop() == 0


@pytest.fixture
def week(
    server: Server,
    chromium: Browser,
    picture: Picture,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Week]:
    opened: list[BrowserContext] = []
    seen: set[str] = set()

    def open_context(*, size: tuple[int, int]) -> BrowserContext:
        context = chromium.new_context(
            base_url=server.url,
            viewport={"width": size[0], "height": size[1]},
            reduced_motion="reduce",
            accept_downloads=True,
        )
        context.set_default_timeout(WAIT)
        opened.append(context)
        return context

    def look(page: Page, name: str) -> None:
        """Each screen once, in both themes: nothing sticks out, nobody is kept out."""
        if name in seen:
            return
        seen.add(name)
        size = page.viewport_size
        width = WIDE[0] if size is None else size["width"]
        for theme in ("dark", "light"):
            page.emulate_media(color_scheme=theme)
            assert find_grave_faults(page) == [], (name, theme)
            picture(page, f"{name}-{width}-{theme}")
        assert not sticks_out(page), name
        if width == WIDE[0]:
            fit(page, name)

    def fit(page: Page, name: str) -> None:
        """A manager walks about with the tablet too."""
        for narrow in (LANDSCAPE, PORTRAIT):
            page.set_viewport_size({"width": narrow[0], "height": narrow[1]})
            assert not sticks_out(page), (name, narrow)
        page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})

    yield Week(open_context=open_context, look=look, fit=fit, folder=tmp_path)
    for context in opened:
        context.close()


def test_a_clinic_starts_from_an_empty_folder(week: Week, tmp_path: Path) -> None:
    data = tmp_path / "data"
    root = first_week.found_clinic(week)
    manager = week.sign_in("mary", WIDE)
    ana = first_week.invite_and_join(week, manager, "ana", "Ana Kelly")
    ben = first_week.invite_and_join(week, manager, "ben", "Ben Ryan")
    first_week.add_pen(week, manager, "PEN-1", "Pen one")
    first_week.add_pen(week, manager, "PEN-2", "Pen two")
    first_week.import_things(week, manager)
    first_week.publish_checklist(week, manager)
    session = first_week.treat(week, ana)
    copy = first_week.hand_out_copy(week, ana)
    first_week.take_over(week, ana, ben)
    first_week.set_device_right(week, manager, session)
    first_week.look_around(week, manager)
    accept(tmp_path, copy, root)
    bring_back(data, tmp_path)


PHRASE: Final = "twelve letters or more\n"


def accept(folder: Path, file: Path, root: Path) -> None:
    """An inspector's own machine, which knows nothing but the root that was downloaded."""
    elsewhere = folder / "inspector"
    elsewhere.mkdir(exist_ok=True)
    judged = json.loads(must(elsewhere, "verify", file, "--trust", root, "--json"))
    assert [each["source"] for each in judged["trust"]] == [str(root)]
    assert judged["clinic"] == "Harbour Skin"
    changed = folder / "changed.pdf"
    changed.write_bytes(file.read_bytes().replace(b"endobj", b"endobk", 1))
    assert command(elsewhere, "verify", changed, "--trust", root).returncode == 1


def bring_back(data: Path, folder: Path) -> None:
    """Backed up while in use, restored in another folder: its log says that it is another."""
    there = folder / "there"
    there.mkdir()
    must(data, "backup", "--new-key", folder / "safe.key")
    must(data, "backup", folder / "records.age", "--recipient", folder / "safe.key.pub")
    must(data, "backup", "--keys", folder / "keys.age", "--passphrase-stdin", stdin=PHRASE)
    must(there, "restore", folder / "keys.age", "--keys", "--passphrase-stdin", stdin=PHRASE)
    opener = ("--identity", folder / "safe.key")
    assert "incarnation 2" in must(there, "restore", folder / "records.age", *opener, "--yes")
    assert "everything holds" in must(there, "ledger", "verify")
    told = json.loads(command(there, "doctor", "--json").stdout)["findings"]
    assert "incarnation 2" in next(each["what"] for each in told if each["code"] == "log_restored")
