"""The sterilization room in a browser: from the first scan to the client on the recall's list."""

from __future__ import annotations

import io
import itertools
import subprocess
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

import pytest
import segno
from browser.conftest import (
    ARGUMENTS,
    CHROMIUM,
    LANDSCAPE,
    PASSWORD,
    PORTRAIT,
    OpenContext,
    Picture,
    Site,
    now_to_the_millisecond,
    sign_in,
)
from browser.desking import find_grave_faults, sticks_out
from PIL import Image
from playwright.sync_api import Page, Playwright, expect

from compliance.domain.access import Role
from compliance.domain.sterilization.judging import ChemicalIndicator, Program
from compliance.domain.sterilization.words import CycleKind, Growth, SterilizerType
from compliance.operations.auditing import audit_clinic
from compliance.operations.sterilization.cycles import RecordCycle, record_cycle
from compliance.operations.sterilization.ending import ReadOut, read_out
from compliance.operations.sterilization.loading import scan_in, start_load, write_in
from compliance.operations.sterilization.machines import AddSterilizer, add_sterilizer
from compliance.operations.sterilization.packing import release_load
from compliance.operations.sterilization.spores import RecordSporeTest, record_spore_test
from compliance.store.session import Tx
from givens import ROOT
from harbour import House, answer_before, closed_session, open_one, released_pack, step

pytestmark = pytest.mark.browser

HOME: Final = "/sterilization"
PROGRAM: Final = Program(
    name="134 °C wrapped", hold_decicelsius=1340, upper_decicelsius=1370, hold_seconds=210
)
SHOWN_IN_ALL: Final = frozenset({"sterilization-board", "sterilization-load"})
"""Of the other screens one picture is kept; all are looked at in both themes and sizes."""

THEMES: Final = ("light", "dark")


Result = TypeVar("Result")


TOO_SMALL: Final = """() => [...document.querySelectorAll('main button, main a.button, main summary, main select, main input:not([type=hidden]):not([type=radio]):not([type=checkbox])')]
  .filter((each) => each.checkVisibility({ visibilityProperty: true }))
  .filter((each) => each.getBoundingClientRect().height < 47.5 && !each.classList.contains('hidden-text'))
  .map((each) => each.outerHTML.slice(0, 120))"""


def do(house: House, work: Callable[[Tx], Result]) -> Result:
    with house.database.writing() as tx:
        return work(tx)


@pytest.fixture
def sterilizer(site: Site) -> str:
    """An autoclave that stands in the room for a while; returns its id."""
    command = AddSterilizer(
        code="Autoclave-1",
        name="Class B, 18 l",
        type=SterilizerType.B,
        serial="SN-4711",
        programs=(PROGRAM,),
        installed_on=date(2025, 3, 1),
    )
    house, now = site.house, now_to_the_millisecond()
    return do(
        house, lambda tx: add_sterilizer(tx, command, actor=house.manager, now=now).sterilizer_id
    )


def scan(page: Page, code: str) -> None:
    """A hand scanner types the code and presses Enter."""
    field = page.locator("#scan")
    field.fill(code)
    with page.expect_navigation():
        field.press("Enter")


def fill_readings(page: Page) -> None:
    page.get_by_label("Lowest temperature").fill("134.8")
    page.get_by_label("Highest temperature").fill("135.6")
    page.get_by_label("Hold time").fill("3:40")
    page.get_by_label("Type 5, integrator").check()
    page.get_by_label("Changed completely").check()


def draw(pdf: bytes, folder: Path) -> Path:
    """The first page of a PDF as a printer would put it on paper, 200 dots to the inch."""
    source = folder / "labels.pdf"
    source.write_bytes(pdf)
    target = folder / "label"
    subprocess.run(
        ["pdftoppm", "-r", "200", "-png", "-singlefile", str(source), str(target)], check=True
    )
    return target.with_suffix(".png")


def photograph(page: Page, field: str, picture: Path) -> None:
    """Press the camera's button and hand over a picture, as a tablet without a live camera does."""
    page.locator(f"[data-camera='{field}']").click()
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Take or choose a picture").click()
    chosen.value.set_files(picture)


