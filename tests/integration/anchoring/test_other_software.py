"""Other software agrees with ours on every sort of signed file: pdfsig, and openssl on each value."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from outside import Outside
from pyhanko.pdf_utils.reader import PdfFileReader

from compliance.domain.access import Actor, Auth, Role
from compliance.keys.storage import export_root_pem, load_clinic_keys
from compliance.operations.anchoring.plan import AnchorPlan
from compliance.operations.reporting.exporting import ExportReport, export_report
from compliance.operations.reporting.seal import stamps_of
from compliance.operations.reporting.single import (
    CLIENT_COPY,
    INSPECTION,
    ExportSession,
    export_session,
)
from compliance.operations.reporting.traced_quotes import read_size
from compliance.operations.reporting.tracing import ExportTrace, export_trace
from compliance.operations.reporting.workshop import Workshop
from compliance.report.lasting import add_archive_stamp
from compliance.report.trace import TraceList
from compliance.report.verifying.byte_ranges import strip_padding
from compliance.store.session import Database
from givens import NOON, Clock
from harbour import House, build_house, closed_session


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path) -> House:
    return build_house(sqlite_database, tmp_path, now=NOON)


def make_files(
    workshop: Workshop, house: House, folder: Path, clock: Clock
) -> Iterator[tuple[Path, int]]:
    """Each sort of signed file, and how many signatures it has."""
    actor = Actor(
        user_id=house.manager.user_id,
        clinic_id=house.clinic_id,
        roles=frozenset({Role.MANAGER}),
        auth=Auth.PASSWORD,
    )
    session, day = closed_session(house, NOON), NOON.date()
    alone = replace(workshop, anchors=AnchorPlan())
    for name, shop in (("plain", alone), ("stamped", workshop), ("lasting", workshop)):
        path = folder / f"{name}.pdf"
        command = ExportReport(first=day, last=day, output=path, countersign=name == "plain")
        export_report(shop, command, actor=actor, now=clock())
        yield path, 1
    for purpose in (INSPECTION, CLIENT_COPY):
        path = folder / f"{purpose}.pdf"
        wanted = ExportSession(session_id=session, purpose=purpose, output=path)
        export_session(workshop, wanted, actor=actor, now=clock())
        yield path, 1
    with house.database.reading() as tx:
        size = read_size(tx, actor)
    listed = TraceList(
        title="Sessions", explained="", columns=(("Session", 1.0),), rows=(("one",),), empty=""
    )
    traced = ExportTrace(
        title="Who met it",
        sentences=("One session met it.",),
        lists=(listed,),
        size=size,
        sessions=(session,),
        people=frozenset(),
        about=("lot", "L1"),
    )
    kept = export_trace(workshop, traced, actor=actor, now=clock()).path
    yield kept.rename(folder / "listed.pdf"), 1
    keys = load_clinic_keys(house.keys_folder, house.clinic_id)
    for number in (1, 2):
        now = clock.tick(hours=2)
        stamps = stamps_of(workshop, keys, workshop.anchors.authorities[0], now=now)
        add_archive_stamp(folder / "lasting.pdf", stamps, now=now)
        yield folder / "lasting.pdf", 1 + number


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


def ask_openssl(folder: Path, path: Path) -> None:
    """Check each value of the file over the bytes that it signs."""
    data = path.read_bytes()
    at = ["-attime", str(int((NOON + timedelta(hours=5)).timestamp()))]
    for signature in PdfFileReader(io.BytesIO(data)).embedded_signatures:
        a, b, c, d = (int(one) for one in signature.byte_range)
        (folder / "data").write_bytes(data[a : a + b] + data[c : c + d])
        (folder / "value").write_bytes(strip_padding(signature.pkcs7_content))
        if signature.sig_object_type == "/DocTimeStamp":
            asked = ["ts", "-verify", "-token_in", "-in", "value", "-data", "data"]
            run(folder, "openssl", *asked, "-CAfile", "tsa.pem", *at)
            continue
        form = ["-binary", "-inform", "DER", "-purpose", "any", "-cades", "-out", "ignored"]
        asked = ["cms", "-verify", "-in", "value", "-content", "data", "-CAfile", "root.pem"]
        run(folder, "openssl", *asked, *form, *at)


def test_other_software_agrees_on_every_sort_of_file(
    workshop: Workshop, house: House, clock: Clock, outside: Outside, tmp_path: Path
) -> None:
    folder = tmp_path / "table"
    folder.mkdir()
    (folder / "root.pem").write_bytes(export_root_pem(house.keys_folder))
    (folder / "tsa.pem").write_bytes(outside.first.root.public_bytes(Encoding.PEM))
    run(folder, "certutil", "-N", "-d", "sql:.", "--empty-password")
    for name in ("root", "tsa"):
        run(
            folder, "certutil", "-A", "-d", "sql:.", "-n", name, "-t", "CT,C,C", "-i", f"{name}.pem"
        )
    for path, signatures in make_files(workshop, house, folder, clock):
        said = run(folder, "pdfsig", "-nssdir", ".", path.name)
        # It judges seals; of time-stamps over a file it says where they are, and openssl the rest.
        assert said.count("Signature is Valid") == 1, (path.name, said)
        assert said.count("Signature Validation:") == signatures, (path.name, said)
        # The last one covers all of it, and no earlier one can.
        assert said.count("Total document signed") == 1, (path.name, said)
        ask_openssl(folder, path)