def test_from_the_first_scan_to_the_client_on_the_recalls_list(
    site: Site, sterilizer: str, open_context: OpenContext, picture: Picture, tmp_path: Path
) -> None:
    room = sign_in(open_context().new_page(), Role.OPERATOR)
    room.goto(HOME)
    scan(room, "ROLLER-1")
    expect(room.locator("main")).to_contain_text("1 thing inside")
    scan(room, "ROLLER-1")
    expect(room.locator("#scan-error")).to_contain_text("is in this load already")
    scan(room, "Autoclave-1")
    room.get_by_role("button", name="Start in Autoclave-1").click()
    expect(room.get_by_role("heading", level=1)).to_have_text("Autoclave-1 runs")
    room.get_by_label("Cycle number").fill("1041")
    fill_readings(room)
    room.get_by_role("button", name="Save and judge").click()
    room.get_by_role("link", name="Release the load").click()
    room.get_by_label("Your password").fill(PASSWORD)
    room.get_by_role("button", name="Sign and release").click()
    expect(room.locator("#flashes")).to_contain_text("1 pack is ready.")
    cycle = room.url

    with room.expect_popup() as opened:
        room.get_by_role("button", name="Label printer").click()
    label = draw(room.request.get(opened.value.url).body(), tmp_path)

    tablet = sign_in(open_context().new_page(), Role.PRACTITIONER)
    now = now_to_the_millisecond()
    session = open_one(site.house, now, device="ROLLER-1", client="C-3001")
    tablet.goto(f"/sessions/{session}")
    photograph(tablet, "item-device_sterilized_before-roller-pack-ref", label)
    card = tablet.locator("#item-device_sterilized_before .proof")
    expect(card).to_contain_text("Released, in date")
    expect(card).to_contain_text("Cycle 1041, Autoclave-1")
    card.scroll_into_view_if_needed()
    picture(tablet, "tablet-scanned")
    code = card.locator(".proof-title").inner_text().removeprefix("Pack ")
    answer_before(site.house, session, now_to_the_millisecond(), device="ROLLER-1", pack=code)
    step(site.house, "start", session, now_to_the_millisecond())

    room.goto(f"{cycle}/spore-test")
    room.get_by_label("Lot of the spore test").fill("BI-77")
    room.get_by_label("Use by").fill("2031-01-31")
    room.get_by_label("Lot of the control").fill("BI-77")
    room.get_by_role("button", name="Into the incubator").click()
    room.get_by_role("link", name="Read result").click()
    for group in ("The test from the load", "The control, which was not sterilized"):
        room.get_by_role("group", name=group).get_by_label("Growth", exact=True).check()
    room.get_by_role("button", name="Save the result").click()
    expect(room.get_by_role("region", name="Verdict")).to_contain_text("Autoclave-1 is suspended")
    recall = room.get_by_role("link", name="Open the recall")
    address = recall.get_attribute("href") or ""
    recall.click()
    expect(room.locator("main")).to_contain_text(code)
    desk = sign_in(open_context().new_page(), Role.MANAGER)
    desk.goto(address)
    expect(desk.locator("main")).to_contain_text("C-3001")
    house = site.house
    assert audit_clinic(house.database, house.clinic_id).problems == ()


def test_a_picture_without_a_code_says_so_and_a_gs1_code_is_read(
    site: Site, open_context: OpenContext, picture: Picture, tmp_path: Path
) -> None:
    page = sign_in(open_context().new_page(), Role.PRACTITIONER)
    session = open_one(site.house, now_to_the_millisecond(), device="TIP-1")
    page.goto(f"/sessions/{session}")
    field = "item-device_sterilized_before-tip-lot-ref"
    blank = tmp_path / "blank.png"
    page.screenshot(path=blank)

    photograph(page, field, blank)
    expect(page.locator("[data-camera-words]")).to_contain_text("No code was found")
    picture(page, "tablet-camera")
    page.get_by_role("button", name="Close").click()
    photograph(page, field, ROOT / "tests" / "data" / "scanning" / "gs1_datamatrix.png")

    card = page.locator("#item-device_sterilized_before .proof")
    expect(card).to_contain_text("Lot L1")
    expect(card).to_contain_text("Serial S7")


def film(text: str, target: Path) -> Path:
    """A camera's film in which somebody holds a QR code still."""
    code = io.BytesIO()
    segno.make(text, error="m", micro=False).save(code, kind="png", scale=8, border=4)
    frame = Image.new("RGB", (640, 480), "#888888")
    frame.paste(Image.open(code).convert("RGB"), (180, 100))
    still = io.BytesIO()
    frame.save(still, "JPEG", quality=92)
    target.write_bytes(still.getvalue() * 20)
    return target


def test_a_live_camera_takes_a_device_into_the_load(
    site: Site, playwright: Playwright, tmp_path: Path
) -> None:
    live = film("ROLLER-1", tmp_path / "camera.mjpeg")
    browser = playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=[
            *ARGUMENTS,
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={live}",
        ],
    )
    try:
        page = sign_in(browser.new_page(base_url=site.url), Role.OPERATOR)
        page.goto(HOME)
        page.locator("[data-camera='scan']").click()
        expect(page.locator("#flashes")).to_contain_text("Roller 1 is in the load.", timeout=15_000)
    finally:
        browser.close()


@pytest.fixture
def screens(site: Site, sterilizer: str) -> dict[str, str]:
    """The room in the middle of its day: every screen with something on it, by name."""
    house, now = site.house, now_to_the_millisecond()
    released_pack(house, "P-1", "ROLLER-1", now - timedelta(days=3))
    closed_session(house, now - timedelta(hours=5), client="C-2004", device="ROLLER-1")
    begun = now - timedelta(hours=4)
    do(
        house,
        lambda tx: record_cycle(tx, _day_test(sterilizer, begun), actor=house.operator, now=begun),
    )
    good, failed = (
        _load(house, sterilizer, now - timedelta(hours=hours), number, lowest)
        for hours, number, lowest in ((3, "1042", 1346), (2, "1043", 1331))
    )
    do(
        house,
        lambda tx: release_load(
            tx, good, expires_on=None, grant=None, actor=house.operator, now=now
        ),
    )
    test = do(
        house,
        lambda tx: record_spore_test(tx, _spores(good), actor=house.operator, now=now).test_id,
    )
    waiting = _load(house, sterilizer, now - timedelta(hours=1), "1044", 1349)

    def build(tx: Tx) -> str:
        scan_in(tx, "Autoclave-1", actor=house.operator, now=now)
        scan_in(tx, "ROLLER-1", actor=house.operator, now=now)
        load = start_load(tx, actor=house.operator, now=now - timedelta(minutes=12))
        write_in(tx, "Tweezers and bowl", actor=house.operator, now=now)
        scan_in(tx, "Autoclave-1", actor=house.operator, now=now)
        return load.load_id

    load = do(house, build)
    return {
        "sterilization-board": HOME,
        "sterilization-load": f"{HOME}/load",
        "sterilization-reading": f"{HOME}/loads/{load}",
        "sterilization-failed": f"{HOME}/cycles/{failed}",
        "sterilization-released": f"{HOME}/cycles/{good}",
        "sterilization-waiting": f"{HOME}/cycles/{waiting}",
        "sterilization-release": f"{HOME}/cycles/{waiting}/release",
        "sterilization-day-test": f"{HOME}/sterilizers/{sterilizer}/day-test",
        "sterilization-spore-start": f"{HOME}/cycles/{good}/spore-test",
        "sterilization-spore-test": f"{HOME}/spore-tests/{test}",
        "sterilization-packs": f"{HOME}/packs",
    }


def _day_test(sterilizer: str, begun: datetime) -> RecordCycle:
    return RecordCycle(
        sterilizer=sterilizer,
        number="1041",
        program=PROGRAM.name,
        run_at=begun,
        kind=CycleKind.DAY_TEST,
        lowest_decicelsius=1345,
        hold_seconds=214,
        indicators=(ChemicalIndicator(type=2, changed=True, lot="BD-2"),),
    )


def _spores(cycle: str) -> RecordSporeTest:
    return RecordSporeTest(
        cycle_id=cycle,
        lot="BI-77",
        expires_on=date(2031, 1, 31),
        result=Growth.PENDING,
        control=None,
        control_lot="BI-77",
    )


def _load(house: House, sterilizer: str, began: datetime, number: str, lowest: int) -> str:
    """A load of two sets, started and read out; returns its cycle."""
    operator = house.operator
    values = ReadOut(
        number=number,
        lowest_decicelsius=lowest,
        highest_decicelsius=1358,
        hold_seconds=221,
        lowest_centibar=312,
        ended_at=began + timedelta(minutes=28),
        machine_failed=False,
        indicators=(ChemicalIndicator(type=5, changed=True, lot="CI-12"),),
    )

    def work(tx: Tx) -> str:
        scan_in(tx, sterilizer, actor=operator, now=began)
        for text in ("Comedone extractors", "Scissors and forceps"):
            write_in(tx, text, actor=operator, now=began)
        load = start_load(tx, actor=operator, now=began)
        now = now_to_the_millisecond()
        return read_out(tx, load.load_id, values, actor=operator, now=now).cycle_id

    return do(house, work)


def test_every_screen_of_the_room_fits_the_tablet_and_everybody(
    open_context: OpenContext, screens: dict[str, str], picture: Picture
) -> None:
    """No sideways scrolling, nothing too small for a glove, and nothing axe calls serious."""
    wrong: dict[str, object] = {}
    for size, theme in itertools.product((LANDSCAPE, PORTRAIT), THEMES):
        context = open_context(size=size, bypass_csp=True, color_scheme=theme)
        page = sign_in(context.new_page(), Role.OPERATOR)
        for name, path in screens.items():
            answered = page.goto(path)
            assert answered is not None
            assert answered.status == 200, path
            if (size, theme) == (LANDSCAPE, "light") or name in SHOWN_IN_ALL:
                picture(page, f"{name}-{size[0]}-{theme}")
            # What axe looks for depends on the theme and not on the way the tablet is held.
            found = find_grave_faults(page) if size == LANDSCAPE else []
            if sticks_out(page) or page.evaluate(TOO_SMALL) or found:
                wrong[f"{name} {size[0]} {theme}"] = (page.evaluate(TOO_SMALL), found)

    assert wrong == {}
